"""Best-of-Poisson: best-of-n with a random n = 1 + Poisson(mu).

Its proxy quantile has density (1 + mu q) exp(mu (q - 1)), close to the optimal trade of proxy
against KL at every strength (Khalaf et al., 2506.19248). With m candidates at hand, n beyond m is
served as the best of m; strengths at which that happens more than once in a thousand are marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.pressure.base import RankPressure, geometric_strengths
from overopt.pressure.best_of_n import BestOfN
from overopt.pressure.divergence import RankDensity

__all__ = ["BestOfPoisson"]

FloatArray = npt.NDArray[np.floating[Any]]
TOLERATED_BEYOND = 1e-3
NEGLIGIBLE_CHANCE = 1e-18
LARGEST_EI_ARGUMENT = 40.0
SMALLEST_RATE = 1e-4  # below it the closed forms cancel and the pressure is none to 1e-9 nats


@final
@dataclass(frozen=True, slots=True)
class BestOfPoisson(RankPressure):
    """``strength`` is the mean number of candidates, 1 + mu."""

    id: ClassVar[str] = "best_of_poisson"
    label: ClassVar[str] = "best-of-Poisson"
    knob: ClassVar[str] = "mean n"

    def rank_weights(self, size: int, strengths: FloatArray) -> FloatArray:
        """Weights [strengths, size] of ascending ranks: best-of-n averaged over n."""
        chance = self._chance_of_n(size, strengths)
        seen = np.flatnonzero(chance.max(axis=0) > NEGLIGIBLE_CHANCE)  # few of a large group's n
        weights = chance[:, seen] @ BestOfN().rank_weights(size, seen + 1.0)
        return np.asarray(weights / chance[:, seen].sum(axis=1, keepdims=True))

    def density(self, strengths: FloatArray) -> RankDensity:
        """g(q) = (1 + mu q) exp(mu (q - 1)), with closed antiderivatives."""
        rate = np.asarray(strengths, dtype=float)[:, None] - 1
        none = rate < SMALLEST_RATE
        mu = np.where(none, 1.0, rate)

        def tilt(q: FloatArray) -> FloatArray:
            return np.exp(mu * (q - 1))

        def entropy(q: FloatArray) -> FloatArray:
            log_g = np.log1p(mu * q) + mu * (q - 1)
            inner = q * log_g - 1 / mu + _scaled_ei(1 + mu * q) / mu - (q - 1 / mu)
            return np.where(none, 0.0, tilt(q) * inner)

        def energy(q: FloatArray) -> FloatArray:
            inner = (1 + mu * q) ** 2 / (2 * mu) - (1 + mu * q) / (2 * mu) + 1 / (4 * mu)
            return np.where(none, q, tilt(q) ** 2 * inner)

        def moment(q: FloatArray) -> FloatArray:
            return np.where(none, q**2 / 2, (q**2 - q / mu + 1 / mu**2) * tilt(q))

        def log_ratio(log_q: FloatArray, log_rest: FloatArray) -> FloatArray:
            return np.asarray(np.log1p(rate * np.exp(log_q)) - rate * np.exp(log_rest))

        return RankDensity(
            mass=lambda q: np.where(none, q, q * tilt(q)),
            entropy=entropy,
            energy=energy,
            moment=moment,
            log_ratio=log_ratio,
            log_share=lambda log_q, log_rest: log_q - rate * np.exp(log_rest),
        )

    def default_strengths(self, proxies: list[FloatArray], cap: int) -> FloatArray:
        """Two steps for each doubling of the mean n, up to ``cap``."""
        return geometric_strengths(1.0, float(cap))

    def unreliable(self, size: int, strengths: FloatArray) -> npt.NDArray[np.bool_]:
        """Strengths at which more than ``size`` candidates are asked for too often."""
        from scipy.special import pdtrc

        mu = np.asarray(strengths, dtype=float) - 1
        beyond = np.where(mu > 0, pdtrc(size - 1, np.maximum(mu, 1e-300)), 0.0)
        return np.asarray(beyond > TOLERATED_BEYOND)

    def select(self, scores: FloatArray, strength: float, rng: np.random.Generator) -> int:
        """Best of min(1 + Poisson, m) candidates drawn without replacement."""
        n = min(1 + int(rng.poisson(strength - 1)), len(scores))
        return BestOfN().select(scores, n, rng)

    def _chance_of_n(self, size: int, strengths: FloatArray) -> FloatArray:
        """P(n = 1..size) [strengths, size]; the last entry holds all n >= size."""
        from scipy.special import gammaln, xlogy

        mu = np.asarray(strengths, dtype=float)[:, None] - 1
        rivals = np.arange(size)[None, :]
        chance = np.exp(xlogy(rivals, mu) - mu - gammaln(rivals + 1))
        chance[:, -1] = np.maximum(1 - chance[:, :-1].sum(axis=1), 0)
        return np.asarray(chance)


def _scaled_ei(x: FloatArray) -> FloatArray:
    """exp(-x) Ei(x) for x >= 1; the asymptotic series takes over where exp(x) would overflow."""
    from scipy.special import expi

    near = np.minimum(x, LARGEST_EI_ARGUMENT)
    series, term = np.ones_like(x), np.ones_like(x)
    for k in range(1, 25):
        term = term * k / np.maximum(x, LARGEST_EI_ARGUMENT)
        series = series + term
    return np.where(x <= LARGEST_EI_ARGUMENT, np.exp(-near) * expi(near), series / x)
