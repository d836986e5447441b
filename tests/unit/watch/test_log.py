"""Logs become batches: order, groups, roles, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from overopt.errors import BadOption, BadSamples
from overopt.watch.log import LogColumns, read_log


def test_rows_go_to_their_run_step_and_prompt() -> None:
    log = {
        "run": ["b", "a", "b", "a", "b"],
        "step": [2, 1, 1, 1, 1],
        "prompt_id": ["p", "q", "r", "q", "p"],
        "proxy": [5.0, 1.0, 2.0, float("nan"), 4.0],
        "gold": [None, 1.0, 0.0, None, 1.0],
        "kl": [0.1, 0.2, 0.3, 0.4, 0.5],
        "length": [1, 2, 3, 4, 5],
    }
    runs = read_log(log)
    assert list(runs) == ["b", "a"]
    first, second = runs["b"]
    assert (first.step, second.step) == (1, 2)
    assert first.prompt_ids == ("r", "p")
    assert first.group.tolist() == [0, 1]
    assert first.proxy.tolist() == [2.0, 4.0]
    assert first.gold is not None
    assert first.gold.tolist() == [0.0, 1.0]
    assert first.components["length"].tolist() == [3.0, 5.0]
    (only,) = runs["a"]
    assert only.group.tolist() == [0, 0]
    assert only.finite.tolist() == [True, False]
    assert only.key == "log:0"


def test_json_lines_with_not_a_number(tmp_path: Path) -> None:
    path = tmp_path / "old_run.jsonl"
    path.write_text('{"step": 1, "reward": NaN}\n{"step": 1, "reward": 2, "extra": "x"}\n')
    ((name, (batch,)),) = read_log(path).items()
    assert name == "old_run"
    assert np.isnan(batch.proxy[0])
    assert batch.group.tolist() == [0, 1]  # without a prompt, each row is its own


def test_one_row_for_each_step(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": s, "reward": s / 9}) + "\n" for s in range(9)))
    (batches,) = read_log(path).values()
    assert [batch.rows for batch in batches] == [1] * 9


@pytest.mark.parametrize(
    ("log", "columns", "what"),
    [
        ({"proxy": [1.0]}, LogColumns(), "no step column"),
        ({"step": [1], "text": ["a"]}, LogColumns(), "no score-like column"),
        ({"step": [1], "reward_a": [1.0], "reward_b": [1.0]}, LogColumns(), "2 score-like"),
        ({"step": [1, None], "proxy": [1.0, 2.0]}, LogColumns(), "1 rows have no finite 'step'"),
        ({"step": [], "proxy": []}, LogColumns(), "no rows"),
        ({"step": [1], "proxy": ["high"]}, LogColumns(), "must hold numbers"),
    ],
)
def test_logs_that_cannot_be_read(
    log: dict[str, list[object]], columns: LogColumns, what: str
) -> None:
    with pytest.raises(BadSamples, match=what):
        read_log(log, columns)


@pytest.mark.parametrize("role", ["proxy", "gold", "step", "prompt", "run", "kl"])
def test_a_named_column_must_be_there(role: str) -> None:
    with pytest.raises(BadOption, match="'nope' is not a column"):
        read_log({"step": [1], "proxy": [1.0]}, LogColumns(**{role: "nope"}))
