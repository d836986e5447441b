"""Ranks with ties against the definition, candidate by candidate."""

from __future__ import annotations

import numpy as np

from overopt.stats.order import ranking


def tied_scores() -> np.ndarray:
    scores = np.random.default_rng(0).integers(0, 6, size=(40, 9)).astype(float)
    scores[3] = np.arange(9)[::-1]  # no ties
    scores[4] = 2.0  # nothing else
    return scores


def test_order_sorts_every_group() -> None:
    scores = tied_scores()
    ranked = ranking(scores)
    np.testing.assert_array_equal(ranked.scores, np.sort(scores, axis=1))
    np.testing.assert_array_equal(ranked.sorted_values(scores), ranked.scores)
    assert ranked.size == 9
    assert 3 not in ranked.tied
    assert 4 in ranked.tied


def test_bounds_count_the_worse_and_the_not_better() -> None:
    scores = tied_scores()
    start, stop = ranking(scores).bounds()
    np.testing.assert_array_equal(start, (scores[:, None, :] < scores[:, :, None]).sum(axis=2))
    np.testing.assert_array_equal(stop, (scores[:, None, :] <= scores[:, :, None]).sum(axis=2))


def test_values_of_a_tie_group_become_their_mean() -> None:
    scores = tied_scores()
    values = np.random.default_rng(1).normal(size=scores.shape)
    same = scores[:, :, None] == scores[:, None, :]
    means = np.where(same, values[:, None, :], 0).sum(axis=2) / same.sum(axis=2)
    expected = np.take_along_axis(means, np.argsort(scores, axis=1), axis=1)
    np.testing.assert_allclose(ranking(scores).sorted_values(values), expected, atol=1e-14)


def test_values_without_ties_are_untouched() -> None:
    values = np.array([[1e300, 0.1, -1e300]])
    ordered = ranking(np.array([[3.0, 1.0, 2.0]])).sorted_values(values)
    np.testing.assert_array_equal(ordered, [[0.1, -1e300, 1e300]])


def test_atoms_are_the_tie_groups_with_their_counts() -> None:
    scores = np.array([[1.0, 1, 2, 3], [5, 5, 6, 7], [0, 1, 1, 1], [4, 3, 2, 1], [8, 8, 8, 8]])
    start, stop, count = ranking(scores).atoms()
    found = {(int(a), int(b)): int(c) for a, b, c in zip(start, stop, count, strict=True)}
    assert found == {(0, 2): 2, (1, 4): 1, (0, 4): 1}


def test_one_candidate_has_rank_one() -> None:
    ranked = ranking(np.array([[2.5], [7.0]]))
    assert [bound.tolist() for bound in ranked.bounds()] == [[[0], [0]], [[1], [1]]]
    assert len(ranked.atoms()[0]) == 0
