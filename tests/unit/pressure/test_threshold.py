"""Threshold against its closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from overopt.pressure import Threshold


def test_keeps_the_stated_share_in_part_where_needed() -> None:
    proxies = np.array([[3.0, 1.0, 2.0, 0.0]])
    weights = Threshold().weights(proxies, np.array([1.0, 4 / 3, 1.6, 2.0, 4.0]))[0]
    expected = [
        [0.25, 0.25, 0.25, 0.25],
        [1 / 3, 1 / 3, 1 / 3, 0],
        [0.4, 0.2, 0.4, 0],
        [0.5, 0, 0.5, 0],
        [1, 0, 0, 0],
    ]
    np.testing.assert_allclose(weights, expected, atol=1e-15)


def test_the_tie_group_at_the_boundary_is_shared() -> None:
    weights = Threshold().weights(np.array([[5.0, 1.0, 1.0, 0.0]]), np.array([2.0]))[0, 0]
    np.testing.assert_allclose(weights, [0.5, 0.25, 0.25, 0], atol=1e-15)


@pytest.mark.parametrize("kept", [1.0, 0.5, 0.3, 0.01])
def test_divergences(kept: float) -> None:
    found = Threshold().divergences(np.arange(8.0)[None], np.array([1 / kept]))
    assert found.kl[0] == pytest.approx(-np.log(kept), abs=1e-12)
    assert found.chi_square[0] == pytest.approx(1 / kept - 1, abs=1e-12)
    assert found.win_rate[0] == pytest.approx(1 - kept / 2, abs=1e-12)


def test_a_tied_top_caps_the_kl() -> None:
    """A fifth ties at the top: keeping less serves the same fifth."""
    proxies = np.array([[0.0, 1.0, 2.0, 3.0, 9.0] * 2])
    found = Threshold().divergences(proxies, np.array([5.0, 50.0]))
    np.testing.assert_allclose(found.kl, np.log(5), atol=1e-12)
    np.testing.assert_allclose(found.chi_square, 4, atol=1e-12)


def test_less_than_one_candidate_cannot_be_shown() -> None:
    marked = Threshold().unreliable(8, np.array([1.0, 8.0, 8.1, 16.0]))
    assert marked.tolist() == [False, False, True, True]
