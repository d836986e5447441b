"""Copies are found where they are, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from overopt.tails.near_repeats import repeat_width
from overopt.tails.spread import scale_spread

LAWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "t3": lambda rng, shape: rng.standard_t(3, size=shape),
    "cauchy": lambda rng, shape: rng.standard_cauchy(size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape),
    "lognormal": lambda rng, shape: np.exp(2 * rng.normal(size=shape)),
    "beta": lambda rng, shape: rng.beta(0.3, 0.3, size=shape),
    "rounded": lambda rng, shape: np.round(rng.normal(size=shape), 2),
}


def gaps_of(rows: np.ndarray) -> tuple[np.ndarray, float]:
    ordered = np.sort(rows, axis=1)
    away = np.abs(rows - np.median(rows, axis=1, keepdims=True))
    return np.diff(ordered, axis=1).ravel(), float(np.quantile(away, 0.75)) / (16 * rows.shape[1])


@pytest.mark.parametrize("law", list(LAWS))
@pytest.mark.parametrize("size", [2, 4, 16, 128])
def test_independent_draws_have_no_copies(law, size):
    rows = LAWS[law](np.random.default_rng(size), (8000 // size, size))
    assert repeat_width(*gaps_of(rows)) == -1


@pytest.mark.parametrize("width", [0.0, 1e-9, 1e-6, 1e-3])
def test_copies_within_any_small_width_are_found(width):
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(500, 16))
    rows[:, 10:] = rows[:, :1] + width * rng.uniform(size=(500, 6))
    found = repeat_width(*gaps_of(rows))
    assert width / 2 <= found <= max(20 * width, 0.01)


def spread_of(log_sd: float, size: int, groups: int = 600, seed: int = 0):
    rng = np.random.default_rng(seed)
    scale = np.exp(log_sd * rng.normal(size=(groups, 1)))
    return scale_spread([np.sort(scale * rng.standard_t(3, size=(groups, size)), axis=1)])


@pytest.mark.parametrize("size", [4, 5, 16])
def test_the_spread_of_scales_is_recovered_and_zero_is_zero(size):
    even, uneven = spread_of(0.0, size), spread_of(0.5, size)
    assert even is not None
    assert uneven is not None
    assert uneven.uneven
    assert uneven.log_sd == pytest.approx(0.5, abs=0.15)
    assert not even.uneven


def test_small_groups_and_few_groups_cannot_tell():
    assert spread_of(0.5, 3) is None
    assert spread_of(0.5, 8, groups=6) is None
    assert scale_spread([np.zeros((50, 8))]) is None


def test_the_spread_of_scales_knows_no_order_of_groups_and_no_unit():
    rng = np.random.default_rng(8)
    rows = np.sort(rng.standard_t(3, size=(300, 16)), axis=1)
    found, shuffled, other = map(
        scale_spread, ([rows], [rows[rng.permutation(300)]], [256 * rows + 64])
    )
    assert found.z == pytest.approx(shuffled.z, rel=1e-9)
    assert found.z == pytest.approx(other.z, rel=1e-9)
