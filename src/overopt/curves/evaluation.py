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

from overopt.stats.moments import Moments
from overopt.stats.order import Ranking

__all__ = ["Evaluation", "evaluated_by_rank", "evaluated_by_weight", "summed"]

FloatArray = npt.NDArray[np.floating[Any]]
ONE_THREAD = 1 << 18  # multiplications that OpenBLAS does not spread over threads


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """Gold of every group, and sums over groups.

    ``gold`` [groups, k] is None without labels; with ``matrix`` [S, k], gold at the strengths is
    ``gold @ matrix.T``, else ``gold`` itself holds S values, and S slopes where the pressure has
    weights for them.

    Sums over groups: ``proxy`` [S] of the weighted proxy, ``square`` [S] of squared weights,
    ``labels`` [S, S] of products of label weights (w_i / pi_i over labelled rows),
    ``label_mass`` [S] of those weights.
    """

    gold: FloatArray | None
    matrix: FloatArray | None
    proxy: FloatArray
    square: FloatArray
    labels: FloatArray | None
    label_mass: FloatArray | None

    @property
    def vectors(self) -> FloatArray:
        """Gold at every strength, then slopes: [groups, S or 2 S]."""
        assert self.gold is not None
        if self.matrix is None:
            return self.gold
        # Cast first: numpy multiplies mixed precisions without BLAS.
        return _product(self.gold.astype(np.float64, copy=False), self.matrix.T)

    @property
    def moments(self) -> Moments:
        """Moments of ``vectors``; with few ranks those of gold by rank, mapped, which is less."""
        assert self.gold is not None
        if self.matrix is not None and self.matrix.shape[1] <= self.matrix.shape[0]:
            return Moments.of(self.gold).map(self.matrix)
        return Moments.of(self.vectors)


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
    return Evaluation(
        gold=None if gold is None else ranked.sorted_values(gold),
        matrix=weights,
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
    values = labels = label_mass = None
    if gold is not None:
        values = np.einsum("gsm,gm->gs", weights, gold)
        carried = weights if inverse is None else weights * inverse[:, None, :]
        flat = np.moveaxis(carried, 1, 0).reshape(weights.shape[1], -1)
        labels, label_mass = flat @ flat.T, flat.sum(axis=1)
        if slope_weights is not None:
            slope = np.einsum("gsm,gm->gs", slope_weights, gold)
            values = np.concatenate([values, slope], axis=1)
    return Evaluation(
        gold=values,
        matrix=None,
        proxy=np.einsum("gsm,gm->s", weights, proxies),
        square=np.einsum("gsm,gsm->s", weights, weights),
        labels=labels,
        label_mass=label_mass,
    )


def summed(parts: Sequence[FloatArray | None]) -> FloatArray | None:
    """Sum of the parts; None when there are none."""
    present = [part for part in parts if part is not None]
    return np.asarray(np.sum(present, axis=0)) if present else None


def _product(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """``rows`` [groups, m] times a small ``matrix`` [m, S], slab by slab.

    Threads that share so little work spend more time waiting for each other than multiplying, many
    times more on a busy machine. Where not even a slab of 16 rows is small, threads are welcome.
    """
    height = ONE_THREAD // matrix.size
    if height < 16:
        return np.asarray(rows @ matrix)
    slabs = len(rows) // height
    whole = rows[: slabs * height].reshape(slabs, height, rows.shape[1]) @ matrix
    return np.concatenate([*whole, rows[slabs * height :] @ matrix])


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
