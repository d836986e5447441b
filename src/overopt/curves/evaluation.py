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

from overopt.stats.order import Ranking

__all__ = ["Evaluation", "evaluated_by_rank", "evaluated_by_weight", "summed"]

FloatArray = npt.NDArray[np.floating[Any]]


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


def evaluated_by_rank(
    weights: FloatArray, ranked: Ranking, gold: FloatArray | None, inverse: FloatArray | None
) -> Evaluation:
    """Evaluation under the ``weights`` [S, m] of ascending ranks.

    ``gold`` [groups, m] is completed gold; ``inverse`` likewise L / pi, None when all are labelled.
    """
    total = np.zeros((len(weights), ranked.size + 1))
    np.cumsum(weights, axis=1, out=total[:, 1:])
    square = _squared_rank_weights(weights, total, ranked)
    labels = label_mass = None
    if gold is not None and inverse is None:
        labels = _products(weights, square)
        label_mass = np.full(len(weights), float(len(ranked.order)))
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


def evaluated_by_weight(
    weights: FloatArray,
    slope_weights: FloatArray | None,
    proxies: FloatArray,
    gold: FloatArray | None,
    inverse: FloatArray | None,
) -> Evaluation:
    """Evaluation under explicit ``weights`` [groups, S, m]; else as ``evaluated_by_rank``."""
    slope = labels = label_mass = None
    if gold is not None:
        carried = weights if inverse is None else weights * inverse[:, None, :]
        flat = np.moveaxis(carried, 1, 0).reshape(weights.shape[1], -1)
        labels, label_mass = flat @ flat.T, flat.sum(axis=1)
        if slope_weights is not None:
            slope = np.einsum("gsm,gm->gs", slope_weights, gold)
    return Evaluation(
        gold=None if gold is None else np.einsum("gsm,gm->gs", weights, gold),
        slope=slope,
        proxy=np.einsum("gsm,gm->s", weights, proxies),
        square=np.einsum("gsm,gsm->s", weights, weights),
        labels=labels,
        label_mass=label_mass,
    )


def summed(parts: Sequence[FloatArray | None]) -> FloatArray | None:
    """Sum of the parts; None when there are none."""
    present = [part for part in parts if part is not None]
    return np.asarray(np.sum(present, axis=0)) if present else None


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
