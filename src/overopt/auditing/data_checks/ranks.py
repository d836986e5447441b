"""Ranks of one column within its comparison groups, flat over rows, and samples of whole prompts.

Every check about ordering reads these ranks, so ties are counted the same way everywhere.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.samples.table import Samples
from overopt.stats.order import ranking

__all__ = ["GroupRanks", "group_ranks", "group_sums", "prompt_sample"]

BoolVector = npt.NDArray[np.bool_]
FloatVector = npt.NDArray[np.floating[Any]]
RankVector = npt.NDArray[np.int32]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GroupRanks:
    """Each row's tie group as a range of ranks [start, stop), counted from 0 = lowest, and the
    ``size`` of its comparison group: three vectors [rows]."""

    start: RankVector
    stop: RankVector
    size: RankVector

    @property
    def position(self) -> FloatVector:
        """Mid-rank as a share of the group, in (0, 1); its mean over a group is exactly 1/2."""
        return (self.start + self.stop) / (2.0 * self.size)

    @property
    def tied(self) -> BoolVector:
        """Rows that share their value with another row of their group."""
        shared: BoolVector = self.stop - self.start > 1
        return shared

    @property
    def top(self) -> BoolVector:
        """Rows that hold the highest value of their group."""
        best: BoolVector = self.stop == self.size
        return best

    @property
    def top_credit(self) -> FloatVector:
        """Chance of each row to be its group's winner, ties broken at random; sums to 1."""
        return np.where(self.top, 1.0 / (self.stop - self.start), 0.0)

    @property
    def flat(self) -> BoolVector:
        """Rows of groups of two or more in which all values are equal."""
        level: BoolVector = self.tied & (self.stop - self.start == self.size)
        return level


def group_ranks(samples: Samples, values: npt.NDArray[Any]) -> GroupRanks:
    """Ranks of ``values`` [rows] within the comparison groups; NaN is not allowed."""
    start, stop, size = (np.empty(samples.rows, dtype=np.int32) for _ in range(3))
    for batch in samples.batches():
        start[batch.rows], stop[batch.rows] = ranking(batch.gather(values)).bounds()
        size[batch.rows] = batch.size
    return GroupRanks(start=start, stop=stop, size=size)


def group_sums(samples: Samples, values: npt.NDArray[Any]) -> FloatVector:
    """Sum of ``values`` [rows] over every comparison group: [groups], float64."""
    return np.add.reduceat(values, samples.group_starts[:-1], dtype=np.float64)


def prompt_sample(samples: Samples, rows: int) -> Samples:
    """Whole prompts of about ``rows`` rows, chosen by a hash of their ids, never by position.

    A table that is small enough comes back as it is.
    """
    if samples.rows <= rows:
        return samples
    ids = (zlib.crc32(str(name).encode()) for name in samples.prompt_ids)
    marks = np.fromiter(ids, dtype=np.uint32, count=samples.prompts)
    share = max(rows / samples.rows, 1 / samples.prompts)
    kept = marks <= max(int(share * 2**32), int(marks.min()))
    return samples.take(kept[samples.prompt])
