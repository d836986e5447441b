"""Which sequence numbers of a writer have been taken in: what comes again is known as such."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import final

__all__ = ["Seen"]

MOST_INTERVALS = 4096  # beyond it the oldest gap is closed: late frames of it count as duplicates


@final
class Seen:
    """A set of numbers, kept as disjoint intervals [start, end) in increasing order."""

    def __init__(self, intervals: Sequence[Sequence[int]] = ()) -> None:
        self._starts = [start for start, _ in intervals]
        self._ends = [end for _, end in intervals]

    def add(self, number: int) -> bool:
        """Take a number in; False when it was there already."""
        place = bisect_right(self._starts, number) - 1
        if place >= 0 and number < self._ends[place]:
            return False
        if place >= 0 and number == self._ends[place]:
            self._ends[place] += 1
        else:
            place += 1
            self._starts.insert(place, number)
            self._ends.insert(place, number + 1)
        if place + 1 < len(self._starts) and self._starts[place + 1] == number + 1:
            self._join(place)
        if len(self._starts) > MOST_INTERVALS:
            self._join(0)
        return True

    @property
    def missing(self) -> int:
        """Numbers below the largest that were never taken in."""
        within = sum(end - start for start, end in self.intervals)
        return (self._ends[-1] if self._ends else 0) - within

    @property
    def intervals(self) -> list[list[int]]:
        """Plain data, from which the set can be made again."""
        return [[start, end] for start, end in zip(self._starts, self._ends, strict=True)]

    def _join(self, place: int) -> None:
        """Make one interval of the one at ``place`` and the next."""
        self._ends[place] = self._ends.pop(place + 1)
        del self._starts[place + 1]
