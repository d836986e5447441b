"""Pareto shapes of known laws, and the diagnostics of exponential tilts of normal scores."""

from __future__ import annotations

import numpy as np
import pytest

from overopt.pressure import KLTilt
from overopt.stats.pareto import pareto_k, pareto_shape


@pytest.mark.parametrize("shape", [-0.4, 0.1, 0.5, 0.7, 1.3])
def test_shape_of_generalised_pareto_quantiles(shape: float) -> None:
    tail = (np.arange(3000) + 0.5) / 3000
    excess = ((1 - tail) ** -shape - 1) / shape
    assert pareto_shape(excess) == pytest.approx(shape, abs=0.01)
    assert pareto_shape(1e6 * excess) == pytest.approx(pareto_shape(excess), abs=1e-9)


def test_shape_of_exponential_quantiles() -> None:
    assert pareto_shape(-np.log(1 - (np.arange(3000) + 0.5) / 3000)) == pytest.approx(0, abs=0.01)


def test_few_exceedances_are_drawn_to_one_half() -> None:
    """Ten observations' worth of prior: with ten exceedances the fit counts half."""
    tail = (np.arange(10) + 0.5) / 10
    raw = 2 * pareto_shape(1 / (1 - tail) - 1) - 0.5
    assert raw == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize(
    "weights", [np.ones(500), np.array([0.2, 0.8]), np.zeros(30), np.eye(100)[0]]
)
def test_no_tail_no_k(weights: np.ndarray) -> None:
    assert np.isnan(pareto_k(weights))


def test_k_has_no_unit_and_ignores_candidates_never_served() -> None:
    weights = np.exp(2 * np.random.default_rng(0).normal(size=800))
    assert pareto_k(weights / weights.sum()) == pytest.approx(pareto_k(weights), abs=1e-9)
    assert pareto_k(np.append(weights, np.zeros(500))) == pareto_k(weights)


TILTS_OF_A_THOUSAND = [  # strength, mean effective sample size, mean KL, mean Pareto k
    (1.0, 367, 0.505, 0.31),
    (2.0, 56, 1.82, 0.67),
    (2.5, 25, 2.78, 0.87),
    (3.0, 13, 3.46, 1.06),
    (4.0, 6, 4.57, 1.43),
]


@pytest.mark.parametrize(("strength", "ess", "kl", "k"), TILTS_OF_A_THOUSAND)
def test_diagnostics_of_tilted_normal_scores(
    strength: float, ess: float, kl: float, k: float
) -> None:
    scores = np.random.default_rng(1).normal(size=(150, 1000))
    at = np.array([strength])
    weights = KLTilt().weights(scores, at)[:, 0]
    shapes = np.array([pareto_k(row) for row in weights])
    sizes = 1 / (weights**2).sum(axis=1)
    divergence = np.array([KLTilt().divergences(row[None], at).kl[0] for row in scores])
    for found, published, rounding in (
        (sizes, ess, 1.5),
        (divergence, kl, 0.05),
        (shapes, k, 0.03),
    ):
        margin = 5 * found.std() / np.sqrt(len(found))
        assert found.mean() == pytest.approx(published, abs=margin + rounding)


def test_heavy_scores_leave_one_candidate() -> None:
    """Student t with 3 degrees of freedom has no exponential tilt: the argmax takes over."""
    scores = np.random.default_rng(2).standard_t(3, size=(20, 10_000))
    weights = KLTilt().weights(scores, np.array([1.0]))[:, 0]
    assert np.median(1 / (weights**2).sum(axis=1)) < 1.5
    assert np.median([pareto_k(row) for row in weights]) > 1.5
