"""One batch of groups under one pressure: gold at every strength, and who carries it.

The two ways to evaluate weighted sums: through ranks (one small matrix for all groups of a size)
and through explicit weights. Both return the same numbers for the same pressure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.pressure import Pressure
from overopt.stats.order import Ranking

__all__ = ["Evaluation", "evaluated", "summed"]

FloatArray = npt.NDArray[np.floating[Any]]
CHUNK_ENTRIES = 2_000_000  # weights held at once, 16 MB


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """``gold`` [groups, S] or None without labels; ``slope`` likewise where it has own weights.

    Sums over groups: ``proxy`` [S] of the weighted proxy, ``square`` [S] of squared weights,
    ``labels`` [S, S] of products of label weights (w_i / pi_i over labelled rows),
    ``label_mass`` [S] of those weights.
    """

    gold: FloatArray | None
    slope: FloatArray | None
    proxy: FloatArray
    square: FloatArray
    labels: FloatArray | None
    label_mass: FloatArray | None


def evaluated(
    pressure: Pressure,
    strengths: FloatArray,
    proxies: FloatArray,
    gold: FloatArray | None,
    inverse: FloatArray | None,
    ranked: Ranking,
    by_rank: FloatArray | None,
) -> Evaluation:
    """Evaluation of groups with proxies, completed gold and label inverses, each [groups, m].

    ``by_rank`` [S, m] are the weights of a rank pressure for groups of this size, else None.
    """
    if by_rank is not None:
        return _by_ranks(by_rank, ranked, gold, inverse)
    width = max(1, CHUNK_ENTRIES // (proxies.shape[1] * len(strengths)))
    parts = []
    for first in range(0, len(proxies), width):
        part = slice(first, first + width)
        parts.append(
            _by_weights(
                pressure,
                strengths,
                proxies[part],
                None if gold is None else gold[part],
                None if inverse is None else inverse[part],
            )
        )
    return _joined(parts)


def _by_ranks(
    weights: FloatArray,
    ranked: Ranking,
    gold: FloatArray | None,
    inverse: FloatArray | None,
) -> Evaluation:
    total = np.zeros((len(weights), ranked.size + 1))
    np.cumsum(weights, axis=1, out=total[:, 1:])
    groups = len(ranked.order)
    square = _squared_rank_weights(weights, total, ranked)
    labels = label_mass = None
    if gold is not None and inverse is None:
        labels, label_mass = _products(weights, square), np.full(len(weights), float(groups))
    elif inverse is not None:
        row, column = np.nonzero(inverse)
        start, stop = ranked.bounds()
        start, stop = start[row, column], stop[row, column]
        carried = (total[:, stop] - total[:, start]) / (stop - start) * inverse[row, column]
        labels, label_mass = carried @ carried.T, carried.sum(axis=1)
    by_rank = None
    if gold is not None:  # cast first: numpy multiplies mixed precisions without BLAS
        by_rank = ranked.sorted_values(gold).astype(np.float64, copy=False)
    return Evaluation(
        gold=None if by_rank is None else by_rank @ weights.T,
        slope=None,
        proxy=weights @ ranked.scores.sum(axis=0, dtype=np.float64),
        square=square,
        labels=labels,
        label_mass=label_mass,
    )


def _products(weights: FloatArray, square: FloatArray) -> FloatArray:
    """Products of rank weights [S, S], scaled so that the diagonal is ``square`` (with ties)."""
    product = weights @ weights.T
    scale = np.sqrt(square / np.diag(product))
    return np.asarray(product * np.outer(scale, scale))


def _squared_rank_weights(weights: FloatArray, total: FloatArray, ranked: Ranking) -> FloatArray:
    """Sum over groups of squared candidate weights [S], the members of a tie sharing theirs."""
    square = np.zeros((len(weights), ranked.size + 1))
    np.cumsum(weights**2, axis=1, out=square[:, 1:])
    start, stop, count = ranked.atoms()
    shared = (total[:, stop] - total[:, start]) ** 2 / (stop - start)
    alone = square[:, stop] - square[:, start]
    return np.asarray(len(ranked.order) * square[:, -1] + (shared - alone) @ count.astype(float))


def _by_weights(
    pressure: Pressure,
    strengths: FloatArray,
    proxies: FloatArray,
    gold: FloatArray | None,
    inverse: FloatArray | None,
) -> Evaluation:
    weights = pressure.weights(proxies, strengths)
    moving = None if gold is None else pressure.slope_weights(proxies, strengths)
    labels = label_mass = None
    if gold is not None:
        carried = weights if inverse is None else weights * inverse[:, None, :]
        flat = np.moveaxis(carried, 1, 0).reshape(len(strengths), -1)
        labels, label_mass = flat @ flat.T, flat.sum(axis=1)
    return Evaluation(
        gold=None if gold is None else np.einsum("gsm,gm->gs", weights, gold),
        slope=None if gold is None or moving is None else np.einsum("gsm,gm->gs", moving, gold),
        proxy=np.einsum("gsm,gm->s", weights, proxies),
        square=np.einsum("gsm,gsm->s", weights, weights),
        labels=labels,
        label_mass=label_mass,
    )


def _joined(parts: list[Evaluation]) -> Evaluation:
    return Evaluation(
        gold=stacked([part.gold for part in parts]),
        slope=stacked([part.slope for part in parts]),
        proxy=np.sum([part.proxy for part in parts], axis=0),
        square=np.sum([part.square for part in parts], axis=0),
        labels=summed([part.labels for part in parts]),
        label_mass=summed([part.label_mass for part in parts]),
    )


def stacked(parts: Sequence[FloatArray | None]) -> FloatArray | None:
    """Parts one below the other; None when there are none."""
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None


def summed(parts: Sequence[FloatArray | None]) -> FloatArray | None:
    """Sum of the parts; None when there are none."""
    present = [part for part in parts if part is not None]
    return np.asarray(np.sum(present, axis=0)) if present else None
