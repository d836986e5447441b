"""A known law of the proxy, on the points of a quadrature rule.

What a pressure needs to say how it reweights a law, as it reweights one prompt's candidates. In
logarithms, because n of a billion and thresholds of probability 1e-300 live where 1 - q is rounded
away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["ProxyLaw"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ProxyLaw:
    """Points [p]: where, how much probability, and the log probability strictly below and above.

    The last ``atoms`` points are point masses; at the others the probability is that of a node of
    the rule, and below and above add to 1. ``softened(sharpness, value)``, where given, is the log
    probability that proxy plus Gumbel noise of scale 1 / sharpness is at most each value.
    """

    value: FloatArray
    log_mass: FloatArray
    log_below: FloatArray
    log_above: FloatArray
    atoms: int = 0
    softened: Callable[[float, FloatArray], FloatArray] | None = None

    @property
    def middle(self) -> FloatArray:
        """Chance [p] that a draw lies below the point, ties counted half."""
        return np.asarray((np.exp(self.log_below) - np.exp(self.log_above) + 1) / 2)

    def log_mean(self, log_value: FloatArray) -> FloatArray:
        """Log of the mean of exp(log_value) [..., p] under the law: [...]."""
        log_terms = self.log_mass + log_value
        top = log_terms.max(axis=-1, keepdims=True)
        return np.asarray(top[..., 0] + np.log(np.exp(log_terms - top).sum(axis=-1)))
