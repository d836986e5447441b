"""Generalised Pareto fits: stationarity, brute force, equivariance, and data without an answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import genpareto

from overopt.stats.generalised_pareto import (
    ParetoFit,
    cluster_inflation,
    pareto_fit,
    pareto_fits,
    profile_interval,
    zhang_stephens_xi,
)

RNG = np.random.default_rng(31)
SAMPLES = {
    "exponential": np.sort(RNG.exponential(size=200)),
    "heavy": np.sort(genpareto.rvs(1.5, size=100, random_state=RNG)),
    "very heavy": np.sort(genpareto.rvs(4.0, size=60, random_state=RNG)),
    "light": np.sort(np.abs(RNG.normal(size=300))),
    "small": np.sort(RNG.exponential(size=6)),
}


def loglik(y: np.ndarray, xi: float, scale: float) -> float:
    return float(genpareto.logpdf(y, xi, scale=scale).sum())


@pytest.mark.parametrize("y", SAMPLES.values(), ids=SAMPLES)
def test_the_fit_is_the_largest_likelihood_of_scipys_law(y: np.ndarray) -> None:
    fit = pareto_fit(y)
    assert fit.loglik == pytest.approx(loglik(y, fit.xi, fit.scale), abs=1e-8)
    for xi in (fit.xi - 1e-4, fit.xi, fit.xi + 1e-4):
        for scale in (0.9999 * fit.scale, fit.scale, 1.0001 * fit.scale):
            assert loglik(y, xi, scale) <= fit.loglik + 1e-9
    assert fit.loglik_exponential == pytest.approx(loglik(y, 0.0, y.mean()), abs=1e-8)


def brute_loglik(y: np.ndarray) -> float:
    """Largest likelihood with xi >= -1 on a fine grid of theta."""
    place = np.linspace(-10, 12, 8000)
    theta = np.expm1(place[place != 0]) / y[-1]
    xi = np.log1p(theta[:, None] * y).mean(axis=1)
    scale = (xi / theta)[xi > -1]
    inside = -len(y) * (np.log(scale) + 1 + xi[xi > -1])
    return max(float(inside.max()), -len(y) * float(np.log(y[-1])))


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(10, 60),
    power=st.sampled_from([-3.0, -1.0, -0.3, 0.3, 0.7, 1.0, 2.0]),
    grid=st.sampled_from([0.0, 0.2]),
)
def test_no_grid_finds_a_larger_likelihood(
    seed: int, count: int, power: float, grid: float
) -> None:
    uniform = np.random.default_rng(seed).uniform(size=count)
    y = uniform**power - (1 if power < 0 else 0)
    if grid:
        y = np.ceil(y / grid) * grid
    fit = pareto_fit(np.sort(y))
    assert fit.loglik >= brute_loglik(np.sort(y)) - 1e-6
    assert fit.xi >= -1


@pytest.mark.parametrize("unit", [1e-250, 1e6, 1e250])
@pytest.mark.parametrize("y", SAMPLES.values(), ids=SAMPLES)
def test_a_new_unit_changes_only_the_scale(y: np.ndarray, unit: float) -> None:
    fit, other = pareto_fit(y), pareto_fit(unit * y)
    assert (other.xi, other.xi_error) == pytest.approx((fit.xi, fit.xi_error), abs=1e-8)
    assert other.scale == pytest.approx(unit * fit.scale, rel=1e-8)
    assert other.scale_error == pytest.approx(unit * fit.scale_error, rel=1e-7)
    assert other.z == pytest.approx(fit.z, abs=1e-6)
    assert profile_interval(unit * y, other) == pytest.approx(profile_interval(y, fit), abs=1e-6)
    assert zhang_stephens_xi(unit * y) == pytest.approx(zhang_stephens_xi(y), abs=1e-9)
    pairs = np.arange(len(y)) // 2
    inflation = cluster_inflation(y, fit, pairs)
    assert cluster_inflation(unit * y, other, pairs) == pytest.approx(inflation, rel=1e-6)


def test_many_fits_are_the_single_fits() -> None:
    y = np.sort(RNG.exponential(size=(40, 50)) ** RNG.uniform(0.3, 3, size=(40, 1)), axis=1)
    fits = pareto_fits(y)
    for i, row in enumerate(y):
        fit = pareto_fit(row)
        assert (fits.xi[i], fits.scale[i], fits.z[i]) == (fit.xi, fit.scale, fit.z)


@pytest.mark.parametrize("y", SAMPLES.values(), ids=SAMPLES)
def test_errors_are_those_of_the_curvature(y: np.ndarray) -> None:
    fit = pareto_fit(y)
    steps = np.array([1e-3, 1e-3 * fit.scale])

    def at(i: float, j: float) -> float:
        return loglik(y, fit.xi + i * steps[0], fit.scale + j * steps[1])

    hessian = np.array(
        [
            [
                at(1, 0) + at(-1, 0) - 2 * at(0, 0),
                (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4,
            ],
            [
                (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4,
                at(0, 1) + at(0, -1) - 2 * at(0, 0),
            ],
        ]
    ) / np.outer(steps, steps)
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    assert (fit.xi_error, fit.scale_error) == pytest.approx(errors, rel=2e-3)


@pytest.mark.parametrize("y", SAMPLES.values(), ids=SAMPLES)
def test_profile_ends_lie_at_the_quantile_of_the_likelihood_ratio(y: np.ndarray) -> None:
    fit = pareto_fit(y)
    low, high = profile_interval(y, fit, 0.90)
    for end in (low, high) if low > -1 else (high,):
        scales = fit.scale * np.exp(np.linspace(-3, 3, 6_001))
        ratios = 1 + end * y[-1] / scales
        profile = max(
            -len(y) * np.log(s) - (1 + 1 / end) * np.log1p(end * y / s).sum()
            for s in scales[ratios > 0]
        )
        assert 2 * (fit.loglik - profile) == pytest.approx(1.6448536**2, abs=1e-3)


def test_critical_values_and_inflation_move_the_ends() -> None:
    y = SAMPLES["light"]
    fit = pareto_fit(y)
    plain = profile_interval(y, fit)
    assert profile_interval(y, fit, critical=(-1.959964, 1.959964)) == pytest.approx(
        plain, abs=1e-5
    )
    assert profile_interval(y, fit, inflation=4.0) == pytest.approx(
        profile_interval(y, fit, critical=(-3.919928, 3.919928)), abs=1e-5
    )
    low, high = profile_interval(y, fit, critical=(-1.959964, 1.5))
    assert low > plain[0]
    assert high == pytest.approx(plain[1], abs=1e-5)
    assert profile_interval(y, fit, critical=(0.0, 0.0)) == (fit.xi, fit.xi)


def test_a_uniform_tail_is_fitted_at_the_end_of_the_range() -> None:
    y = np.arange(1, 51) / 50
    fit = pareto_fit(y)
    assert (fit.xi, fit.scale, fit.loglik) == (-1.0, 1.0, 0.0)
    assert np.isnan(fit.xi_error)
    low, high = profile_interval(y, fit)
    assert low == -1.0
    assert -0.98 < high < -0.6


@pytest.mark.parametrize("y", [np.zeros(20), np.zeros(1)])
def test_no_exceedance_above_zero_no_fit(y: np.ndarray) -> None:
    fit = pareto_fit(y)
    assert np.isnan([fit.xi, fit.scale, fit.z, fit.xi_error, zhang_stephens_xi(y)]).all()
    assert np.isnan(profile_interval(y, fit)).all()
    assert np.isnan(cluster_inflation(y, fit, np.arange(len(y))))


@pytest.mark.parametrize("y", [np.ones(1), np.ones(30), np.append(np.zeros(29), 1.0)])
def test_exceedances_without_variety_have_a_fit(y: np.ndarray) -> None:
    fit = pareto_fit(y)
    assert -1 <= fit.xi < np.inf
    low, high = profile_interval(y, fit)
    assert -1 <= low <= high


def test_one_row_without_spread_does_not_harm_the_others() -> None:
    y = np.stack([SAMPLES["small"], np.zeros(6)])
    fits = pareto_fits(y)
    assert fits.xi[0] == pareto_fit(SAMPLES["small"]).xi
    assert np.isnan([fits.xi[1], fits.z[1], fits.loglik_exponential[1]]).all()


def test_fits_near_the_exponential_are_smooth() -> None:
    """At the exponential quantiles plus a small bend, xi follows the bend through zero."""
    base = -np.log1p(-(np.arange(2000) + 0.5) / 2000)
    bends = np.linspace(-0.004, 0.004, 401)
    fits = pareto_fits(base + bends[:, None] * base**2 / 2)
    steps = np.diff(fits.xi)
    assert steps.min() > 0.5 * steps.mean()
    assert steps.max() < 1.5 * steps.mean()
    assert np.abs(np.diff(fits.z)).max() < 1.5 * np.abs(np.diff(fits.z)).mean()


def fitted(y: np.ndarray) -> tuple[np.ndarray, ParetoFit]:
    return y, pareto_fit(y)


@pytest.mark.parametrize("xi", [-0.7, -0.2, 0.0, 0.6])
def test_copies_in_a_cluster_multiply_the_variance(xi: float) -> None:
    y, fit = fitted(np.sort(genpareto.rvs(xi, size=3000, random_state=np.random.default_rng(7))))
    alone = cluster_inflation(y, fit, np.arange(len(y)))
    assert alone == pytest.approx(1, abs=0.25)
    copies, fit = fitted(np.repeat(y, 4))
    together = cluster_inflation(copies, fit, np.repeat(np.arange(len(y)), 4))
    assert together == pytest.approx(4 * alone, rel=0.05)
    assert np.isnan(cluster_inflation(y, fit, np.zeros(len(y), dtype=int)))


@pytest.mark.parametrize("xi", [-0.3, 0.0, 0.2, 0.7])
def test_zhang_stephens_on_quantiles(xi: float) -> None:
    y = genpareto.ppf((np.arange(4000) + 0.5) / 4000, xi)
    assert zhang_stephens_xi(y) == pytest.approx(xi, abs=0.01)
