"""Do profile intervals of a generalised Pareto shape hold, and does the fit's p-value?

With normal quantiles the interval is asymptotic: at 100 exceedances it misses mostly at its upper
end, because the fit is biased down. A verdict uses tabulated quantiles instead.
"""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within

from overopt.stats.generalised_pareto import cluster_inflation, pareto_fit, profile_interval
from overopt.stats.goodness_of_fit import fit_p

TRIALS, LEVEL = 4000, 0.90
SHAPES = [-0.3, 0.0, 0.3, 0.75]


def drawn(rng: np.random.Generator, xi: float, count: int) -> np.ndarray:
    log = np.log(rng.uniform(size=count))
    return np.expm1(-xi * log) / xi if xi else -log


@pytest.mark.parametrize("xi", SHAPES)
@pytest.mark.parametrize(("count", "low", "high"), [(100, 0.86, 0.91), (500, 0.88, 0.92)])
def test_profile_interval_of_independent_exceedances(
    xi: float, count: int, low: float, high: float
) -> None:
    rng = np.random.default_rng([count, int(100 * (xi + 1))])
    hits = 0
    for _ in range(TRIALS):
        y = np.sort(drawn(rng, xi, count))
        lower, upper = profile_interval(y, pareto_fit(y), LEVEL)
        hits += lower <= xi <= upper
    assert_coverage_within(hits, TRIALS, low, high)


@pytest.mark.parametrize("xi", [-0.3, 0.0, 0.5])
def test_inflation_restores_the_interval_of_copied_exceedances(xi: float) -> None:
    """Every other exceedance stands four times: without inflation .90 becomes about .62."""
    rng = np.random.default_rng([7, int(100 * (xi + 1))])
    clusters = np.concatenate([np.repeat(np.arange(500), 4), np.arange(500, 1000)])
    adjusted = plain = 0
    for _ in range(TRIALS // 2):
        single = drawn(rng, xi, 1000)
        y = np.concatenate([np.repeat(single[:500], 4), single[500:]])
        order = np.argsort(y)
        fit = pareto_fit(y[order])
        inflation = cluster_inflation(y[order], fit, clusters[order])
        lower, upper = profile_interval(y[order], fit, LEVEL, inflation=inflation)
        adjusted += lower <= xi <= upper
        lower, upper = profile_interval(y[order], fit, LEVEL)
        plain += lower <= xi <= upper
    assert_coverage_within(adjusted, TRIALS // 2, 0.87, 0.92)
    assert_coverage_within(plain, TRIALS // 2, 0.5, 0.75)


@pytest.mark.parametrize("xi", [-0.5, *SHAPES])
@pytest.mark.parametrize("count", [50, 1000])
def test_p_value_of_the_fit(xi: float, count: int) -> None:
    rng = np.random.default_rng([9, count, int(100 * (xi + 1))])
    p = np.empty(TRIALS)
    for i in range(TRIALS):
        y = np.sort(drawn(rng, xi, count))
        p[i] = fit_p(y, pareto_fit(y))
    for level, slack in ((0.25, 0.02), (0.05, 0.008), (0.01, 0.003)):
        hits = int((p < level).sum())
        assert_coverage_within(hits, TRIALS, level - slack, level + slack)
