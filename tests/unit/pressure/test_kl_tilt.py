"""KL tilt against closed forms: two points, and normal scores on a fine grid of quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from overopt.pressure import KLTilt

QUANTILES = (np.arange(400_000) + 0.5) / 400_000


def test_two_candidates_follow_the_logistic_curve() -> None:
    strengths = np.array([0.0, 0.5, 3.0])
    weights = KLTilt().weights(np.array([[10.0, 12.0]]), strengths)[0]
    share = 1 / (1 + np.exp(-2 * strengths))
    np.testing.assert_allclose(weights, np.stack([1 - share, share], axis=1), atol=1e-15)
    kl = share * np.log(2 * share) + (1 - share) * np.log(2 * (1 - share))
    found = KLTilt().divergences(np.array([[10.0, 12.0]]), strengths)
    np.testing.assert_allclose(found.kl, kl, atol=1e-15)
    np.testing.assert_allclose(found.chi_square, (2 * share - 1) ** 2, atol=1e-15)
    np.testing.assert_allclose(found.win_rate, 0.25 + share / 2, atol=1e-15)


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
def test_normal_scores_shift_by_the_strength(strength: float) -> None:
    """KL is strength^2 / 2 nats, chi-square exp(strength^2) - 1."""
    scores = ndtri(QUANTILES)[None]
    weights = KLTilt().weights(scores, np.array([strength]))[0, 0]
    found = KLTilt().divergences(scores, np.array([strength]))
    assert weights @ scores[0] == pytest.approx(strength, abs=3e-4)
    assert found.kl[0] == pytest.approx(strength**2 / 2, abs=3e-4)
    assert found.chi_square[0] == pytest.approx(np.expm1(strength**2), rel=2e-3)


def test_gold_and_error_both_normal() -> None:
    """Gold N(0, 4), error N(0, 1): at 1 / beta = 1/2 gold is 2, the proxy 2.5, KL 0.625 nats."""
    scores = np.sqrt(5) * ndtri(QUANTILES)[None]
    weights = KLTilt().weights(scores, np.array([0.5]))[0, 0]
    assert weights @ (0.8 * scores[0]) == pytest.approx(2.0, abs=2e-3)
    assert weights @ scores[0] == pytest.approx(2.5, abs=2e-3)
    assert KLTilt().divergences(scores, np.array([0.5])).kl[0] == pytest.approx(0.625, abs=1e-3)


@pytest.mark.parametrize(("rate", "mean"), [(0.494575, 0.772408), (1.408032, 0.910006)])
def test_best_trade_of_quantile_against_kl(rate: float, mean: float) -> None:
    """The tilt of the quantile itself is the optimum that best-of-Poisson comes close to."""
    from scipy.optimize import brentq

    quantile = (np.arange(4000)[None] + 0.5) / 4000

    def excess(strength: float) -> float:
        return float(KLTilt().divergences(quantile, np.array([strength])).kl[0]) - rate

    strength = brentq(excess, 0.1, 50)
    weights = KLTilt().weights(quantile, np.array([strength]))[0, 0]
    assert weights @ quantile[0] == pytest.approx(mean, abs=2e-6)


def test_slope_is_strength_times_covariance() -> None:
    rng = np.random.default_rng(0)
    scores, gold = rng.normal(size=(1, 30)), rng.normal(size=30)
    strength = np.array([1.7])
    weights = KLTilt().weights(scores, strength)[0, 0]
    covariance = weights @ (scores[0] * gold) - (weights @ scores[0]) * (weights @ gold)
    slope = KLTilt().slope_weights(scores, strength)[0, 0] @ gold
    assert slope == pytest.approx(1.7 * covariance, abs=1e-12)


def test_kl_grid_has_the_kl_of_best_of_n() -> None:
    scores = ndtri((np.arange(4000) + 0.5) / 4000)[None].repeat(2, axis=0)
    strengths = KLTilt().default_strengths([scores], 64)
    found = KLTilt().divergences(scores, strengths).kl
    n = 2 ** (np.arange(1, len(strengths)) / 2)
    np.testing.assert_allclose(found[1:], np.log(n) - (n - 1) / n, atol=0.02)
    assert found[-1] <= 0.6 * np.log(64)
