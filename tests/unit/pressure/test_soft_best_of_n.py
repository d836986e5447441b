"""Soft best-of-n against every subset, and at its two limits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.pressure import BestOfN, KLTilt, SoftBestOfN

GROUP = np.array([0.3, -1.2, 2.0, 2.0, 0.9, -0.4, 1.1])


def enumerated(scores: np.ndarray, n: int, sharpness: float) -> np.ndarray:
    """Mean softmax share over all subsets of n candidates."""
    gain = np.exp(sharpness * (scores - scores.max()))
    total, chosen = np.zeros(len(scores)), list(combinations(range(len(scores)), n))
    for subset in chosen:
        members = list(subset)
        total[members] += gain[members] / gain[members].sum()
    return total / len(chosen)


@pytest.mark.parametrize("sharpness", [0.0, 0.4, 2.0, 15.0])
def test_weights_match_every_subset(sharpness: float) -> None:
    n = np.arange(1.0, 8.0)
    found = SoftBestOfN(sharpness=sharpness).weights(GROUP[None], n)[0]
    expected = [enumerated(GROUP, size, sharpness) for size in range(1, 8)]
    np.testing.assert_allclose(found, expected, atol=2e-8)


def test_a_sharp_choice_is_best_of_n() -> None:
    n = np.array([1.0, 2.0, 5.0])
    found = SoftBestOfN(sharpness=400.0).weights(GROUP[None], n)
    np.testing.assert_allclose(found, BestOfN().weights(GROUP[None], n), atol=2e-8)


def test_all_candidates_make_it_the_kl_tilt() -> None:
    found = SoftBestOfN(sharpness=1.3).weights(GROUP[None], np.array([7.0]))
    np.testing.assert_allclose(found, KLTilt().weights(GROUP[None], np.array([1.3])), atol=2e-8)


def test_groups_larger_than_one_block_of_memory() -> None:
    scores = np.random.default_rng(0).normal(size=(3, 200))
    soft = SoftBestOfN(sharpness=1.0)
    found = soft.weights(scores, np.array([2.0, 64.0]))
    gain = np.exp(scores[0])
    pairs = gain[:, None] / (gain[:, None] + gain)
    expected = (pairs.sum(axis=1) - 0.5) * 2 / (200 * 199)
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=2), 1, atol=1e-12)


@pytest.mark.parametrize("sharpness", [-1.0, float("nan"), float("inf")])
def test_a_senseless_sharpness_is_refused(sharpness: float) -> None:
    with pytest.raises(BadOption, match="sharpness"):
        SoftBestOfN(sharpness=sharpness)


def test_strengths_are_whole_numbers_up_to_64() -> None:
    strengths = SoftBestOfN(sharpness=1.0).default_strengths([], 1000)
    assert strengths.tolist() == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]
    assert SoftBestOfN(sharpness=1.0).default_strengths([], 7).tolist() == [1, 2, 3, 4, 6, 7]
