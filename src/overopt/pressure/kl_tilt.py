"""KL tilt: the policy that maximises E[proxy] - beta KL within the support of the samples.

Weights proportional to exp(strength * proxy) with strength = 1 / beta, normalised per prompt, as
the optimum of KL-regularised RL is. Read off m samples it is the ideal tilt of those samples:
effective sample size and Pareto k say how much of it is one lucky candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.pressure.base import ScorePressure
from overopt.pressure.proxy_law import ProxyLaw

__all__ = ["KLTilt"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, slots=True)
class KLTilt(ScorePressure):
    """``strength`` is 1 / beta, per unit of proxy."""

    id: ClassVar[str] = "kl_tilt"
    label: ClassVar[str] = "KL-regularised policy"
    knob: ClassVar[str] = "1 / beta"

    def weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """Weights [groups, strengths, m], proportional to exp(strength * proxy)."""
        strength = np.asarray(strengths, dtype=float)[None, :, None]
        centred = proxies - proxies.max(axis=1, keepdims=True)
        unnormalised = np.exp(strength * centred[:, None, :])
        return np.asarray(unnormalised / unnormalised.sum(axis=2, keepdims=True))

    def log_ratio(self, law: ProxyLaw, strengths: FloatArray) -> FloatArray:
        """strength * proxy, less the cumulant generating function there."""
        tilt = np.asarray(strengths, dtype=float)[:, None] * law.value
        return np.asarray(tilt - law.log_mean(tilt)[:, None])

    def slope_weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """strength * weight * (proxy - tilted mean proxy): the slope is strength * Cov."""
        weights = self.weights(proxies, strengths)
        scores = proxies[:, None, :] - proxies.max(axis=1)[:, None, None]
        tilted_mean = np.sum(weights * scores, axis=2, keepdims=True)
        return np.asarray(strengths[None, :, None] * weights * (scores - tilted_mean))
