"""Merged moments are those of all vectors together."""

from __future__ import annotations

import numpy as np

from overopt.stats.moments import Moments


def vectors(shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(57, 4)) + shift


def test_mean_and_its_covariance() -> None:
    whole = Moments.of(vectors())
    np.testing.assert_allclose(whole.mean, vectors().mean(axis=0), atol=1e-14)
    expected = np.cov(vectors(), rowvar=False) / 57
    np.testing.assert_allclose(whole.covariance_of_mean(), expected, rtol=1e-12)


def test_parts_merge_into_the_whole() -> None:
    rows = vectors(1e6)  # a large mean, where sums of squares would cancel
    parts = [Moments.of(rows[a:b]) for a, b in ((0, 1), (1, 20), (20, 22), (22, 57))]
    merged, whole = Moments.merged(parts), Moments.of(rows)
    assert merged.count == 57
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-15)
    np.testing.assert_allclose(merged.scatter, whole.scatter, atol=1e-7)


def test_one_vector_has_no_covariance() -> None:
    assert np.isnan(Moments.of(vectors()[:1]).covariance_of_mean()).all()


def test_contrasts_of_moments_are_moments_of_contrasts() -> None:
    contrasts = np.array([[-1.0, 1, 0, 0], [0, 0.5, 0.5, -1]])
    mapped, direct = Moments.of(vectors()).map(contrasts), Moments.of(vectors() @ contrasts.T)
    np.testing.assert_allclose(mapped.mean, direct.mean, atol=1e-14)
    np.testing.assert_allclose(mapped.scatter, direct.scatter, atol=1e-12)
