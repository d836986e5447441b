"""Tail verdicts are wrong as rarely as promised, and intervals of the shape hold it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy import stats
from statistical.tail_cells import CLUSTERED, LAWS, table, verdicts

from overopt.stats.generalised_pareto import pareto_fit
from overopt.tails import proxy_tail

TRIALS = 4000
QUANTILES = {
    "normal": stats.norm.isf,
    "exponential": stats.expon.isf,
    "t3": stats.t(3).isf,
    "Pareto 2": stats.lomax(2).isf,
    "lognormal 1": stats.lognorm(1).isf,
}


@pytest.mark.parametrize("rows", [1000, 10_000])
@pytest.mark.parametrize("law", ["exponential", "exponential, steps of 1/16"])
def test_exponential_tails_are_seldom_called_anything(law: str, rows: int) -> None:
    found = verdicts(LAWS[law], rows, TRIALS)
    assert_coverage_within(found["heavy"], TRIALS, 0.0, 0.04)
    assert_coverage_within(found["light"], TRIALS, 0.0, 0.04)


def test_exponential_tails_of_many_rows_are_seldom_called_anything() -> None:
    found = verdicts(LAWS["exponential"], 100_000, 1000)
    assert_coverage_within(found["heavy"], 1000, 0.0, 0.04)
    assert_coverage_within(found["light"], 1000, 0.0, 0.04)


@pytest.mark.parametrize("law", ["normal", "normal, steps of 1/16", "uniform"])
def test_ten_thousand_rows_show_a_light_tail(law: str) -> None:
    found = verdicts(LAWS[law], 10_000, TRIALS)
    assert_coverage_within(found["light"], TRIALS, 0.90, 1.0)
    assert found["heavy"] <= 4


@pytest.mark.parametrize("law", ["t3", "lognormal 1", "Pareto 2"])
def test_ten_thousand_rows_show_a_heavy_tail(law: str) -> None:
    found = verdicts(LAWS[law], 10_000, TRIALS)
    assert_coverage_within(found["heavy"], TRIALS, 0.98, 1.0)
    assert found["light"] <= 4


@pytest.mark.parametrize("rows", [1000, 10_000])
@pytest.mark.parametrize(
    "cell", ["exponential, near copies", "exponential, levels differ", "exponential in 4"]
)
def test_prompts_do_not_make_an_exponential_tail_anything(cell: str, rows: int) -> None:
    law, size = CLUSTERED[cell]
    found = verdicts(law, rows, TRIALS, size=size)
    assert_coverage_within(found["heavy"], TRIALS, 0.0, 0.05)
    assert_coverage_within(found["light"], TRIALS, 0.0, 0.05)


@pytest.mark.parametrize("rows", [1000, 10_000])
@pytest.mark.parametrize("size", [4, 8, 16])
def test_prompts_of_different_scale_do_not_make_a_normal_tail_heavy(size: int, rows: int) -> None:
    law, _ = CLUSTERED[f"normal in {size}, scales differ"]
    found = verdicts(law, rows, TRIALS, size=size)
    assert_coverage_within(found["heavy"], TRIALS, 0.0, 0.05)


@pytest.mark.parametrize("size", [4, 8, 16])
def test_small_groups_do_not_make_a_heavy_tail_light(size: int) -> None:
    law, _ = CLUSTERED[f"t3 in {size}"]
    found = verdicts(law, 10_000, TRIALS, size=size)
    assert_coverage_within(found["light"], TRIALS, 0.0, 0.05)
    assert_coverage_within(found["heavy"], TRIALS, 0.90, 1.0)


@cache
def true_shape(law: str, share: float, points: int = 200_000) -> float:
    """Shape of the generalised Pareto law nearest to the law above its ``share`` quantile."""
    above = share * (np.arange(points)[::-1] + 0.5) / points
    return pareto_fit(QUANTILES[law](above) - QUANTILES[law](share)).xi


@pytest.mark.parametrize(("level", "low", "high"), [(0.90, 0.84, 0.94), (0.95, 0.90, 0.97)])
@pytest.mark.parametrize(("rows", "place"), [(1000, 0), (10_000, 1)])
@pytest.mark.parametrize("law", list(QUANTILES))
def test_intervals_hold_the_shape_at_their_depth(
    law: str, rows: int, place: int, level: float, low: float, high: float
) -> None:
    """At 100 exceedances of 1,000 rows and 500 of 10,000."""
    rng = np.random.default_rng(7)
    trials, hits = 4000, 0
    for _ in range(trials):
        rung = proxy_tail(table(LAWS[law](rng, rows)), "u", level=level).rungs[place]
        hits += rung.xi_lower <= true_shape(law, rung.share) <= rung.xi_upper
    assert_coverage_within(hits, trials, low, high)
