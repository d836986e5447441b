"""Divergences of rank pressures against quadrature of their density, with atoms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

from overopt.pressure import BestOfN, BestOfPoisson, RankPressure, Threshold

Density = Callable[[float], float]
CASES: list[tuple[RankPressure, float, Density]] = [
    (BestOfN(), 1.0, lambda q: 1.0),
    (BestOfN(), 3.0, lambda q: 3 * q**2),
    (BestOfN(), 12.0, lambda q: 12 * q**11),
    (BestOfPoisson(), 1.0, lambda q: 1.0),
    (BestOfPoisson(), 2.5, lambda q: (1 + 1.5 * q) * np.exp(1.5 * (q - 1))),
    (BestOfPoisson(), 40.0, lambda q: (1 + 39 * q) * np.exp(39 * (q - 1))),
    (Threshold(), 1.0, lambda q: 1.0),
    (Threshold(), 3.3, lambda q: 3.3 * (q > 1 - 1 / 3.3)),
    (Threshold(), 10.0, lambda q: 10.0 * (q > 0.9)),
]
GROUPS = {
    "no ties": np.arange(10.0),
    "a tie at the top": np.array([0.0, 1, 2, 3, 4, 5, 6, 9, 9, 9]),
    "ties everywhere": np.array([0.0, 0, 0, 1, 1, 2, 3, 3, 3, 3]),
    "binary": np.array([0.0] * 6 + [1.0] * 4),
    "constant": np.zeros(10),
}


def integral(part: Callable[[float], float], low: float, high: float, cut: float) -> float:
    points = [cut] if low < cut < high else None
    return quad(part, low, high, points=points, epsabs=1e-12, limit=200)[0]


def flattened(group: np.ndarray, density: Density, cut: float) -> tuple[float, float, float]:
    """KL, mean square of the ratio and win rate, the density replaced by its mean on each tie."""
    kl = square = win_rate = 0.0
    for value in np.unique(group):
        low, high = np.mean(group < value), np.mean(group <= value)
        if np.sum(group == value) > 1:
            ratio = integral(density, low, high, cut) / (high - low)
            kl += (high - low) * ratio * np.log(ratio) if ratio > 0 else 0.0
            square += (high - low) * ratio**2
            win_rate += (high - low) * ratio * (low + high) / 2
        else:
            kl += integral(lambda q: density(q) * np.log(density(q) or 1), low, high, cut)
            square += integral(lambda q: density(q) ** 2, low, high, cut)
            win_rate += integral(lambda q: density(q) * q, low, high, cut)
    return kl, square, win_rate


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_divergences_are_integrals_of_the_density(case: int, group: str) -> None:
    pressure, strength, density = CASES[case]
    kl, square, win_rate = flattened(GROUPS[group], density, 1 - 1 / strength)
    found = pressure.divergences(GROUPS[group][None], np.array([strength]))
    assert found.kl[0] == pytest.approx(kl, abs=1e-9)
    assert found.chi_square[0] == pytest.approx(square - 1, abs=1e-9)
    assert found.win_rate[0] == pytest.approx(win_rate, abs=1e-9)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_density_is_the_limit_of_the_weights(case: int) -> None:
    pressure, strength, density = CASES[case]
    size = 2000
    ratio = size * pressure.rank_weights(size, np.array([strength]))[0]
    middle = (np.arange(size) + 0.5) / size
    expected = np.array([density(q) for q in middle])
    away = np.abs(middle - (1 - 1 / strength)) > 1 / size  # a threshold cuts one candidate in two
    np.testing.assert_allclose(ratio[away], expected[away], rtol=0.02, atol=1e-3 * strength)
