"""The weight that every row has in a curve: what label chances and expected half-widths share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.curves.estimation import default_strengths
from overopt.curves.fold import largest_common_size
from overopt.errors import BadOption
from overopt.pressure import Pressure
from overopt.samples import GroupBatch, Samples, scored

__all__ = ["curve_weights", "gain_weights", "planning_strengths"]

FloatArray = npt.NDArray[np.floating[Any]]
CHUNK_WEIGHTS = 1 << 21  # explicit weights held at once, 16 MB


def curve_weights(
    samples: Samples, proxy: str, pressure: Pressure, strengths: FloatArray
) -> Iterator[tuple[GroupBatch, FloatArray]]:
    """Some groups at a time and the weights [groups, S, m] of their rows in the prompt's gold.

    A prompt's gold is the mean over its comparison groups, so that the weights of a prompt sum to 1
    at every strength. Groups that are too small for the curve are left out. ``samples`` must be
    scored by ``proxy`` throughout.
    """
    smallest = largest_common_size(samples)
    if pressure.no_pressure == 1:
        smallest = max(smallest, int(np.ceil(float(np.max(strengths)) - 1e-9)))
    scores = samples.proxies[proxy]
    batches = list(samples.batches(smallest))
    if not batches:
        raise BadOption(
            f"strength {np.max(strengths):g} of {pressure.label} needs groups of as many "
            f"candidates; the largest has {samples.largest_group}"
        )
    groups = np.bincount(np.concatenate([batch.prompt for batch in batches]))
    for batch in batches:
        width = max(1, CHUNK_WEIGHTS // (batch.size * len(strengths)))
        for first in range(0, len(batch.prompt), width):
            here = slice(first, first + width)
            part = GroupBatch(starts=batch.starts[here], size=batch.size, prompt=batch.prompt[here])
            weights = pressure.weights(part.gather(scores), strengths)
            yield part, weights / groups[part.prompt][:, None, None]


def gain_weights(
    samples: Samples, proxy: str, pressure: Pressure, base: float, strength: float
) -> FloatArray:
    """Weight [rows] of every row in the gain of ``strength`` over ``base``, the mean over prompts.

    The curve's gain is their sum with completed gold. Rows of groups that are too small have none.
    """
    found, used = np.zeros(samples.rows), 0.0
    for batch, weights in curve_weights(samples, proxy, pressure, np.array([base, strength])):
        found[batch.rows] = weights[:, 1] - weights[:, 0]
        used += float(weights[:, 0].sum())  # those of a prompt sum to 1
    return found / used


def planning_strengths(
    samples: Samples, proxy: str, pressure: Pressure, up_to: float | None = None
) -> FloatArray:
    """Strengths that stand for the curve when labels are planned: doublings, and the last.

    Where every n has a say, the many large ones would drown the few small ones. ``up_to`` ends the
    grid early, in the unit of the strength. Raises BadOption for one that the table cannot show.
    """
    known = scored(samples, proxy)
    size = largest_common_size(known)
    grid = default_strengths(known, proxy, pressure, size)
    if up_to is not None:
        if not grid[0] < up_to <= grid[-1] * (1 + 1e-9):
            raise BadOption(
                f"strengths up to {up_to:g} of {pressure.label}: give a number above {grid[0]:g} "
                f"and at most {grid[-1]:g}, where this table ends"
            )
        grid = grid[grid <= up_to * (1 + 1e-9)]
    if pressure.no_pressure != 1 or len(grid) < 2:
        return grid
    doublings = 2.0 ** np.arange(np.log2(grid[-1]) + 1e-9)
    nearest = np.abs(np.log(grid) - np.log(doublings)[:, None]).argmin(axis=1)
    return np.asarray(grid[np.unique(np.append(nearest, len(grid) - 1))])
