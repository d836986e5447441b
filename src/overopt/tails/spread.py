"""Does the spread of scores differ between groups more than draws from one law would show?

A mixture of light tails of different scales is heavier than each of them, so a heavy verdict on
pooled scores could be the prompts' doing. Each group is split in two at random, several times; the
logarithms of the spreads of the halves are independent if all groups share one law, whatever it is,
and covary by the variance of the log scale if they do not. Groups of at least four are used,
centred by size, for both spreads grow with it. Groups are split in the order of their scores, so
that neither the order of rows nor the names of prompts, nor the unit of the score, has a say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["SMALLEST_GROUP", "ScaleSpread", "scale_spread"]

FloatArray = npt.NDArray[np.floating[Any]]

SMALLEST_GROUP = 4
FEWEST_GROUPS = 10
SPLITS = 4  # of every group, whose products are averaged
MOST_GROUPS = 2000  # of one size
STREAM = 20240714
SIGNIFICANT_Z = 1.645  # one in twenty even tables: better to withdraw a heavy verdict in vain
NEGLIGIBLE_SD = 0.1  # of the log scale: no tail is made heavy by so little


@final
@dataclass(frozen=True, kw_only=True)
class ScaleSpread:
    """Standard deviation of the groups' log scale, ``z`` of its square, ``groups`` used."""

    log_sd: float
    z: float
    groups: int

    @property
    def uneven(self) -> bool:
        """Whether scales differ beyond chance, and by enough to matter."""
        return self.z > SIGNIFICANT_Z and self.log_sd > NEGLIGIBLE_SD


def scale_spread(batches: Iterable[FloatArray]) -> ScaleSpread | None:
    """Spread of scales over groups, None when too few can tell.

    ``batches`` of scores [groups, size], ascending in each group.
    """
    rng = np.random.default_rng(STREAM)
    products = [_products(rows, rng) for rows in batches if rows.shape[1] >= SMALLEST_GROUP]
    product = np.concatenate(products) if products else np.empty(0)
    if len(product) < FEWEST_GROUPS:
        return None
    error = float(np.sqrt((product**2).sum())) / len(product)
    variance = float(product.mean())
    return ScaleSpread(
        log_sd=max(variance, 0.0) ** 0.5,
        z=variance / error if error > 0 else 0.0,
        groups=len(product),
    )


def _products(rows: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Products [groups] of the two halves' centred log spreads; ``rows`` ascend in each group."""
    rows = rows[np.lexsort(rows.T)]  # by the highest score of the group, then the next
    used = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_GROUPS)).astype(int)]
    half = used.shape[1] // 2
    mixed = np.stack([rng.permuted(used, axis=1)[:, : 2 * half] for _ in range(SPLITS)], axis=1)
    halves = mixed.reshape(-1, SPLITS, 2, half)
    spread = np.abs(halves - halves.mean(axis=3, keepdims=True)).mean(axis=3)
    logs = np.log(spread[(spread > 0).all(axis=(1, 2))])
    if len(logs) < 2:
        return np.empty(0)
    centred = logs - logs.mean(axis=(0, 1, 2))
    products: FloatArray = centred.prod(axis=2).mean(axis=1) * len(logs) / (len(logs) - 1)
    return products
