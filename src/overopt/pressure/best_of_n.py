"""Best-of-n: draw n candidates and serve the one with the highest proxy.

From m candidates sorted ascending, the i-th has weight C(i-1, n-1) / C(m, n): the chance of being
the best of n drawn without replacement, unbiased for the best of n fresh draws for every n <= m
(Nakano et al. 2021). Ties share the weights of their ranks. Beyond m there is no unbiased estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.pressure.base import RankPressure
from overopt.pressure.divergence import RankDensity

__all__ = ["BestOfN"]

FloatArray = npt.NDArray[np.floating[Any]]
EVERY_N_UP_TO = 1024


@final
@dataclass(frozen=True, slots=True)
class BestOfN(RankPressure):
    """``strength`` is n, a whole number of candidates per prompt."""

    id: ClassVar[str] = "best_of_n"
    label: ClassVar[str] = "best-of-n"
    knob: ClassVar[str] = "n"
    whole: ClassVar[bool] = True

    def rank_weights(self, size: int, strengths: FloatArray) -> FloatArray:
        """Weights [strengths, size] of ascending ranks; exact in ratio, no factorials."""
        from scipy.special import gammaln

        n = np.asarray(strengths, dtype=float)[:, None]
        rank = np.arange(1, size + 1)[None, :]
        # C(i-1, n-1) / C(m, n) = n/m * C(i-1, n-1) / C(m-1, n-1), kept in logs for m in the 10^4.
        reachable = rank >= n
        below = np.where(reachable, rank - n, 0)
        log_weight = (
            np.log(n / size)
            + gammaln(rank)
            - gammaln(below + 1)
            + gammaln(size - n + 1)
            - gammaln(size)
        )
        weights = np.where(reachable, np.exp(log_weight), 0.0)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def density(self, strengths: FloatArray) -> RankDensity:
        """g(q) = n q^(n-1)."""
        n = np.asarray(strengths, dtype=float)[:, None]

        def entropy(q: FloatArray) -> FloatArray:
            log_q = np.log(np.where(q > 0, q, 1.0))
            return np.asarray(q**n * (np.log(n) + (n - 1) * log_q - (n - 1) / n))

        return RankDensity(
            mass=lambda q: q**n,
            entropy=entropy,
            energy=lambda q: n**2 / (2 * n - 1) * q ** (2 * n - 1),
            moment=lambda q: n / (n + 1) * q ** (n + 1),
            log_ratio=lambda log_q, log_rest: np.log(n) + (n - 1) * log_q,
            log_share=lambda log_q, log_rest: n * log_q,
        )

    def default_strengths(self, proxies: list[FloatArray], cap: int) -> FloatArray:
        """Every n up to ``cap`` (up to 1024, then eight steps to the doubling)."""
        every = np.arange(1, min(cap, EVERY_N_UP_TO) + 1)
        if cap <= EVERY_N_UP_TO:
            return every.astype(float)
        steps = int(np.ceil(8 * np.log2(cap / EVERY_N_UP_TO)))
        beyond = np.rint(np.geomspace(EVERY_N_UP_TO, cap, steps + 1))[1:]
        halves = np.array([cap // 2, cap])
        return np.unique(np.concatenate([every, beyond, halves])).astype(float)

    def select(self, scores: FloatArray, strength: float, rng: np.random.Generator) -> int:
        """Best of ``strength`` candidates drawn without replacement, ties broken at random."""
        drawn = rng.permutation(len(scores))[: int(strength)]
        return int(drawn[np.argmax(np.asarray(scores)[drawn])])
