"""Anderson-Darling p-values are uniform under the law, small off it, and defined for bad data."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy.stats import genpareto

from overopt.stats.generalised_pareto import pareto_fit
from overopt.stats.goodness_of_fit import anderson_darling, fit_p

ROOT = Path(__file__).resolve().parents[3]


def test_the_statistic_is_its_integral() -> None:
    """A^2 = count * integral of (F_count - F)^2 / (F (1 - F)) dF."""
    y = np.sort(np.random.default_rng(1).exponential(size=12))
    xi, scale = 0.2, 0.9
    p = (np.arange(2_000_000) + 0.5) / 2_000_000
    empirical = np.searchsorted(genpareto.cdf(y, xi, scale=scale), p, side="right") / 12
    integral = 12 * np.mean((empirical - p) ** 2 / (p * (1 - p)))
    found = anderson_darling(y[None], np.array([xi]), np.array([scale]))
    assert found[0] == pytest.approx(integral, abs=1e-4)


@pytest.mark.parametrize(("xi", "count"), [(-0.4, 100), (0.12, 50), (0.7, 400)])
def test_p_values_are_uniform_under_the_law(xi: float, count: int) -> None:
    rng = np.random.default_rng(2)
    trials = 1500
    p = np.empty(trials)
    for i in range(trials):
        y = np.sort(genpareto.rvs(xi, size=count, random_state=rng))
        p[i] = fit_p(y, pareto_fit(y))
    for level, slack in ((0.5, 0.03), (0.05, 0.01), (0.01, 0.004)):
        assert_coverage_within(int((p < level).sum()), trials, level - slack, level + slack)


def test_a_mixture_is_rejected_and_a_bend_found() -> None:
    rng = np.random.default_rng(3)
    mixture = np.sort(np.concatenate([rng.exponential(size=400), 8 + rng.uniform(size=100)]))
    assert fit_p(mixture, pareto_fit(mixture)) < 1e-6
    rounded = np.ceil(rng.exponential(size=500))
    assert fit_p(np.sort(rounded), pareto_fit(np.sort(rounded))) < 1e-6


def test_p_falls_as_the_statistic_grows() -> None:
    y = np.sort(np.random.default_rng(4).exponential(size=300))
    fit = pareto_fit(y)
    bent = [np.sort(y + 0.02 * step * np.sin(6 * y)) for step in range(8)]
    laws = np.array([fit.xi]), np.array([fit.scale])
    found = sorted((float(anderson_darling(b[None], *laws)[0]), fit_p(b, fit)) for b in bent)
    p = [pair[1] for pair in found]
    assert p == sorted(p, reverse=True)
    assert 0 < p[-1] < p[0] < 1


def test_no_p_without_a_law_inside_the_range() -> None:
    uniform = np.arange(1, 61) / 60
    assert np.isnan(fit_p(uniform, pareto_fit(uniform)))
    assert np.isnan(fit_p(np.zeros(5), pareto_fit(np.zeros(5))))


def test_an_exceedance_of_zero_has_no_chance() -> None:
    y = np.append(0.0, np.sort(np.random.default_rng(5).exponential(size=80)))
    assert fit_p(y, pareto_fit(y)) == 0


def test_printed_values_of_classic_tails() -> None:
    """The same function as ``make reference``."""
    folder = ROOT / "../shared/data"
    if not (folder / "tail_reference.parquet").exists():
        pytest.skip("the data of published tails are not passed on with the code")
    values = list(runpy.run_path(str(ROOT / "benchmarks/reference.py"))["values"](folder))
    assert len(values) > 100
    assert [value for value in values if not value.kept] == []
