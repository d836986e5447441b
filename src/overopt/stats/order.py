"""Ranks within groups, with ties exact.

A rank rule gives the i-th smallest of m candidates a fixed weight. Under random tie-breaking the
members of a tie group share the weights of its ranks equally, so any weighted sum over ranks is
exact once each value is replaced by the mean of its tie group. Everything here follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["Ranking", "ranking"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Ascending order of scores in each group of m candidates, and where ties are.

    ``order`` [groups, m] holds the candidate at each rank, as a position in the flattened groups,
    and ``scores`` [groups, m] its score;
    ``tied`` [tied groups] the groups that have a tie; ``start``, ``stop`` [tied groups, m] the rank
    range (from 0, stop excluded) of the tie group that each rank belongs to.
    """

    order: IntArray
    scores: FloatArray
    tied: IntArray
    start: IntArray
    stop: IntArray

    @property
    def size(self) -> int:
        """Candidates per group, m."""
        return int(self.order.shape[1])

    def sorted_values(self, values: FloatArray) -> FloatArray:
        """Values [groups, m] in rank order, each replaced by the mean of its tie group."""
        ordered = np.take(values, self.order)
        if len(self.tied):
            ordered[self.tied] = self._tie_means(ordered[self.tied])
        return ordered

    def _tie_means(self, ordered: FloatArray) -> FloatArray:
        total = np.zeros((len(ordered), self.size + 1))
        np.cumsum(ordered, axis=1, out=total[:, 1:], dtype=np.float64)
        upper = np.take_along_axis(total, self.stop, axis=1)
        lower = np.take_along_axis(total, self.start, axis=1)
        single = self.stop - self.start == 1
        means = (upper - lower) / (self.stop - self.start)
        return np.where(single, ordered, means)

    def bounds(self) -> tuple[IntArray, IntArray]:
        """Rank range [start, stop) of every candidate's tie group: two arrays [groups, m].

        In candidate order, not rank order.
        """
        groups, size = self.order.shape
        first = np.broadcast_to(np.arange(size), (groups, size)).copy()
        last = first + 1
        first[self.tied], last[self.tied] = self.start, self.stop
        start, stop = np.empty_like(first), np.empty_like(last)
        np.put(start, self.order, first)
        np.put(stop, self.order, last)
        return start, stop

    def atoms(self) -> tuple[IntArray, IntArray, IntArray]:
        """Tie groups of two or more: distinct (start, stop) rank ranges and how often each occurs.

        Three equally long vectors; enough to integrate any density over tied ranks exactly.
        """
        here = np.broadcast_to(np.arange(self.size), self.start.shape)
        leads = (here == self.start) & (self.stop - self.start > 1)
        code = self.start[leads].astype(np.int64) * (self.size + 1) + self.stop[leads]
        codes, counts = np.unique(code, return_counts=True)
        return codes // (self.size + 1), codes % (self.size + 1), counts


def ranking(scores: FloatArray) -> Ranking:
    """Ranking of finite scores [groups, m], ascending; equal scores are tied, never ordered."""
    groups, size = scores.shape
    order = np.argsort(scores, axis=1)
    order += np.arange(0, groups * size, size)[:, None]  # flat positions: a plain, fast take
    ordered = np.take(scores, order)
    same = ordered[:, 1:] == ordered[:, :-1]
    tied = np.unique(np.flatnonzero(same) // max(size - 1, 1))
    start, stop = _tie_ranges(~same[tied], size)
    return Ranking(order=order, scores=ordered, tied=tied, start=start, stop=stop)


def _tie_ranges(new: npt.NDArray[np.bool_], size: int) -> tuple[IntArray, IntArray]:
    """Start and stop rank of each rank's tie group, given where the sorted score changes."""
    groups = len(new)
    here = np.arange(size)
    leads = np.ones((groups, size), dtype=bool)
    leads[:, 1:] = new
    start = np.maximum.accumulate(np.where(leads, here, 0), axis=1)
    ends = np.ones((groups, size), dtype=bool)
    ends[:, :-1] = new
    stop = np.minimum.accumulate(np.where(ends, here + 1, size)[:, ::-1], axis=1)[:, ::-1]
    return start, stop
