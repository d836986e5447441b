"""Labels that did not come back by chance, and what the next batch is promised to buy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within
from statistical.cells import LEVEL, Cell, regime_cell
from statistical.regimes import table

from overopt.curves.completed_gold import completed_gold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.labels.value import label_value
from overopt.pressure import BestOfN
from overopt.samples import Samples

FloatArray = npt.NDArray[np.floating[Any]]
STRENGTHS = np.array([1.0, 4.0, 16.0])
REGIMES = ("light_ind", "heavy_ind", "gao")
ERRORS = 4.9  # standard errors: once in a million


def chances(cell: Cell, proxies: FloatArray) -> FloatArray:
    chance = np.empty_like(proxies)
    order = np.argsort(proxies, axis=1)
    by_rank = np.broadcast_to(cell.chance_by_rank, order.shape)
    np.put_along_axis(chance, order, by_rank, axis=1)
    return chance


def curve_of(samples: Samples) -> EstimatedCurve:
    return gold_curve(samples, "u", BestOfN(), strengths=STRENGTHS, level=LEVEL)


@pytest.mark.parametrize("regime", REGIMES)
def test_labels_missing_by_chance_bias_nothing_and_break_no_interval(regime: str) -> None:
    """Three in ten of 240 planned labels are lost."""
    cell, trials = regime_cell(regime, 240, 200, 16), 2000
    rng, truth = cell.rng(), cell.truth[STRENGTHS.astype(int) - 1]
    hits, error = np.zeros(3, dtype=np.int64), np.empty((trials, 3))
    for trial in range(trials):
        proxies, gold = cell.draw(rng)
        chance = chances(cell, proxies)
        planned = rng.random(gold.shape) < chance
        kept = planned & (rng.random(gold.shape) < 0.7)
        samples = table(proxies, np.where(kept, gold, np.nan), chance)
        curve = curve_of(replace(samples, label_planned=planned.ravel().astype(float)))
        lower, upper = curve.interval()
        hits += (lower <= truth) & (truth <= upper)
        error[trial] = curve.gold - truth
    spread = error.std(axis=0, ddof=1) / np.sqrt(trials)
    assert (np.abs(error.mean(axis=0)) < ERRORS * spread + 1e-3).all()
    for covered in hits:
        assert_coverage_within(int(covered), trials, 0.86, 0.94)


@pytest.mark.parametrize("regime", REGIMES)
def test_twice_the_labels_narrow_the_gain_as_promised(regime: str) -> None:
    ratio, error = promise_kept(regime, 800)
    assert abs(ratio - 1) - ERRORS * error <= 0.10


def promise_kept(regime: str, trials: int) -> tuple[float, float]:
    """Half-widths of the gain of 16 with twice 120 labels over those promised, and its error."""
    cell = regime_cell(regime, 120, 200, 16)
    rng, found = cell.rng(), np.empty((trials, 2))
    for trial in range(trials):
        proxies, gold = cell.draw(rng)
        number, chance = rng.random(gold.shape), chances(cell, proxies)
        for k in range(2):
            now = np.minimum(1, chance * (1 + k))
            samples = table(proxies, np.where(number < now, gold, np.nan), now)
            curve = curve_of(samples)
            completed = completed_gold(samples, "u", "recorded")
            value = label_value(samples, "u", completed, curve, 16.0)
            assert value is not None
            one = value.at[0]
            found[trial, k] = one.half_width if k else one.half_width_doubled
    promised, reached = found.mean(axis=0)
    spread = (found[:, 1] - found[:, 0] * reached / promised).std(ddof=1)
    return reached / promised, float(spread / promised / np.sqrt(trials))
