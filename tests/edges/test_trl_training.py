"""TRL's own trainers on a tiny model whose reward has a loophole: watched while they find it.

Skipped without TRL; ``make test-trl`` has it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import overopt.watch
from overopt.integrations.trl import WatchCallback
from overopt.watch import live_run as live_runs
from overopt.watch.live_run import LiveRun, live_run
from overopt.watch.store import opened_for_reading

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
trl = pytest.importorskip("trl", reason="needs overopt[trl]: make test-trl")
tiny = importlib.import_module("tiny_trainer")
pytestmark = pytest.mark.filterwarnings("ignore")  # the foreign libraries' own


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs that end with the test."""
    runs: dict[tuple[str, str], LiveRun] = {}
    monkeypatch.setattr(live_runs, "_RUNS", runs)
    yield tmp_path
    for run in runs.values():
        run.close(10)


def trained(kind: str, folder: Path, callback: Any, rewards: Any, **options: Any) -> Any:
    """A trainer of TRL that has trained."""
    made = tiny.trainer(
        getattr(trl, f"{kind}Trainer"),
        getattr(trl, f"{kind}Config"),
        folder,
        rewards,
        [callback],
        **options,
    )
    made.train()
    return made


def batches(folder: Path) -> list[tuple[Any, ...]]:
    db = opened_for_reading(folder)
    rows = db.execute("SELECT step, rows, kl, components FROM batches ORDER BY number")
    found = list(rows)
    db.close()
    return found


def test_grpo_finds_the_loophole_and_is_stopped_at_the_alarm(folder: Path) -> None:
    store = folder / "watch"
    alarms: list[Any] = []
    reward = overopt.watch.wrap(tiny.loophole, run="exp7", folder=store)
    callback = WatchCallback(
        run="exp7",
        gold=tiny.honest,
        label_rate=0.25,
        stop=True,
        folder=store,
        on_alarm=[alarms.append],
    )
    trainer = trained("GRPO", folder, callback, reward, max_steps=600, beta=0.01)
    live = live_run("exp7", store)
    assert live.counts == {}
    assert "decoupled" in live.red
    assert trainer.state.global_step < 600
    (red, *_) = [each for each in alarms if each["tier"] == "red"]
    assert 10 <= red["step"] <= trainer.state.global_step
    told = [each for each in trainer.state.log_history if "overopt/labels" in each]
    assert told[-1]["overopt/labels"] > 0
    assert told[0]["overopt/decoupled/state"] == 0
    rows = batches(store)
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert {row[1] for row in rows} == {64}
    assert rows[0][2] is None
    assert rows[-1][2] > 0  # nats, of the last log
    _assert_the_page_shows(store, red["name"])


def _assert_the_page_shows(store: Path, signal: str) -> None:
    pytest.importorskip("fastapi")
    from asgi import asked

    from overopt.dashboard.access import Access
    from overopt.dashboard.server import app_of

    run = asked(app_of(store, Access()), "/api/runs/exp7").document
    (state,) = [each for each in run["states"] if each["name"] == signal]
    assert state["state"] == "red"
    assert run["gold_source"] == "judge honest"


async def marks(prompts: list[str], completions: list[str], **columns: Any) -> list[float]:
    """A second reward function, asynchronous, and silent where there are no marks."""
    return [float(each.count("!")) for each in completions]


@pytest.mark.parametrize("kind", ["GRPO", "RLOO"])
def test_rewards_are_watched_as_their_weighted_sum_and_evaluation_is_left_out(
    kind: str, folder: Path
) -> None:
    store = folder / "watch"
    rewards = overopt.watch.wrap(
        [tiny.loophole, marks], weights=[1.0, 0.5], run="exp8", folder=store
    )
    trainer = trained(
        kind,
        folder,
        WatchCallback(run="exp8", folder=store),
        rewards,
        max_steps=6,
        reward_weights=[1.0, 0.5],
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=2,
    )
    rows = batches(store)
    assert [row[0] for row in rows] == list(range(6))
    assert {row[1] for row in rows} == {64}
    assert {"length", "loophole", "marks"} <= set(rows[0][3].replace('"', " ").split())
    db = opened_for_reading(store)
    proxies = [proxy for (proxy,) in db.execute("SELECT proxy FROM batches ORDER BY number")]
    db.close()
    logged = [each["reward"] for each in trainer.state.log_history if "reward" in each]
    assert proxies == pytest.approx(logged, rel=1e-3)


def test_an_option_that_makes_no_sense_is_told_before_training(folder: Path) -> None:
    with pytest.raises(overopt.BadOption, match="label rate 3"):
        WatchCallback(run="exp9", label_rate=3, folder=folder)
    WatchCallback(run="exp9", label_rate=0.1, folder=folder).on_train_begin(None, None, None)
    with pytest.raises(overopt.BadOption, match="say it once"):
        WatchCallback(run="exp9", label_rate=0.2, folder=folder)
