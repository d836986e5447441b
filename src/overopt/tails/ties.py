"""Ties in a tail: none where they come from rounding, no tail where they are the scale itself.

A continuous score that was rounded (16-bit floats, two decimals) has ties, and a likelihood of a
continuous law makes nonsense of them. Where the steps are small against the mean exceedance, the
tied values are spread evenly over their cell, as if they had not been rounded. Where they are not,
or one value holds much of the tail, the score has levels and no tail.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["is_coarse", "spread_ties"]

FloatArray = npt.NDArray[np.floating[Any]]

LARGEST_STEP = 0.2  # of the mean exceedance
LARGEST_ATOM = 0.25  # of the exceedances
FEWEST_DISTINCT = 0.5  # of the exceedances, below which steps are looked at


def is_coarse(top: FloatArray, count: int, fuzz: float) -> bool:
    """Whether the ``count`` largest of ``top`` (descending) take too few values to have a shape.

    Values that differ by at most ``fuzz`` are one.
    """
    exceedances = top[:count]
    cells, size = _cells(exceedances, fuzz)
    if size.max() > max(1.0, LARGEST_ATOM * count):
        return True
    if len(cells) >= FEWEST_DISTINCT * count:
        return False
    step = float(np.median(-np.diff(cells)))
    return step > LARGEST_STEP * float(exceedances.mean() - top[min(count, len(top) - 1)])


def spread_ties(top: FloatArray, fuzz: float) -> FloatArray:
    """``top`` (descending), tied values spread evenly between the middles to their neighbours."""
    cells, size = _cells(top, fuzz)
    if len(cells) == len(top) or len(cells) < 2:
        return top
    gap = -np.diff(cells) / 2
    above = np.concatenate([gap[:1], gap])
    below = np.concatenate([gap, gap[-1:]])
    place = np.arange(len(top)) - np.repeat(np.cumsum(size) - size, size)
    share = (place + 0.5) / np.repeat(size, size)
    moved = np.repeat(cells + above, size) - share * np.repeat(above + below, size)
    return np.where(np.repeat(size, size) > 1, moved, top)


def _cells(descending: FloatArray, fuzz: float) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Different values, descending, and how often each is there."""
    first = np.append(True, descending[:-1] - descending[1:] > fuzz)
    starts = np.flatnonzero(first)
    return descending[starts], np.diff(np.append(starts, len(descending)))
