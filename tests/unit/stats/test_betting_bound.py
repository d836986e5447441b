"""A bound by betting: against exact binomial bounds, its coverage, and unequal weights."""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy.stats import beta

from overopt.stats.betting_bound import lower_mean

SEED = 20261124


def exact_lower(ones: int, count: int, error: float) -> float:
    return float(beta.ppf(error, ones, count - ones + 1)) if ones else 0.0


@pytest.mark.parametrize(("ones", "count"), [(100, 100), (95, 100), (150, 300), (20, 300), (3, 75)])
def test_zeros_and_ones_are_bounded_nearly_as_well_as_exactly(ones: int, count: int) -> None:
    values = np.repeat([1.0, 0.0], [ones, count - ones])
    bound, exact = lower_mean(values, 0.005), exact_lower(ones, count, 0.005)
    deviation = np.sqrt(max(ones / count * (1 - ones / count), 1 / count) / count)
    assert exact - 1.6 * deviation < bound < exact


def test_a_small_spread_tightens_the_bound() -> None:
    rng = np.random.default_rng(SEED)
    steady = lower_mean(np.clip(rng.normal(0.5, 0.05, 300), 0, 1), 0.005)
    binary = lower_mean((rng.random(300) < 0.5).astype(float), 0.005)
    assert binary < 0.45 < steady < 0.5


def test_no_value_and_no_one_give_no_bound() -> None:
    assert lower_mean(np.array([]), 0.01) == 0.0
    assert lower_mean(np.zeros(50), 0.01) < 1e-9


@pytest.mark.parametrize("mean", [0.05, 0.5, 0.9])
def test_the_bound_holds_with_unequal_chances(mean: float) -> None:
    """Rows of two kinds, the worse of which is drawn less often: weights undo it."""
    rng = np.random.default_rng(SEED)
    chance = np.array([0.8, 0.2])  # of drawing either kind, which are equally common
    means = np.array([min(1.0, 1.5 * mean), 0.0])
    means[1] = 2 * mean - means[0]
    weight = 0.5 / chance
    missed = 0
    for _ in range(1000):
        kind = (rng.random(60) < chance[1]).astype(int)
        values = (rng.random(60) < means[kind]).astype(float)
        missed += lower_mean(values, 0.10, weight[kind] / weight.max()) > mean
    assert_coverage_within(missed, 1000, 0.0, 0.10)
    assert missed or mean > 0.5  # and it is not idle
