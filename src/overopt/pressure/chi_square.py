"""Chi-square pressure: the policy that maximises E[proxy] - (b / 2) E[ratio^2].

Its density ratio is (proxy - level)_+ / b with the level set so that the mean is 1: weights grow
linearly, never exponentially, which makes it pessimistic about outliers (Huang et al., 2503.21878,
inference-time pessimism). ``strength`` is 1 / b. On m candidates the level is exact: the ratio is
piecewise linear between order statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.pressure.base import ScorePressure, log_or_none
from overopt.pressure.proxy_law import ProxyLaw

__all__ = ["ChiSquare"]

FloatArray = npt.NDArray[np.floating[Any]]
FAINTEST = 1e-280  # tail probability below which nothing can carry a policy


@final
@dataclass(frozen=True, slots=True)
class ChiSquare(ScorePressure):
    """``strength`` is 1 / b, per unit of proxy."""

    id: ClassVar[str] = "chi_square"
    label: ClassVar[str] = "chi-square-regularised policy"
    knob: ClassVar[str] = "1 / b"

    def weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """Weights [groups, strengths, m]: strength * (proxy - level)_+ / m."""
        strength = np.asarray(strengths, dtype=float)[None, :, None]
        gaps, level = self._gaps_and_level(proxies, strength)
        excess = np.maximum(gaps - level, 0)
        weights = strength * excess / proxies.shape[1]
        flat = np.full_like(weights, 1.0 / proxies.shape[1])
        return np.asarray(np.where(strength > 0, weights, flat))

    def log_ratio(self, law: ProxyLaw, strengths: FloatArray) -> FloatArray:
        """ln of strength * (proxy - level)_+, the level such that the mean ratio is 1."""
        strength = np.asarray(strengths, dtype=float)
        order = np.argsort(-law.value)
        mass = np.exp(law.log_mass[order])
        above = np.cumsum(mass)
        kept = above > FAINTEST
        value, above = law.value[order][kept], above[kept]
        upper = np.cumsum(mass * law.value[order])[kept]
        found = np.zeros((len(strength), len(law.value)))
        for row, each in zip(found, strength, strict=True):
            if each > 0:
                levels = (upper - 1 / each) / above
                active = max(int(np.count_nonzero(value > levels)), 1)
                row[:] = log_or_none(each * (law.value - levels[active - 1]))
        return found

    def slope_weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """Derivative by ln(strength): on the active candidates, strength * (gap - their mean)."""
        strength = np.asarray(strengths, dtype=float)[None, :, None]
        gaps, level = self._gaps_and_level(proxies, strength)
        active = gaps > level
        mean = np.sum(gaps * active, axis=2, keepdims=True) / active.sum(axis=2, keepdims=True)
        return np.asarray(strength * active * (gaps - mean) / proxies.shape[1])

    def _gaps_and_level(
        self, proxies: FloatArray, strength: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Proxies minus the group's maximum [groups, 1, m], and the level [groups, strengths, 1].

        With the k best active, the mean ratio is 1 at level = their mean - m / (k strength); the
        right k is the largest whose k-th best still lies above its level.
        """
        size = proxies.shape[1]
        gaps = (proxies - proxies.max(axis=1, keepdims=True)).astype(float)[:, None, :]
        best_first = -np.sort(-gaps, axis=2)
        k = np.arange(1, size + 1)
        safe = np.where(strength > 0, strength, 1.0)
        levels = np.cumsum(best_first, axis=2) / k - size / (k * safe)
        active = np.maximum((best_first > levels).sum(axis=2, keepdims=True), 1)
        return gaps, np.take_along_axis(levels, active - 1, axis=2)
