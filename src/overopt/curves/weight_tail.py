"""Do a few samples rule a weighted mean? Pareto k of the weights of all groups together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.stats.pareto import pareto_k

__all__ = ["SAMPLED_ROWS", "WeightSample", "trusted_tail"]

FloatArray = npt.NDArray[np.floating[Any]]
TRUSTED_PARETO_K = 0.7
BoolArray = npt.NDArray[np.bool_]
SAMPLED_ROWS = 1 << 17


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class WeightSample:
    """Weights relative to no pressure, [S, rows]: of the first groups, up to 2^17 rows."""

    ratio: FloatArray

    @classmethod
    def of(cls, parts: list[FloatArray]) -> WeightSample | None:
        """From weights [groups, S, m] of several batches, in order; None without any."""
        kept: list[FloatArray] = []
        rows = 0
        for weights in parts:
            if rows >= SAMPLED_ROWS:
                break
            groups, strengths, size = weights.shape
            kept.append(np.moveaxis(weights, 1, 0).reshape(strengths, groups * size) * size)
            rows += groups * size
        return cls(ratio=np.concatenate(kept, axis=1)) if kept else None

    def merge(self, other: WeightSample) -> WeightSample:
        """Both samples, or this one alone when it is large enough."""
        if self.ratio.shape[1] >= SAMPLED_ROWS:
            return self
        return WeightSample(ratio=np.concatenate([self.ratio, other.ratio], axis=1))


def trusted_tail(sample: WeightSample | None, strengths: int) -> tuple[FloatArray, BoolArray]:
    """Pareto k [S], and True where the tail is tame enough to trust the mean.

    The tail rules the mean only if the effective sample size is no larger than the tail that was
    fitted (three times the root of the rows): on scores with few levels k alone is noise. Without
    a sample, as for rank pressures, k is NaN and the mean is trusted.
    """
    shape = np.full(strengths, np.nan)
    trusted = np.ones(strengths, dtype=bool)
    if sample is None:
        return shape, trusted
    for s, ratio in enumerate(sample.ratio):
        shape[s] = pareto_k(ratio)
        effective = ratio.sum() ** 2 / np.square(ratio).sum()
        ruled = shape[s] > TRUSTED_PARETO_K and effective < 3 * np.sqrt(len(ratio))
        trusted[s] = not ruled
    return shape, trusted
