"""Chi-square pressure against its optimum for normal scores and its optimality conditions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from overopt.pressure import ChiSquare

OPTIMA = [  # penalty b, level, chi-square, mean proxy, for scores N(0, 1)
    (5.0, -5.000000, 0.040000, 0.200000),
    (1.0, -0.899472, 0.715271, 0.815799),
    (0.2, 0.492887, 4.311716, 1.555231),
    (0.05, 1.255582, 15.741899, 2.092677),
]


@pytest.mark.parametrize(("penalty", "level", "chi_square", "mean"), OPTIMA)
def test_normal_scores(penalty: float, level: float, chi_square: float, mean: float) -> None:
    scores = ndtri((np.arange(400_000) + 0.5) / 400_000)[None]
    at = np.array([1 / penalty])
    ratio = ChiSquare().weights(scores, at)[0, 0] * scores.size
    assert scores.max() - penalty * ratio.max() == pytest.approx(level, abs=1e-4)
    assert ratio @ scores[0] / scores.size == pytest.approx(mean, abs=3e-5)
    found = ChiSquare().divergences(scores, at)
    assert found.chi_square[0] == pytest.approx(chi_square, rel=2e-4)


def test_weights_maximise_the_penalised_mean() -> None:
    """No small move of weight between two candidates raises mean proxy - b / 2 mean ratio^2."""
    rng = np.random.default_rng(0)
    scores, penalty = rng.normal(size=12), 0.7
    weights = ChiSquare().weights(scores[None], np.array([1 / penalty]))[0, 0]
    assert (weights == 0).any()

    def value(shares: np.ndarray) -> np.ndarray:
        return shares @ scores - penalty / 2 * np.mean((12 * shares) ** 2, axis=-1)

    for giver in np.flatnonzero(weights > 1e-6):
        moved = weights + 1e-6 * (np.eye(12) - np.eye(12)[giver])
        assert np.max(value(moved) - value(weights)) <= 1e-12


def test_chi_square_of_a_weak_pressure_is_strength_squared_times_variance() -> None:
    scores = np.random.default_rng(1).normal(size=(1, 50))
    found = ChiSquare().divergences(scores, np.array([0.01])).chi_square[0]
    assert found == pytest.approx(1e-4 * scores.var(), rel=1e-9)


def test_strong_pressure_serves_the_best_candidates_equally() -> None:
    weights = ChiSquare().weights(np.array([[1.0, 4.0, 4.0, 2.0]]), np.array([1e6]))[0, 0]
    np.testing.assert_allclose(weights, [0, 0.5, 0.5, 0], atol=1e-9)
