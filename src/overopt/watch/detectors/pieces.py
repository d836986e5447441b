"""Pieces: the rows of a run, compared within prompts and cut into sets of one size.

What is read off a set of scores, such as how far its largest stands out, depends on how many they
are. So batches of every size are cut alike: small ones are gathered until there are about ``size``
rows, large ones give several pieces that use all their rows. Pieces of one batch hang together:
their mean is one reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Literal, final

import numpy as np
import numpy.typing as npt

__all__ = ["Pieces", "Rows", "compared", "cut"]

FloatArray = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.int64]
BoolVector = npt.NDArray[np.bool_]

SHORT_OF = 0.9  # a set of 58 rows is read like one of 64: a few rows may be missing
ROUNDING = 1e-13


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """Rows that wait for a full piece, [columns] each, and whether they were compared in prompts.

    ``within`` is None before the first batch. Batches that are compared in the other way are left
    out, except that nothing learnt outlives the first one in prompts (``follows``).
    """

    waiting: tuple[tuple[float, ...], ...]
    within: bool | None

    @classmethod
    def none(cls) -> Pieces:
        """State before the first batch."""
        return cls(waiting=(), within=None)

    def follows(self, rows: Rows, learning: bool) -> Literal["on", "anew", "not"]:
        """Do these rows go on with what has been seen, start it anew while ``learning``, or not?"""
        if self.within in (None, rows.within):
            return "on"
        return "anew" if rows.within and learning else "not"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows that can be compared, at ``positions`` [kept] of the batch, ascending.

    ``ranked`` [kept] are the same positions sorted by group, then by value; ``starts``, ``sizes``
    [groups] say where each group begins among them and how many it has. ``within`` prompts, or,
    where no prompt has two candidates, over the whole batch.
    """

    positions: IntVector
    ranked: IntVector
    starts: IntVector
    sizes: IntVector
    within: bool

    def minus_median(self, values: FloatArray) -> FloatArray:
        """Distance [1, kept] of the values that were ranked to their group's median, quartered."""
        ordered = values[self.ranked] / 4  # so that no difference overflows
        low, high = self.starts + (self.sizes - 1) // 2, self.starts + self.sizes // 2
        middle = ordered[low] / 2 + ordered[high] / 2
        return self._placed((ordered - np.repeat(middle, self.sizes))[None], len(values))

    def minus_mean(self, *columns: FloatArray) -> FloatArray:
        """Distance [columns, kept] of any values of these rows to their group's mean, quartered.

        What is within rounding of the mean counts as equal to it.
        """
        ordered = np.stack(columns)[:, self.ranked] / 4
        shared = ordered / np.repeat(self.sizes, self.sizes)  # so that no sum overflows
        means = np.add.reduceat(shared, self.starts, axis=1)
        distance = ordered - np.repeat(means, self.sizes, axis=1)
        limit = ROUNDING * np.abs(ordered).max(axis=1, keepdims=True)
        distance[np.abs(distance) <= limit] = 0.0
        return self._placed(distance, len(columns[0]))

    def _placed(self, ordered: FloatArray, rows: int) -> FloatArray:
        placed = np.empty((len(ordered), rows))
        placed[:, self.ranked] = ordered
        return placed[:, self.positions]


def compared(values: FloatArray, group: IntVector, usable: BoolVector) -> Rows | None:
    """Usable rows of groups with two or more; the whole batch without any such group.

    None when fewer than two rows can be compared.
    """
    ranked = np.lexsort((values, group))
    ranked = ranked[usable[ranked]]
    if len(ranked) < 2:
        return None
    starts, sizes = _runs(group[ranked])
    several = sizes >= 2
    within = bool(several.any())
    if not within:
        ranked = ranked[np.argsort(values[ranked], kind="stable")]
        starts, sizes = np.zeros(1, dtype=np.int64), np.array([len(ranked)])
    elif not several.all():
        ranked = ranked[np.repeat(several, sizes)]
        starts, sizes = _runs(group[ranked])
    return Rows(positions=np.sort(ranked), ranked=ranked, starts=starts, sizes=sizes, within=within)


def cut(
    state: Pieces, rows: Rows, columns: FloatArray, size: int
) -> tuple[Pieces, FloatArray | None]:
    """State and the pieces [columns, pieces, rows] that a batch completes, None while it waits.

    ``columns`` [columns, kept] hold values of ``rows``.
    """
    values = columns
    if state.waiting:
        values = np.concatenate([np.array(state.waiting), columns], axis=1)
    count = values.shape[1]
    if count < SHORT_OF * size:
        waiting = tuple(tuple(column.tolist()) for column in values)
        return Pieces(waiting=waiting, within=rows.within), None
    return Pieces(waiting=(), within=rows.within), values[:, _spread(count, size)]


def _runs(group: IntVector) -> tuple[IntVector, IntVector]:
    """Start and length of every run of equal numbers."""
    ends = np.flatnonzero(group[1:] != group[:-1]) + 1
    edges = np.concatenate(([0], ends, [len(group)]))
    return edges[:-1], edges[1:] - edges[:-1]


@lru_cache(maxsize=64)
def _spread(count: int, size: int) -> IntVector:
    """Positions [pieces, rows] of ``count`` rows, all of them used, alike in each piece.

    Shuffled by a fixed stream: a log may hold its rows sorted by prompt or by score.
    """
    rows = min(size, count)
    pieces = ceil(count / rows)
    shuffled = np.random.default_rng(count).permutation(count)
    starts = np.arange(pieces) * (count - rows) // max(pieces - 1, 1)
    positions = np.asarray(shuffled[starts[:, None] + np.arange(rows)])
    positions.flags.writeable = False
    return positions
