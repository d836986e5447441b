"""Score meaning, fallen from best, decoupled: false alarms and delays; docs/watch/signals.md.

Counts of false alarms are judged as counts; a median delay fails beyond 15 % above the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within
from labelled_draws import folded, labelled_draws, red_at, verifier
from pushed_runs import best_of, outliers, push

from overopt.stats.e_process import Betting
from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget
from overopt.watch.detectors.decoupled import Decoupled
from overopt.watch.detectors.fallen_from_best import FallenFromBest
from overopt.watch.detectors.score_meaning import ScoreMeaning
from overopt.watch.monitor import Monitor, RunState
from overopt.watch.options import WatchOptions
from overopt.watch.reference import EVIDENCE_PART, Reference
from overopt.watch.states import GUARDS, Course, signal_states

SEED = 20261124
PROMPTS, GROUP = 8, 8
QUIET = 300
Run = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def verified_batch(step: int, wrong: float, solved: float, rng: np.random.Generator) -> Batch:
    """Groups of 8 of prompts of unequal difficulty; a share ``wrong`` of the passes is false."""
    rate = rng.beta(2 * solved, 2 * (1 - solved), PROMPTS)
    gold = rng.random((PROMPTS, GROUP)) < rate[:, None]
    slip = wrong / (1 - wrong) * rate.mean() / (1 - rate.mean())
    passed = gold | (rng.random((PROMPTS, GROUP)) < slip)
    return Batch(
        run="verified",
        key=f"0:{step}",
        step=step,
        proxy=passed.ravel().astype(float),
        group=np.repeat(np.arange(PROMPTS), GROUP),
        prompt_ids=tuple(str(step * PROMPTS + i) for i in range(PROMPTS)),
        gold=gold.ravel().astype(float),
    )


def green_pressures(monitor: Monitor, state: RunState, steps: list[int], rate: float) -> list[str]:
    readings = monitor.readings(state)
    course = Course(
        step=state.step,
        used=state.consumed,
        refused=0,
        step_of=steps.__getitem__,
        labels_per_step=rate,
        signals=len(readings),
        false_alarm=EVIDENCE_PART * 0.01,
        block_error=0.025,
        gold_source="the true answer",
        betting=Betting(),
    )
    began = {alarm.signal: alarm.began for alarm in state.alarms}
    states = signal_states(readings, began, course)
    return [each.name for each in states if each.colour == "green" and each.name not in GUARDS]


def watched_verifier(ramp: int, rate: float, seed: int) -> tuple[int | None, int, int]:
    """Step of the first red after onset, greens once half of the passes are false, greens before.

    Passes stay as common as they were while they come to be false.
    """
    rng = np.random.default_rng(seed)
    monitor = Monitor(WatchOptions(budget=LabelBudget(per_batch=rate), seed=seed))
    state, steps, late, early = monitor.start(), [], 0, 0
    for step in range(QUIET + max(2 * ramp, 60)):
        wrong = 0.95 * min(max((step - QUIET) / ramp, 0.0), 1.0)
        batch = verified_batch(step, wrong, 0.4 * (1 - wrong), rng)
        state, draws = monitor.observe(state, batch)
        steps += [step] * len(draws)
        assert batch.gold is not None
        state = monitor.labelled(state, [(each.number, batch.gold[each.row]) for each in draws])
        if wrong >= 0.5 or step % 20 == 0:
            greens = green_pressures(monitor, state, steps, rate)
            late, early = late + bool(greens and wrong >= 0.5), early + bool(greens and wrong == 0)
        if state.alarms:
            return state.alarms[0].step - QUIET, late, early
    return None, late, early


@pytest.mark.parametrize(("ramp", "latest"), [(20, 24), (60, 50), (300, 170)])
def test_false_passes_turn_red_and_are_never_called_green(ramp: int, latest: int) -> None:
    """Eight of 64 rows a step are labelled; nothing is told of the verifier beforehand."""
    found = [watched_verifier(ramp, 8.0, SEED + i) for i in range(40)]
    reds = [red for red, _, _ in found if red is not None]
    assert len(reds) == 40
    assert min(reds) > 0
    assert np.median(reds) <= latest
    assert sum(late for _, late, _ in found) == 0
    assert sum(early for _, _, early in found) > 40  # green is said when it is true


def healthy(kind: int, rng: np.random.Generator) -> Run:
    solved = np.linspace(0.3, 0.8, 3000)
    if kind < 3:
        return verifier(np.full(3000, (0.0, 0.05, 0.2)[kind]), solved, rng)
    quality = rng.normal(np.linspace(-0.3, 0.7, 3000), 1.0)
    if kind == 3:  # gold of many values, the score shifting upwards within what is known
        return quality + rng.normal(0, 1, 3000), 1 / (1 + np.exp(-quality))
    if kind == 4:
        return best_of(np.ones(3000), True, rng)
    return push(False, 300, 2700, rng, most=16)


@pytest.mark.parametrize("detector", [ScoreMeaning(), Decoupled(), FallenFromBest()])
def test_healthy_runs_are_left_alone(detector: ScoreMeaning | Decoupled | FallenFromBest) -> None:
    rng = np.random.default_rng(SEED)
    runs = [healthy(i % 6, rng) for i in range(120)]
    assert sum(red_at(detector, labelled_draws(*run)) is not None for run in runs) == 0


def test_score_meaning_holds_its_level_at_the_boundary() -> None:
    """Gold at every score exactly at the bound, so that z has mean 0 for ever."""
    known = Reference(
        source="known",
        labels=0,
        error=0.0,
        first=(0.0, 1.0),
        last=(0.0, 1.0),
        gold=(0.1, 0.8),
        lower=(0.1, 0.8),
        mean=0.45,
        mean_lower=0.45,
        margin_lower=0.0,
        centre=0.5,
        spread=0.5,
        rise=0.0,
        demand=0.0,
    )
    detector = ScoreMeaning(reference=known)
    rng = np.random.default_rng(SEED)
    alarms = 0
    for _ in range(400):
        proxy = (rng.random(1500) < 0.5).astype(float)
        gold = (rng.random(1500) < np.where(proxy == 1, 0.8, 0.1)).astype(float)
        state, most = detector.start(), 0.0
        for label in labelled_draws(proxy, gold):
            state = detector.update(state, label)
            most = max(most, detector.reading(state).log_evidence)
        alarms += most >= np.log(10)
    assert_coverage_within(alarms, 400, 0.005, 0.10)


@pytest.mark.parametrize(
    ("drop", "tolerance", "table"), [(0.2, 0.0, 431), (0.2, 0.02, 555), (0.2, 0.05, 918)]
)
def test_delays_of_a_fall(drop: float, tolerance: float, table: float) -> None:
    rng = np.random.default_rng(SEED)
    detector = FallenFromBest(tolerance=tolerance)
    delays = []
    for _ in range(40):
        mean = np.repeat([0.6, 0.6 - drop], [10_000, 2500])
        gold = (rng.random(12_500) < mean).astype(float)
        at = red_at(detector, labelled_draws(gold, gold))
        delays.append(np.inf if at is None else at - 10_000)
    assert min(delays) > 0
    assert np.median(delays) <= 1.15 * table


def small_divergence(rng: np.random.Generator) -> Run:
    """At most 3.5 % from the far tail: 0.08 nats."""
    share = 0.035 * np.clip((np.arange(1800) - QUIET) / 500, 0, 1)
    return outliers(share, 0.0015, rng)


def honest_verifier(rng: np.random.Generator) -> Run:
    solved = np.clip(0.3 + 0.65 * (np.arange(1800) - QUIET) / 1500, 0.3, 0.95)
    return verifier(np.zeros(1800), solved, rng)


SCENARIOS: dict[str, tuple[Callable[[np.random.Generator], Run], bool]] = {
    "light push": (partial(push, False, QUIET, 1500), False),
    "heavy push": (partial(push, True, QUIET, 1500), True),
    "light, standing still": (partial(best_of, np.ones(1800), False), False),
    "heavy, standing still": (partial(best_of, np.ones(1800), True), False),
    "heavy, small divergence": (small_divergence, False),  # 300 labels know too little: see card
    "honest verifier": (honest_verifier, False),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_decoupled_head_to_head(name: str) -> None:
    draw, expected = SCENARIOS[name]
    rng = np.random.default_rng(SEED)
    reds = sum(red_at(Decoupled(), labelled_draws(*draw(rng))) is not None for _ in range(20))
    assert reds >= 18 if expected else reds == 0


def test_decoupled_with_a_long_reference_sees_a_small_divergence() -> None:
    """4,000 reference labels, then 8,000: about what an effect of .013 at a spread of .19 asks."""
    rng = np.random.default_rng(SEED)
    detector = Decoupled(first_labels=4000)
    reds = 0
    for _ in range(20):
        share = np.repeat([0.0, 0.035], [4000, 8000])
        state = folded(detector, labelled_draws(*outliers(share, 0.0015, rng)))
        reds += detector.reading(state).log_evidence >= np.log(100)
    assert reds >= 18
