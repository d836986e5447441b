"""A folder that a trainer wrote: steps are not compared, so progress is not mistaken for a gain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rollouts import point_of, printed, written

STEPS, PROMPTS, SIZE = 6, 40, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Proxy and quality both rise from step to step and have nothing in common within one.

    Exactly nothing: every prompt has a twin with the same scores and the opposite quality.
    """
    rng = np.random.default_rng(0)
    completions = tmp_path_factory.mktemp("run") / "completions"
    completions.mkdir()
    rows = PROMPTS * SIZE
    for step in range(STEPS):
        scores, quality = rng.normal(size=(2, rows // 2))
        columns: dict[str, Any] = {
            "prompt": np.repeat([f"question {i}" for i in range(PROMPTS)], SIZE),
            "completion": [f"answer {step}.{i}" for i in range(rows)],
            "my_rm": step + np.tile(scores, 2),
            "human": step + np.concatenate([quality, -quality]),
        }
        written(columns, completions / f"completions_{step:05d}.parquet")
    return completions


def audited(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    return printed(folder, "--proxy", "my_rm", "--gold", "human", *options)


@pytest.mark.parametrize(
    ("options", "steps"), [((), 1), (("--window", "3"), 3), (("--by", "step"), STEPS)]
)
def test_no_gain_is_reported_within_steps(
    folder: Path, options: tuple[str, ...], steps: int
) -> None:
    code, document = audited(folder, *options)
    assert code == 0
    assert (document["rows"], document["prompts"]) == (steps * PROMPTS * SIZE, PROMPTS)
    assert document["groups"] == steps * PROMPTS
    assert len(document["notes"]["steps_read"]) == steps
    proxy = document["proxies"][0]
    for curve, point in zip(proxy["curves"], proxy["operating_points"], strict=True):
        assert curve["gain"] == pytest.approx(np.zeros(len(curve["gain"])), abs=1e-12)
        assert (point["decision"], point["gain"]) == ("undecided", 0)
        assert "do not push" in point["sentence"]


def test_pooling_reports_the_invented_gain_only_with_its_stop_finding(folder: Path) -> None:
    code, document = audited(folder, "--pool-groups", "--pressure", "best_of_n")
    assert code == 1
    assert document["candidates"]["max"] == STEPS * SIZE
    point = point_of(document, "best_of_n")
    assert point["gain_lower"] > 1  # what the steps gained, none of it by choosing
    (stop,) = [one for one in document["findings"] if one["severity"] == "stop"]
    assert stop["code"] == "OV111"
    assert stop["data"]["pooled"] == [str(step) for step in range(STEPS)]
    assert audited(folder, "--pool-groups", "--pressure", "best_of_n", "--fail-on", "never")[0] == 0
