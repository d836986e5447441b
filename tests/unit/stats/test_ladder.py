"""The ladder test: its null law, its rungs, and what clusters do to it."""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within

from overopt.stats.generalised_pareto import pareto_fits
from overopt.stats.ladder import ladder, ladder_counts, outlier_p
from overopt.stats.ladder_null import critical_values, joint_score, root_quantile

NORMAL = {0.005: -2.575829, 0.025: -1.959964, 0.5: 0.0, 0.975: 1.959964, 0.995: 2.575829}


def roots(count: int, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return pareto_fits(np.sort(rng.standard_exponential((draws, count)), axis=1)).z


@pytest.mark.parametrize("count", [50, 90, 300])
@pytest.mark.parametrize("share", list(NORMAL))
def test_quantiles_of_one_rung_are_those_of_simulated_exponential_tails(count, share):
    z = roots(count, 20_000, seed=count)
    quantile = root_quantile(np.array([count]), NORMAL[share])[0]
    assert_coverage_within(int((z < quantile).sum()), len(z), share * 0.93, min(share * 1.07, 1))


def test_quantiles_tend_to_the_normal_ones():
    assert root_quantile(np.array([10**9]), -1.7)[0] == pytest.approx(-1.7, abs=1e-3)


def test_one_rung_has_the_normal_score_and_two_that_of_a_bivariate_normal():
    from scipy.stats import multivariate_normal

    assert joint_score(1, 0.025) == pytest.approx(NORMAL[0.025], abs=1e-4)
    assert -7.5 < joint_score(6, 0.0) < joint_score(6, 1e-9)  # beyond what the grid can tell
    score = joint_score(2, 0.025)
    covariance = [[1, 0.5**0.5], [0.5**0.5, 1]]
    neither = multivariate_normal(cov=covariance).cdf([-score, -score])
    assert 1 - neither == pytest.approx(0.025, abs=1e-5)


def test_more_rungs_need_more_and_wider_levels_less():
    scores = [joint_score(rungs, 0.025) for rungs in range(1, 12)]
    assert scores == sorted(scores, reverse=True)
    low, high = critical_values(np.array([400, 200, 100, 50]), 0.80)
    lower, higher = critical_values(np.array([400, 200, 100, 50]), 0.95)
    assert (lower < low).all()
    assert (low < 0).all()
    assert (high > 0).all()
    assert (high < higher).all()


def test_an_exponential_ladder_is_significant_as_often_as_promised():
    rng = np.random.default_rng(3)
    draws, counts = 4000, np.array([200, 100, 50])
    top = np.sort(rng.standard_exponential((draws, 201)), axis=1)
    top[:, 0] = 0.0  # the threshold of the first rung: the others are exponential above it
    low, high = critical_values(counts, 0.90)
    z = np.stack([pareto_fits(top[:, -k:] - top[:, [-k - 1]]).z for k in counts], axis=1)
    for found in ((z < low).any(axis=1), (z > high).any(axis=1)):
        assert_coverage_within(int(found.sum()), draws, 0.045, 0.055)


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (0, []),
        (499, []),
        (500, [50]),
        (16_000, [1600, 800, 400, 200, 100, 50]),
        (9_999, [999, 499, 249, 124, 62]),
        (10**8, [100_000, 50_000, 25_000, 12_500, 6250, 3125, 1562, 781, 390, 195, 97]),
    ],
)
def test_rungs_halve_from_a_tenth_of_the_rows_down_to_fifty(rows, counts):
    assert ladder_counts(rows).tolist() == counts


def falling(rows: int, seed: int = 0) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).normal(size=rows))[::-1]


def test_rungs_are_invariant_under_maps_that_keep_the_shape():
    top, codes = falling(4000), np.arange(4000)
    plain, mapped = ladder(top, codes, 4000), ladder(8 * top - 3, codes, 4000)
    for one, other in zip(plain, mapped, strict=True):
        assert one.z == pytest.approx(other.z, abs=1e-6)
        assert one.xi == pytest.approx(other.xi, abs=1e-6)
        assert one.xi_upper == pytest.approx(other.xi_upper, abs=1e-5)
        assert other.threshold == pytest.approx(8 * one.threshold - 3)


def test_thresholds_are_the_next_order_statistics():
    top = falling(1000)
    assert [rung.threshold for rung in ladder(top, np.arange(1000), 1000)] == [top[100], top[50]]


def test_twins_count_as_one_draw():
    once = falling(3000)
    twice = np.repeat(once, 2) + np.tile([0, -1e-9], 3000)
    alone = ladder(twice, np.arange(6000), 6000)
    paired = ladder(twice, np.repeat(np.arange(3000), 2), 6000)
    single = ladder(once, np.arange(3000), 3000)
    assert alone[0].z == pytest.approx(2**0.5 * single[0].z, rel=0.02)
    assert paired[0].z == pytest.approx(single[0].z, rel=0.02)
    assert paired[0].prompts == 300
    width = [rung.xi_upper - rung.xi_lower for rung in (single[0], paired[0], alone[0])]
    assert width[1] == pytest.approx(width[0], rel=0.03)
    assert width[2] < 0.8 * width[1]


def test_a_rung_from_few_clusters_is_none():
    assert ladder(falling(2000), np.arange(2000) % 24, 2000) == ()


def test_the_largest_value_is_judged_by_the_rest():
    top = -np.log((np.arange(200) + 0.5) / 200)
    assert outlier_p(top, 100) > 0.05
    top[0] = 400.0
    assert outlier_p(top, 100) < 1e-3
