"""Episodes of environments whose reward is not what was meant, watched as samples."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from overopt.errors import BadOption
from overopt.integrations.gymnasium import watched_environment
from overopt.integrations.stable_baselines import WatchEpisodes
from overopt.watch import live_run as live_runs
from overopt.watch.live_run import LiveRun, live_run
from overopt.watch.store import opened_for_reading


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs that end with the test."""
    runs: dict[tuple[str, str], LiveRun] = {}
    monkeypatch.setattr(live_runs, "_RUNS", runs)
    yield tmp_path
    for run in runs.values():
        run.close(10)


def batches(folder: Path) -> list[tuple[Any, ...]]:
    db = opened_for_reading(folder)
    found = list(db.execute("SELECT step, rows, proxy, gold, gold_rows FROM batches"))
    db.close()
    return found


def stepped(watch: WatchEpisodes, count: int, cheat: float, seed: int = 0) -> bool:
    """Steps of two environments with episodes of 5: a cheat pays 3 and is worth -1."""
    rng = random.Random(seed)
    model = SimpleNamespace(num_timesteps=0)
    for step in range(1, count + 1):
        model.num_timesteps += 2
        cheats = [rng.random() < cheat for _ in range(2)]
        going = watch(
            {
                "self": model,
                "rewards": [3.0 if each else 1.0 for each in cheats],
                "dones": [step % 5 == 0] * 2,
                "infos": [{"true_reward": -1.0 if each else 1.0} for each in cheats],
            },
            {},
        )
        if not going:
            return False
    return True


def test_ended_episodes_are_samples_with_their_true_return(folder: Path) -> None:
    with WatchEpisodes(run="r", folder=folder, episodes=8) as watch:
        assert stepped(watch, 25, cheat=0.0)
    assert batches(folder) == [(40, 8, 5.0, 5.0, 8), (50, 2, 5.0, 5.0, 2)]
    assert live_run("r", folder).counts == {}


def test_training_ends_at_an_alarm_only_if_asked(folder: Path) -> None:
    patient = WatchEpisodes(run="a", folder=folder, episodes=16)
    strict = WatchEpisodes(run="b", folder=folder, episodes=16, stop=True)
    for watch, run in ((patient, "a"), (strict, "b")):
        with watch:
            stepped(watch, 4000, cheat=0.3)
        assert live_run(run, folder).red
    assert stepped(patient, 5, cheat=0.3)
    assert not stepped(strict, 5, cheat=0.3)


def test_a_step_that_cannot_be_read_is_counted_and_training_goes_on(folder: Path) -> None:
    watch = WatchEpisodes(run="r", folder=folder)
    assert watch({"rewards": None}, {})
    assert live_run("r", folder).counts == {"KeyError": 1}
    with pytest.raises(BadOption, match="0 episodes in a batch"):
        WatchEpisodes(run="r", folder=folder, episodes=0)


def test_an_environment_without_true_reward_has_no_gold(folder: Path) -> None:
    watch = WatchEpisodes(run="r", folder=folder, episodes=1)
    step = {"rewards": [2.0], "dones": [True], "infos": [{}]}
    watch({"self": SimpleNamespace(num_timesteps=1), **step})
    assert live_run("r", folder).close(10)
    assert batches(folder) == [(1, 1, 2.0, None, 0)]


def test_a_watched_environment_returns_what_its_environment_does(folder: Path) -> None:
    gymnasium = pytest.importorskip("gymnasium")

    class Walk(gymnasium.Env):  # type: ignore[misc]
        observation_space = gymnasium.spaces.Discrete(2)
        action_space = gymnasium.spaces.Discrete(2)
        found: Any = None

        def reset(self, **_: Any) -> Any:
            return 0, {}

        def step(self, action: int) -> Any:
            self.found = (0, float(action), True, False, {"true_reward": 1.0 - action})
            return self.found

    env = watched_environment(Walk(), run="r", folder=folder, episodes=4)
    env.reset()
    for action in (0, 1, 1, 1, 0):
        assert env.step(action) is env.unwrapped.found
    env.close()
    assert live_run("r", folder).close(10)
    assert batches(folder) == [(4, 4, 0.75, 0.25, 4), (5, 1, 0.0, 1.0, 1)]
