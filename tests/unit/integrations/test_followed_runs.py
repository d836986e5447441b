"""Runs watched through their files: the verdicts of a replay, exactly resumed, each change told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from overopt.errors import BadSamples
from overopt.integrations.followed_runs import FollowedRuns
from overopt.integrations.row_files import RowFiles
from overopt.watch.chances import LabelBudget
from overopt.watch.log import read_log
from overopt.watch.monitor import Monitor
from overopt.watch.options import WatchOptions
from overopt.watch.replaying import replayed

EVERY_LABEL = WatchOptions(budget=LabelBudget(label_rate=1.0))


def lines(steps: int, turn: int) -> Iterator[str]:
    """A run in which from a step on the highest score is the worst sample."""
    rng = np.random.default_rng(5)
    for step in range(steps):
        for prompt in range(2):
            proxy = rng.normal(size=8)
            good = proxy + rng.normal(size=8) > 0
            if step >= turn:
                good = proxy < 0
            for value, gold in zip(proxy, good, strict=True):
                yield (
                    json.dumps(
                        {
                            "step": step,
                            "prompt_id": f"p{step}.{prompt}",
                            "proxy": float(value),
                            "gold": int(gold),
                        }
                    )
                    + "\n"
                )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "exp7.jsonl"
    path.write_text("".join(lines(120, 30)), encoding="utf-8")
    return path


def test_a_restart_at_any_moment_ends_as_a_replay(log: Path, tmp_path: Path) -> None:
    monitor = Monitor(EVERY_LABEL)
    (batches,) = read_log(log).values()
    expected = monitor.text(replayed(monitor, batches))
    grown = tmp_path / "exp7.jsonl"
    whole = log.read_bytes()
    runs = FollowedRuns(RowFiles(grown), monitor)
    told = []
    for cut in np.sort(np.random.default_rng(1).integers(0, len(whole), 12)):
        grown.write_bytes(whole[:cut])
        told += runs.take()
        runs = FollowedRuns(RowFiles(grown), Monitor(EVERY_LABEL), saved=runs.text)
    grown.write_bytes(whole)
    told += runs.take(quiet=True)
    assert monitor.text(runs.states["exp7"]) == expected
    reds = [change for change in told if change.state == "red"]
    assert reds
    assert len({change.name for change in reds}) == len(reds)  # each is told once
    assert all(change.step >= 30 for change in reds)


@pytest.mark.parametrize("saved", ["", "[]", '{"schema": "overopt.audit/1"}', "[" * 100_000])
def test_a_file_that_is_no_state_is_refused(saved: str, tmp_path: Path) -> None:
    with pytest.raises(BadSamples, match="the saved state is none of overopt watch follow"):
        FollowedRuns(RowFiles(tmp_path), Monitor(), saved=saved)


def test_a_state_is_saved_whole(log: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    runs = FollowedRuns(RowFiles(log), Monitor())
    runs.save(state)
    runs.take()
    runs.save(state)
    assert state.read_text(encoding="utf-8") == runs.text + "\n"
    assert list(tmp_path.iterdir()) == [state]
