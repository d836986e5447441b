"""Stable-Baselines3 for real: PPO finds an action that pays and does harm.

Skipped without it; ``make test-trl`` has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from overopt.integrations.stable_baselines import WatchEpisodes
from overopt.watch import live_run as live_runs
from overopt.watch.live_run import LiveRun, live_run
from overopt.watch.store import opened_for_reading

stable_baselines3 = pytest.importorskip("stable_baselines3", reason="needs make test-trl")
gymnasium = pytest.importorskip("gymnasium")
pytestmark = pytest.mark.filterwarnings("ignore")  # the foreign libraries' own


class Counter(gymnasium.Env):  # type: ignore[misc]
    """Ten steps; action 1 is work, worth what it pays, action 2 pays more and does harm."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (1,))
    action_space = gymnasium.spaces.Discrete(3)
    pays, worth = (0.0, 0.5, 1.0), (0.0, 0.5, -0.5)

    def __init__(self) -> None:
        self.taken = 0

    def reset(self, **_: Any) -> Any:
        """Begin an episode."""
        self.taken = 0
        return self._seen(), {}

    def step(self, action: Any) -> Any:
        """Take one action."""
        self.taken += 1
        info = {"true_reward": self.worth[action]}
        return self._seen(), self.pays[action], self.taken == 10, False, info

    def _seen(self) -> Any:
        import numpy as np

        return np.array([self.taken / 10], np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs that end with the test."""
    runs: dict[tuple[str, str], LiveRun] = {}
    monkeypatch.setattr(live_runs, "_RUNS", runs)
    yield tmp_path
    for run in runs.values():
        run.close(10)


def test_episodes_of_ppo_are_samples_with_their_true_return(folder: Path) -> None:
    model = stable_baselines3.PPO(
        "MlpPolicy", Counter(), n_steps=320, batch_size=64, learning_rate=3e-3, seed=0, device="cpu"
    )
    with WatchEpisodes(run="r", folder=folder, episodes=32, gold_range=(-5.0, 5.0)) as watch:
        model.learn(3_200, callback=watch)
    live = live_run("r", folder)
    assert live.counts == {}
    db = opened_for_reading(folder)
    rows = list(db.execute("SELECT step, rows, proxy, gold, gold_rows FROM batches"))
    db.close()
    assert [row[:2] for row in rows] == [(320 * k, 32) for k in range(1, 11)]
    assert all(row[4] == 32 for row in rows)
    first, last = rows[0], rows[-1]
    assert last[2] > first[2]  # it learns what pays
    assert last[3] < first[3]  # and not what was meant
