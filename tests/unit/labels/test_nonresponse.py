"""Bounds on the gain when planned labels are missing: against all that they could have been."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from tables import noise, table

from overopt.curves.completed_gold import LabelTotals, completed_gold
from overopt.curves.estimation import gold_curve
from overopt.labels.nonresponse import MissingLabels, missing_labels
from overopt.labels.weights import gain_weights
from overopt.pressure import BestOfN, KLTilt, Pressure
from overopt.samples import Samples

LOST = 5


def study(bounded: bool, groups: int = 1, lost: int = LOST) -> Samples:
    """Twelve prompts of eight with about half of the rows planned, the first few labels lost."""
    gold = noise(1, 12, 8).ravel()
    gold = (gold > 0).astype(float) if bounded else gold
    chance = np.random.default_rng(5).uniform(0.2, 0.9, 96)
    planned = np.random.default_rng(2).random(96) < chance
    kept = planned.copy()
    kept[np.flatnonzero(planned)[:lost]] = False
    return table(
        a=noise(0, 12, 8),
        gold=np.where(kept, gold, np.nan),
        label_prob=chance,
        label_planned=planned.astype(float),
        group=np.arange(96) // (8 // groups),
    )


def bounds(samples: Samples, pressure: Pressure, strength: float) -> MissingLabels:
    completed = completed_gold(samples, "a", "recorded")
    found = missing_labels(samples, "a", completed, pressure, pressure.no_pressure, strength)
    assert found is not None
    return found


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("pressure", [BestOfN(), KLTilt()])
@pytest.mark.parametrize("bounded", [True, False])
def test_the_bounds_are_those_of_every_answer_the_missing_could_have_given(
    bounded: bool, pressure: Pressure, groups: int
) -> None:
    """Enumerates them: the regression of the labels in hand, recorded chances, the curve's gain."""
    samples, strength = study(bounded, groups), 3.0
    found = bounds(samples, pressure, strength)
    totals = LabelTotals.of(samples, "a")
    totals = replace(totals, labelled=totals.planned)
    lost = np.flatnonzero((samples.label_planned == 1) & np.isnan(samples.gold))
    ends = (0.0, 1.0) if bounded else (np.nanmin(samples.gold), np.nanmax(samples.gold))
    gains = []
    for answers in product(ends, repeat=LOST):
        gold = samples.gold.copy()
        gold[lost] = answers
        answered = replace(samples, gold=gold)
        completed = completed_gold(answered, "a", "recorded", totals)
        grid = np.array([pressure.no_pressure, strength])
        curve = gold_curve(answered, "a", pressure, strengths=grid, completed=completed)
        gains.append(curve.gain()[0][1])
    assert found.gain_lowest == pytest.approx(min(gains), abs=1e-12)
    assert found.gain_highest == pytest.approx(max(gains), abs=1e-12)
    assert (found.low, found.high, found.bounded) == (*ends, bounded)
    planned = int(samples.label_planned.sum())
    assert (found.missing, found.planned, found.share) == (LOST, planned, LOST / planned)


def test_gain_weights_are_those_of_the_curve() -> None:
    samples = table(a=np.round(noise(0)), gold=noise(1))
    curve = gold_curve(samples, "a", BestOfN())
    weights = gain_weights(samples, "a", BestOfN(), 1, 5)
    assert weights @ samples.gold == pytest.approx(curve.gain()[0][4])
    assert weights.sum() == pytest.approx(0, abs=1e-12)


def test_nothing_is_said_where_nothing_is_missing_or_no_plan_is_known() -> None:
    complete = study(bounded=True, lost=0)
    for samples, design in [
        (complete, "recorded"),
        (replace(complete, label_planned=None), "recorded"),
        (study(bounded=True), "unknown"),
    ]:
        completed = completed_gold(samples, "a", design)
        assert missing_labels(samples, "a", completed, BestOfN(), 1, 4) is None
