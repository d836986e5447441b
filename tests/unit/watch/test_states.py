"""States: what is green and for how long, what would decide, and that the formulas are true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from overopt.stats.e_process import Betting, log_evidence_path
from overopt.watch.block import BlockMean
from overopt.watch.detectors.detector import Reading
from overopt.watch.states import (
    Course,
    SignalState,
    detectable_effect,
    labels_to_red,
    refusals_that_hide,
    signal_states,
)

SEED = 20261124
COURSE = Course(
    step=450,
    used=450,
    refused=0,
    step_of=lambda draw: draw,
    labels_per_step=1.0,
    signals=6,
    false_alarm=0.01,
    block_error=0.025,
    gold_source="judge X",
    betting=Betting(),
)


def reading(name: str, value: float, half: float = 0.05, holds: bool = True) -> Reading:
    block = BlockMean(
        number=0,
        first=100,
        last=300,
        value=value,
        lower=value - half,
        upper=value + half,
        spread=0.3,
        reach=1.0,
        values=201,
    )
    return Reading(
        name=name, log_evidence=-1.0, began=120, labels_used=450, block=block, holds=holds
    )


def state_of(*readings: Reading, course: Course = COURSE, **began: int) -> SignalState:
    return signal_states(readings, began, course)[0]


def test_green_needs_a_proven_gain_and_expires() -> None:
    green = state_of(reading("best_of_16", 0.1))
    assert (green.colour, green.expires, green.needs) == ("green", 500, None)
    assert "according to judge X: 0.05 or more over labels 100 to 300" in green.sentence
    assert "expires after step 500" in green.sentence
    late = state_of(reading("best_of_16", 0.1), course=replace(COURSE, step=501))
    assert late.colour == "undecided"
    assert "stale" in late.sentence
    assert state_of(reading("best_of_16", 0.04)).colour == "undecided"


@pytest.mark.parametrize("guard", ["score_meaning", "fallen_from_best", "decoupled"])
def test_a_doubtful_guard_or_a_red_one_takes_green_away(guard: str) -> None:
    gain, doubtful = reading("best_of_16", 0.1), reading(guard, 0.1, holds=False)
    assert state_of(gain, reading(guard, 0.1)).colour == "green"
    assert state_of(gain, doubtful).colour == "undecided"
    assert f"{guard} is not known to hold" in state_of(gain, doubtful).sentence
    assert state_of(gain, reading(guard, 0.1), **{guard: 90}).colour == "undecided"
    assert state_of(doubtful).colour == "undecided"


def test_another_pressure_that_is_red_leaves_this_one_alone() -> None:
    states = signal_states(
        [reading("rank_gain", 0.1), reading("best_of_64", -0.2)], {"best_of_64": 77}, COURSE
    )
    assert [state.colour for state in states] == ["green", "red"]
    assert states[1].sentence.endswith("it probably began at step 77")


def test_silence_is_undecided_and_says_so() -> None:
    silent = Reading(name="rank_gain", log_evidence=0.0, began=None, labels_used=0, block=None)
    assert state_of(silent).colour == "undecided"
    assert "no block of labels is complete" in state_of(silent).sentence
    stopped = state_of(reading("rank_gain", 0.01), course=replace(COURSE, labels_per_step=0.0))
    assert stopped.detectable is None
    assert "no fall can be found" in stopped.sentence


def test_an_undecided_signal_says_what_would_decide_it() -> None:
    falling, rising = state_of(reading("rank_gain", -0.03)), state_of(reading("rank_gain", 0.03))
    assert falling.needs == labels_to_red(0.03, 0.3, COURSE.nats())
    assert rising.needs is not None
    assert falling.needs is not None
    assert 500 < rising.needs < falling.needs < 5000
    assert f"about {falling.needs} more labels" in falling.sentence
    assert falling.detectable == detectable_effect(0.3, 1000.0, COURSE.nats())
    assert f"a fall smaller than {falling.detectable:.2g} would not be found" in falling.sentence
    assert state_of(reading("rank_gain", 0.0)).needs is None


@pytest.mark.parametrize("effect", [0.3, 0.1])
def test_labels_to_red_is_what_it_takes(effect: float) -> None:
    """Gold of a level signal, uniform draws, for the signal alone: within 40 % in the median."""
    rng = np.random.default_rng(SEED)
    z = np.where(rng.random((200, 6000)) < 0.5 - effect / 2, 1.0, -1.0)
    z[:, :1000] = 1 - 1.2 * (rng.random((200, 1000)) < 0.5)  # a healthy stretch before
    path = log_evidence_path(z, Betting())
    hit = np.argmax(path >= np.log(100), axis=1) - 1000
    course = replace(COURSE, used=1000, signals=1)
    expected = labels_to_red(effect, 1.0, course.nats())
    assert hit.min() > 0
    assert 0.6 * expected < np.median(hit) < 1.4 * expected


def test_a_bet_that_is_capped_needs_more_labels() -> None:
    """A fall by 0.2 that is hardly scattered: the best bet would be 20, the largest is 0.8."""
    rng = np.random.default_rng(SEED)
    z = np.where(np.arange(1500) < 1000, 0.2, -0.2) + 0.1 * rng.standard_normal((200, 1500))
    hit = np.argmax(log_evidence_path(np.minimum(z, 1.0), Betting()) >= np.log(100), axis=1) - 1000
    nats = replace(COURSE, used=1000, signals=1).nats()
    expected = labels_to_red(0.2, 0.1, nats, 0.8)
    assert hit.min() > 0
    assert 0.6 * expected < np.median(hit) < 1.4 * expected
    assert detectable_effect(0.1, expected, nats, 0.8) == pytest.approx(0.2, rel=0.02)
    assert detectable_effect(0.1, 0, nats) is None


def test_several_labels_to_a_value_count_each() -> None:
    one = reading("best_of_16_pooled", -0.03)
    assert one.block is not None
    three = replace(one, block=replace(one.block, values=67))
    assert state_of(three).needs == pytest.approx(3 * (state_of(one).needs or 0), abs=3)


def test_a_fall_within_what_is_unknown_of_the_reference_is_never_red() -> None:
    falling = reading("decoupled", -0.03)
    assert state_of(replace(falling, slack=0.02)).needs == labels_to_red(
        0.01, 0.3, COURSE.nats(), 0.8
    )
    unsure = state_of(replace(falling, slack=0.04))
    assert unsure.needs is None
    assert unsure.refusals == 0.0
    assert (unsure.detectable or 0.0) == pytest.approx((state_of(falling).detectable or 0) + 0.04)


def test_refusals_hide_a_fall() -> None:
    """A fall of .065 at spread .268 is never found with a fifth of the labels refused."""
    assert refusals_that_hide(0.065, 0.268) == pytest.approx(0.195, abs=1e-3)
    assert refusals_that_hide(0.0, 0.3) == 0
    assert state_of(reading("rank_gain", -0.1)).refusals == pytest.approx(0.25)
