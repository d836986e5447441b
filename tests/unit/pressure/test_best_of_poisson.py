"""Best-of-Poisson against its published divergences and as a mixture of best-of-n."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from overopt.pressure import BestOfN, BestOfPoisson

GROUP = np.arange(8.0)[None]


@pytest.mark.parametrize(
    ("rate", "kl"), [(1, 0.107154), (3, 0.494575), (10, 1.408032), (50, 2.932226)]
)
def test_published_kl(rate: int, kl: float) -> None:
    found = BestOfPoisson().divergences(GROUP, np.array([1.0 + rate]))
    assert found.kl[0] == pytest.approx(kl, abs=5e-7)


@pytest.mark.parametrize(
    ("rate", "poisson_mean", "fixed_mean"), [(3, 0.772246, 0.766832), (10, 0.910000, 0.909590)]
)
def test_selected_quantile_beats_best_of_n_at_equal_kl(
    rate: int, poisson_mean: float, fixed_mean: float
) -> None:
    from scipy.optimize import brentq

    found = BestOfPoisson().divergences(GROUP, np.array([1.0 + rate]))
    assert found.win_rate[0] == pytest.approx(poisson_mean, abs=5e-7)
    n = brentq(lambda n: np.log(n) - (n - 1) / n - found.kl[0], 1.01, 1000)
    assert BestOfN().divergences(GROUP, np.array([n])).win_rate[0] == pytest.approx(
        fixed_mean, abs=5e-7
    )


def test_weights_are_those_of_best_of_n_averaged_over_n() -> None:
    proxies = np.array([[0.2, 1.0, 1.0, -3.0, 0.5]])
    rate = 1.3
    rivals = np.arange(4)
    chance = np.append(poisson.pmf(rivals, rate), poisson.sf(3, rate))  # n > 5 is served as 5
    expected = chance @ BestOfN().weights(proxies, np.arange(1.0, 6.0))[0]
    found = BestOfPoisson().weights(proxies, np.array([1 + rate]))[0, 0]
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-4)


@pytest.mark.parametrize("rate", [0.0, 1e-5, 1e-3, 39.0, 41.0, 700.0, 5000.0])
def test_kl_stays_accurate_at_extreme_rates(rate: float) -> None:
    """mu^2 / 6 for small rates; for large ones the gap to best-of-n of the same mean vanishes."""
    kl = BestOfPoisson().divergences(GROUP, np.array([1 + rate])).kl[0]
    if rate < 1:
        assert kl == pytest.approx(rate**2 / 6, rel=0.01, abs=2e-9)
    else:
        fixed = np.log(1 + rate) - rate / (1 + rate)
        assert kl == pytest.approx(fixed, abs=2 / rate)


def test_strengths_that_ask_for_too_many_candidates_are_marked() -> None:
    strengths = np.array([1.0, 2.0, 3.0, 4.0, 8.0])
    beyond = poisson.sf(7, strengths - 1)  # more than 8 candidates: more than 7 rivals
    np.testing.assert_array_equal(BestOfPoisson().unreliable(8, strengths), beyond > 1e-3)
    assert BestOfPoisson().unreliable(8, strengths).tolist() == [False, False, True, True, True]
