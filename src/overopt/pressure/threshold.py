"""Threshold: serve a random candidate among the prompt's top share by proxy (quantiliser).

``strength`` is 1 / kept share. The candidate, or tie group, at the boundary is kept in part, so
that exactly the stated share is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.pressure.base import RankPressure, geometric_strengths, log_or_none
from overopt.pressure.divergence import RankDensity

__all__ = ["Threshold"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, slots=True)
class Threshold(RankPressure):
    """``strength`` is 1 / kept share within the prompt, at least 1."""

    id: ClassVar[str] = "threshold"
    label: ClassVar[str] = "threshold"
    knob: ClassVar[str] = "1 / kept share"

    def rank_weights(self, size: int, strengths: FloatArray) -> FloatArray:
        """Weights [strengths, size] of ascending ranks."""
        kept = size / np.asarray(strengths, dtype=float)[:, None]
        above = size - np.arange(1, size + 1)[None, :]
        return np.clip(kept - above, 0, 1) / kept

    def density(self, strengths: FloatArray) -> RankDensity:
        """g(q) = strength above the cut, 0 below."""
        strength = np.asarray(strengths, dtype=float)[:, None]
        cut = 1 - 1 / strength

        def above(q: FloatArray) -> FloatArray:
            return np.maximum(q, cut)

        def log_ratio(log_q: FloatArray, log_rest: FloatArray) -> FloatArray:
            return np.where(log_rest < -np.log(strength), np.log(strength), -np.inf)

        def log_share(log_q: FloatArray, log_rest: FloatArray) -> FloatArray:
            return log_or_none(1 - strength * np.exp(log_rest))

        return RankDensity(
            mass=lambda q: above(q) * strength,
            entropy=lambda q: above(q) * strength * np.log(strength),
            energy=lambda q: above(q) * strength**2,
            moment=lambda q: above(q) ** 2 / 2 * strength,
            log_ratio=log_ratio,
            log_share=log_share,
            jumps=-np.log(strength[strength > 1]),
        )

    def default_strengths(self, proxies: list[FloatArray], cap: int) -> FloatArray:
        """Two steps for each doubling, down to a kept share of 1 / cap."""
        return geometric_strengths(1.0, float(cap))

    def unreliable(self, size: int, strengths: FloatArray) -> npt.NDArray[np.bool_]:
        """Shares below one candidate cannot be shown."""
        return np.asarray(strengths) > size * (1 + 1e-9)
