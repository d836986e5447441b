"""Mergeable first and second moments of one vector per prompt.

Every estimate of overopt is a mean over prompts, so count, mean and scatter matrix carry the
estimate and its full covariance. Merging is the pairwise update of Chan, Golub and LeVeque (1983);
merged in a fixed order, results are bit-identical however the work was spread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["Moments"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Count, mean [k] and scatter [k, k] (centred sum of outer products) of vectors of length k."""

    count: int
    mean: FloatArray
    scatter: FloatArray

    @classmethod
    def of(cls, vectors: FloatArray) -> Moments:
        """Moments of vectors [count, k]."""
        mean = vectors.mean(axis=0, dtype=np.float64)
        centred = vectors - mean
        return cls(count=len(vectors), mean=mean, scatter=centred.T @ centred)

    def merge(self, other: Moments) -> Moments:
        """Moments of both parts together."""
        count = self.count + other.count
        shift = other.mean - self.mean
        mean = self.mean + shift * (other.count / count)
        between = np.outer(shift, shift) * (self.count * other.count / count)
        return Moments(count=count, mean=mean, scatter=self.scatter + other.scatter + between)

    @classmethod
    def merged(cls, parts: Iterable[Moments]) -> Moments:
        """Moments of all parts, merged in the order given; at least one part is needed."""
        first, *rest = parts
        for part in rest:
            first = first.merge(part)
        return first

    def covariance_of_mean(self) -> FloatArray:
        """Covariance [k, k] of the mean over prompts; NaN for a single prompt."""
        if self.count < 2:
            return np.full_like(self.scatter, np.nan)
        return self.scatter / (self.count * (self.count - 1.0))

    def map(self, contrasts: FloatArray) -> Moments:
        """Moments of ``contrasts @ vector`` for contrasts [j, k]."""
        return Moments(
            count=self.count,
            mean=contrasts @ self.mean,
            scatter=contrasts @ self.scatter @ contrasts.T,
        )
