"""A judge's guess of gold beside few labels: never a bias, no cost when useless, worth when good.

Errors are taken against the curve of the same tables with every row labelled, so that only the
draw of the labels is judged; coverage is of the exact truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within
from statistical.cells import LEVEL, regime_cell
from statistical.regimes import table

from overopt.curves.estimation import gold_curve
from overopt.pressure import BestOfN
from overopt.samples import Samples

FloatArray = npt.NDArray[np.floating[Any]]
TRIALS, PROMPTS, SIZE, LABELS = 2000, 200, 16, 120
STRENGTHS = np.array([1.0, 4.0, 16.0])
REGIMES = ("light_ind", "heavy_ind", "gao")
ERRORS = 4.9  # standard errors: once in a million


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Errors [trials, strengths] of the curve by kind of judge, and counts of covered truths."""

    error: dict[str, FloatArray]
    covered: dict[str, npt.NDArray[np.int64]]


@lru_cache
def judged(regime: str) -> Judged:
    cell = regime_cell(regime, LABELS, PROMPTS, SIZE)
    rng, truth = cell.rng(), cell.truth[STRENGTHS.astype(int) - 1]
    error: dict[str, list[FloatArray]] = {"none": [], "random": [], "good": [], "wrong": []}
    covered = {judge: np.zeros(3, dtype=np.int64) for judge in error}
    for _ in range(TRIALS):
        proxies, gold = cell.draw(rng)
        every = gold_curve(table(proxies, gold), "u", BestOfN(), strengths=STRENGTHS).gold
        samples = partly(cell.chance_by_rank, proxies, gold, rng)
        for judge, said in judges(gold, rng).items():
            with_judge = replace(samples, prediction=said)
            curve = gold_curve(with_judge, "u", BestOfN(), strengths=STRENGTHS, level=LEVEL)
            error[judge].append(curve.gold - every)
            lower, upper = curve.interval()
            covered[judge] += (lower <= truth) & (truth <= upper)
    return Judged(error={k: np.array(v) for k, v in error.items()}, covered=covered)


def partly(
    by_rank: FloatArray, proxies: FloatArray, gold: FloatArray, rng: np.random.Generator
) -> Samples:
    chance = np.empty_like(proxies)
    order = np.argsort(proxies, axis=1)
    np.put_along_axis(chance, order, np.broadcast_to(by_rank, order.shape), axis=1)
    labelled = rng.random(proxies.shape) < chance
    return table(proxies, np.where(labelled, gold, np.nan), chance)


def judges(gold: FloatArray, rng: np.random.Generator) -> dict[str, FloatArray | None]:
    """No guess; noise; correlation .9 with gold; and one that turns good into bad at the top."""
    spread, fresh = gold.std(), rng.standard_normal(gold.shape)
    return {
        "none": None,
        "random": fresh.ravel(),
        "good": (gold + spread * np.sqrt(1 / 0.81 - 1) * fresh).ravel(),
        "wrong": (20 - 5 * np.abs(gold - 1) + fresh).ravel(),
    }


@pytest.mark.parametrize("judge", ["random", "good", "wrong"])
@pytest.mark.parametrize("regime", REGIMES)
def test_no_judge_biases_the_curve_or_breaks_its_intervals(regime: str, judge: str) -> None:
    found = judged(regime)
    error = found.error[judge]
    spread = error.std(axis=0, ddof=1) / np.sqrt(TRIALS)
    assert (np.abs(error.mean(axis=0)) < ERRORS * spread).all()
    for hits in found.covered[judge]:
        assert_coverage_within(int(hits), TRIALS, 0.86, 0.94)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_random_judge_costs_at_most_three_per_cent(regime: str) -> None:
    assert ratio_at_most(judged(regime), "random", 1.03)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_good_judge_takes_a_third_off_the_error_of_the_labels(regime: str) -> None:
    assert ratio_at_most(judged(regime), "good", 0.67)


def ratio_at_most(found: Judged, judge: str, ratio: float) -> bool:
    """Whether root mean square errors over all strengths may be ``ratio`` of those without."""
    excess = (found.error[judge] ** 2 - ratio**2 * found.error["none"] ** 2).sum(axis=1)
    return bool(excess.mean() <= ERRORS * excess.std(ddof=1) / np.sqrt(TRIALS))
