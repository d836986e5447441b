"""Fallen from best: drops that it finds, runs it leaves alone, and hostile labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from labelled_draws import folded, labelled_draws, red_at

from overopt.errors import BadOption
from overopt.watch.detectors.fallen_from_best import FallenFromBest, FallenFromBestState
from overopt.watch.draw import LabelledDraw
from overopt.watch.saved_state import read_state, state_text

SEED = 20261124


def run_of(mean: npt.NDArray[np.float64], seed: int = SEED) -> list[LabelledDraw]:
    gold = (np.random.default_rng(seed).random(len(mean)) < mean).astype(float)
    return labelled_draws(gold, gold)


@pytest.mark.parametrize(("tolerance", "latest"), [(0.0, 600), (0.05, 1300)])
def test_a_drop_of_a_fifth_is_found(tolerance: float, latest: int) -> None:
    detector = FallenFromBest(tolerance=tolerance)
    labels = run_of(np.repeat([0.6, 0.4], [2500, 1500]))
    at = red_at(detector, labels)
    assert at is not None
    assert 0 < at - 2500 < latest
    reading = detector.reading(folded(detector, labels))
    assert reading.began is not None
    assert abs(reading.began - 2500) <= 150
    assert reading.value is not None
    assert reading.value < 0


@pytest.mark.parametrize(("first", "last"), [(0.5, 0.5), (0.4, 0.8), (0.97, 0.99), (0.0, 0.0)])
def test_standing_still_and_rising_are_left_alone(first: float, last: float) -> None:
    assert red_at(FallenFromBest(tolerance=0.0), run_of(np.linspace(first, last, 4000))) is None


def test_the_best_is_a_lower_bound() -> None:
    state = folded(FallenFromBest(), run_of(np.full(1000, 0.5)))
    assert state.block.done is not None
    assert state.best == state.block.done.lower < state.block.done.value - 0.04


def test_nothing_is_said_before_a_block_is_complete() -> None:
    detector = FallenFromBest()
    state = folded(detector, run_of(np.repeat([1.0, 0.0], [500, 499])))
    assert state.best is None
    assert detector.reading(state).value is None
    assert detector.reading(state).log_evidence == 0


def test_refusals_speak_against_an_alarm() -> None:
    labels = run_of(np.repeat([0.6, 0.0], [2000, 1000]))
    refused = labels[:2000] + labelled_draws(np.zeros(1000), np.full(1000, np.nan), first=2000)
    assert red_at(FallenFromBest(), labels) is not None
    assert red_at(FallenFromBest(), refused) is None
    all_refused = labelled_draws(np.zeros(2500), np.full(2500, np.nan))
    assert folded(FallenFromBest(), all_refused).best <= 0


def test_weights_do_not_raise_the_best_above_the_truth() -> None:
    """Good rows are drawn nine times as often; their weights are small."""
    rng = np.random.default_rng(SEED)
    good = rng.random(4000) < 0.9
    gold = (rng.random(4000) < np.where(good, 0.8, 0.2)).astype(float)
    weight = np.where(good, 0.5 / 0.9, 0.5 / 0.1)
    state = folded(FallenFromBest(), labelled_draws(gold, gold, weight=weight, largest=5.0))
    assert state.best is not None
    assert 0.3 < state.best < 0.47


def test_a_state_comes_back_from_its_text() -> None:
    for cut in (0, 700, 1800):
        state = folded(FallenFromBest(), run_of(np.full(cut, 0.7)))
        assert read_state(FallenFromBestState, state_text(state)) == state


@pytest.mark.parametrize("options", [{"tolerance": 1.0}, {"tolerance": -0.1}, {"block_labels": 1}])
def test_nonsense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadOption):
        FallenFromBest(**options)  # type: ignore[arg-type]
