"""The fold of a run: order, exact restart, and what it says of runs whose truth is known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from overopt.errors import BadOption, BadSamples
from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget
from overopt.watch.draw import Draw
from overopt.watch.monitor import Monitor, RunState
from overopt.watch.options import WatchOptions
from overopt.watch.replaying import replay, replayed


def batches(steps: int, slopes: list[float], seed: int = 0, labelled: float = 1.0) -> list[Batch]:
    """Eight prompts of eight candidates a step; ``slopes`` are those of the proxy on quality."""
    rng = np.random.default_rng(seed)
    made = []
    for step in range(steps):
        slope = slopes[step * len(slopes) // steps]
        hard = rng.normal(size=(8, 1))
        quality = rng.normal(size=(8, 8))
        proxy = slope * quality + rng.normal(size=(8, 8)) + hard
        gold = (quality + 0.3 * hard > 0).astype(float)
        gold[rng.random(gold.shape) >= labelled] = np.nan
        made.append(
            Batch(
                run="run",
                key=f"log:{step}",
                step=10 * step,
                proxy=proxy.ravel(),
                group=np.repeat(np.arange(8), 8),
                prompt_ids=tuple(f"{step}/{i}" for i in range(8)),
                gold=gold.ravel(),
                components={"length": rng.normal(size=64)},
            )
        )
    return made


def labels_of(batch: Batch, draws: Sequence[Draw]) -> list[tuple[int, float | None]]:
    assert batch.gold is not None
    return [(draw.number, float(batch.gold[draw.row])) for draw in draws]


def monitor(label_rate: float = 1.0) -> Monitor:
    return Monitor(WatchOptions(budget=LabelBudget(label_rate=label_rate)))


@pytest.mark.parametrize("label_rate", [0.3, 1.0])
@pytest.mark.parametrize("labelled", [0.4, 1.0])
def test_a_paying_run_is_not_called_red(label_rate: float, labelled: float) -> None:
    """Ranks over a whole batch tie its prompts together: no part of it may be taken by itself."""
    for seed in range(3):
        state = replayed(monitor(label_rate), batches(150, [0.6], seed, labelled))
        assert state.alarms == ()
        assert state.consumed > 0


def test_a_push_that_turns_harmful_is_called_red_after_it_does() -> None:
    state = replayed(monitor(), batches(200, [0.6, -0.6]))
    alarms = {alarm.signal: alarm for alarm in state.alarms}
    assert {"rank_gain", "best_of_4", "top_vs_random"} <= set(alarms)
    for alarm in alarms.values():
        assert 1000 < alarm.step < 1400
        assert 950 <= alarm.began <= alarm.step


def test_a_restart_at_any_time_changes_nothing() -> None:
    watch = monitor(0.2)
    straight, broken = watch.start(), watch.start()
    for batch in batches(60, [0.6, -0.6]):
        straight, draws = watch.observe(straight, batch)
        broken, again = watch.observe(watch.read(watch.text(broken)), batch)
        assert again == draws
        labels = labels_of(batch, draws)
        straight = watch.labelled(straight, labels)
        for label in labels:
            broken = watch.read(watch.text(watch.labelled(broken, [label])))
    assert watch.text(broken) == watch.text(straight)
    assert straight.consumed > 300


def test_late_labels_in_any_order_change_nothing() -> None:
    made = batches(20, [0.6])
    at_once = replayed(monitor(0.5), made)
    late, labels = monitor(0.5).start(), []
    for batch in made:
        late, draws = monitor(0.5).observe(late, batch)
        labels += labels_of(batch, draws)
    for place in np.random.default_rng(0).permutation(len(labels)):
        late = monitor(0.5).labelled(late, [labels[place]])
    assert late == at_once


def test_labels_that_do_not_come_within_the_window_are_given_up() -> None:
    watch = Monitor(WatchOptions(budget=LabelBudget(label_rate=1)), window=100)
    state = watch.start()
    for batch in batches(3, [0.6]):
        state, _ = watch.observe(state, batch)
    assert (state.consumed, state.overdue, len(state.waiting)) == (92, 92, 100)
    late = watch.labelled(state, [(0, 1.0), (191, 1.0)])
    assert (late.consumed, len(late.arrived), late.gold) == (92, 1, state.gold)
    assert watch.labelled(late, [(191, 0.0)]) == late  # the first answer counts
    with pytest.raises(BadOption, match="only 192 draws"):
        watch.labelled(late, [(192, 1.0)])


def test_refused_labels_never_alarm() -> None:
    watch = monitor()
    state = watch.start()
    for batch in batches(100, [-0.6]):
        state, draws = watch.observe(state, batch)
        state = watch.labelled(state, [(draw.number, None) for draw in draws])
    assert state.alarms == ()
    assert state.refused == state.consumed == 6400


def test_a_state_of_other_detectors_is_refused() -> None:
    state, _ = monitor().observe(RunState(), batches(1, [0.6])[0])
    text = monitor().text(replace(state, gold=state.gold[:-1]))
    with pytest.raises(BadSamples, match="options and the version"):
        monitor().read(text)


def test_gold_is_clipped_to_its_range_and_its_unit_does_not_matter() -> None:
    plain = batches(30, [0.6])
    scaled = [replace(b, gold=None if b.gold is None else 4 * b.gold + 1) for b in plain]
    wide = Monitor(WatchOptions(budget=LabelBudget(label_rate=1), gold_range=(1.0, 5.0)))
    assert replayed(wide, scaled) == replayed(monitor(), plain)


def test_signals_without_gold_need_none() -> None:
    made = [replace(batch, gold=None) for batch in batches(20, [0.6])]
    made[9] = replace(made[9], proxy=np.full(64, np.nan))
    state = replayed(monitor(), made)
    assert state.consumed == 0
    assert state.alarms == ()
    assert [amber.name for amber in state.ambers] == ["non_finite"]


def test_batches_of_one_row_get_fewer_tests() -> None:
    log = {"step": list(range(900)), "proxy": [float(s) for s in range(900)], "gold": [0.5] * 900}
    (run,) = replay(log, budget=LabelBudget(label_rate=1))["runs"]
    states = {signal["name"]: signal for signal in run["signals"]}
    assert states["rank_gain"]["state"] == "undecided"
    assert states["score_meaning"]["labels_used"] == 600


def test_amber_sends_a_burst_of_labels() -> None:
    """A reward that is no number fires; about 30 labels then come at ten times the rate."""
    options = WatchOptions(budget=LabelBudget(label_rate=0.05), burst=30)
    watch, state = Monitor(options), RunState()
    made = batches(12, [0.6])
    made[4] = replace(made[4], proxy=np.where(np.arange(64) == 3, np.nan, made[4].proxy))
    drawn = []
    for batch in made:
        state, draws = watch.observe(state, batch)
        drawn.append(len(draws))
    assert max(drawn[:4]) <= 8
    assert 26 <= drawn[4] <= 36
    assert max(drawn[6:]) <= 8
    assert state.burst == 0


def test_an_early_warning_comes_before_red() -> None:
    state = replayed(monitor(), batches(200, [0.6, -0.6]))
    (early,) = (amber for amber in state.ambers if amber.name == "early_gain")
    assert 1000 <= early.step <= min(alarm.step for alarm in state.alarms)
    assert "once in 10,000 labels" in early.sentence


def test_a_run_that_has_not_begun_says_nothing() -> None:
    monitor = Monitor()
    document = monitor.document("r", monitor.start())
    (run,) = document["runs"]
    assert (run["step"], run["signals"], run["amber"]) == (None, [], [])
