"""What a pressure is: a reweighting of one prompt's candidates that looks only at their proxy.

Best-of-n, a threshold, a KL-regularised policy: each has one knob, ``strength``, and turns the
proxies of a group of candidates into weights that sum to 1. Gold under pressure is the weighted
gold. Rank pressures see only the order of the proxies; score pressures see their values and act
per unit of proxy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.pressure.divergence import AtomCounts, RankDensity, rank_divergences
from overopt.pressure.proxy_law import ProxyLaw
from overopt.stats.order import Ranking, ranking

__all__ = [
    "Divergences",
    "Pressure",
    "RankPressure",
    "ScorePressure",
    "geometric_strengths",
    "log_or_none",
]

FloatArray = npt.NDArray[np.floating[Any]]
SMALLEST_KL = 1e-12  # below it a sum of rounding errors


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Divergences:
    """How far a pressure moves the policy from the reference, mean over groups: [strengths] each.

    ``kl`` in nats; ``chi_square``, the variance of the density ratio; ``win_rate``, the chance that
    a selected candidate's proxy beats an unselected one's, ties counted half.
    """

    kl: FloatArray
    chi_square: FloatArray
    win_rate: FloatArray


class Pressure(ABC):
    """One mechanism of selection; subclasses hold only fixed options, never data."""

    id: ClassVar[str]
    label: ClassVar[str]
    knob: ClassVar[str]
    no_pressure: ClassVar[float]
    whole: ClassVar[bool] = False  # whether strengths are whole numbers

    @abstractmethod
    def weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """Weights [groups, strengths, m] of candidates with proxies [groups, m]; rows sum to 1."""

    @abstractmethod
    def default_strengths(self, proxies: list[FloatArray], cap: int) -> FloatArray:
        """Ascending strengths, the first being no pressure, for groups of at least ``cap``.

        ``proxies`` is a list of arrays [groups, m], one for each group size m.
        """

    @abstractmethod
    def divergences(self, proxies: FloatArray, strengths: FloatArray) -> Divergences:
        """Divergences from the reference, mean over groups with proxies [groups, m]."""

    @abstractmethod
    def log_ratio(self, law: ProxyLaw, strengths: FloatArray) -> FloatArray:
        """Log density ratio [strengths, points] of the selected to the reference proxy.

        What the weights become when the candidates are a whole law; -inf where nothing is selected.
        """

    def slope_weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray | None:
        """Derivative of the weights by ln(strength), [groups, strengths, m].

        None where the slope is the gain of the last doubling of strength divided by ln 2.
        """
        return None

    def unreliable(self, size: int, strengths: FloatArray) -> npt.NDArray[np.bool_]:
        """Strengths [strengths] that groups of ``size`` candidates cannot show."""
        return np.zeros(len(strengths), dtype=bool)

    def select(self, scores: FloatArray, strength: float, rng: np.random.Generator) -> int:
        """Position of the candidate to serve among ``scores`` [m], drawn by the weights."""
        weights = self.weights(np.asarray(scores)[None, :], np.array([strength]))[0, 0]
        return int(rng.choice(len(weights), p=weights / weights.sum()))

    def parameters(self) -> dict[str, float]:
        """Options other than the strength, for reports."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """What pressure this is, as plain data: its id under ``pressure``, and how it is told."""
        return {
            "pressure": self.id,
            "label": self.label,
            "knob": self.knob,
            "parameters": self.parameters(),
        }


class RankPressure(Pressure):
    """A pressure that sees only the order of the proxies: any increasing map changes nothing."""

    no_pressure: ClassVar[float] = 1.0

    @abstractmethod
    def rank_weights(self, size: int, strengths: FloatArray) -> FloatArray:
        """Weights [strengths, size] of ranks 1..size, ascending, when nothing is tied."""

    @abstractmethod
    def density(self, strengths: FloatArray) -> RankDensity:
        """Density of the selected proxy quantile, with the integrals that divergences need."""

    def weights(self, proxies: FloatArray, strengths: FloatArray) -> FloatArray:
        """Weights [groups, strengths, m]; members of a tie group share its ranks equally."""
        total = self.cumulative_weights(proxies.shape[1], strengths)
        start, stop = ranking(proxies).bounds()
        shared = (total[:, stop] - total[:, start]) / (stop - start)
        return np.moveaxis(shared, 0, 1)

    def cumulative_weights(self, size: int, strengths: FloatArray) -> FloatArray:
        """Weight of the lowest 0..size ranks: [strengths, size + 1]."""
        total = np.zeros((len(strengths), size + 1))
        np.cumsum(self.rank_weights(size, strengths), axis=1, out=total[:, 1:])
        return total

    def divergences(self, proxies: FloatArray, strengths: FloatArray) -> Divergences:
        """Divergences in the continuous limit, tie groups entering as atoms of their base mass."""
        return self.ranked_divergences([ranking(proxies)], strengths)

    def log_ratio(self, law: ProxyLaw, strengths: FloatArray) -> FloatArray:
        """Log density at the proxy's quantile; over an atom, its mean over the atom's quantiles."""
        density = self.density(strengths)
        smooth = len(law.value) - law.atoms
        found = density.log_ratio(law.log_below[:smooth], law.log_above[:smooth])
        if not law.atoms:
            return found
        below, above, mass = (
            tail[smooth:] for tail in (law.log_below, law.log_above, law.log_mass)
        )
        start = density.log_share(below, np.logaddexp(mass, above))
        stop = density.log_share(np.logaddexp(below, mass), above)
        some = np.isfinite(stop)
        gained = -np.expm1(np.where(some, start, -np.inf) - np.where(some, stop, 0.0))
        shared = np.where(some, stop, -np.inf) + log_or_none(gained) - mass
        return np.concatenate([found, shared], axis=1)

    def ranked_divergences(self, rankings: list[Ranking], strengths: FloatArray) -> Divergences:
        """As ``divergences``, for groups already ranked (one Ranking for each group size)."""
        atoms = AtomCounts.of(rankings)
        kl, chi_square, win_rate = rank_divergences(self.density(strengths), atoms)
        return Divergences(kl=kl, chi_square=chi_square, win_rate=win_rate)


class ScorePressure(Pressure):
    """A pressure that acts on proxy values; ``strength`` is per unit of proxy."""

    no_pressure: ClassVar[float] = 0.0

    def divergences(self, proxies: FloatArray, strengths: FloatArray) -> Divergences:
        """Divergences of the weights from the m candidates at hand (KL is at most ln m)."""
        return self.weight_divergences(self.weights(proxies, strengths), ranking(proxies))

    def weight_divergences(self, weights: FloatArray, ranked: Ranking) -> Divergences:
        """As ``divergences``, for weights [groups, strengths, m] at hand."""
        size = ranked.size
        ratio = weights * size
        kl = np.sum(weights * np.log(np.where(ratio > 0, ratio, 1.0)), axis=2)
        start, stop = ranked.bounds()
        middle = (start + stop) / (2.0 * size)
        return Divergences(
            kl=np.where(kl > SMALLEST_KL, kl, 0.0).mean(axis=0),
            chi_square=((ratio - 1) ** 2).mean(axis=(0, 2)),
            win_rate=np.einsum("gsm,gm->s", weights, middle) / len(weights),
        )

    def default_strengths(self, proxies: list[FloatArray], cap: int) -> FloatArray:
        """Strengths at which the mean KL equals that of best-of-n at n = 1, 1.4, 2, 2.8, ...

        Set on a KL grid so that they follow any change of the proxy's unit. The grid ends at 0.6
        ln(cap) nats, beyond which m candidates show mostly their own maximum.
        """
        spread = _within_spread(proxies)
        if not spread > 0:
            return np.array([self.no_pressure])
        probes = np.geomspace(0.02, 60, 48) / spread
        kl = np.zeros(len(probes))
        total = sum(len(batch) for batch in proxies)
        for batch in proxies:
            kl += self.divergences(batch, probes).kl * (len(batch) / total)
        kl = np.maximum.accumulate(kl)
        n = geometric_strengths(1.0, float(cap))[1:]
        targets = np.log(n) - (n - 1) / n
        targets = targets[(targets <= 0.6 * np.log(cap)) & (targets < kl[-1]) & (targets > kl[0])]
        found = np.exp(np.interp(targets, kl, np.log(probes)))
        return np.concatenate([[self.no_pressure], found])


def log_or_none(value: FloatArray) -> FloatArray:
    """Natural logarithm, -inf at and below 0."""
    return np.asarray(np.log(value, out=np.full(np.shape(value), -np.inf), where=value > 0))


def geometric_strengths(first: float, last: float) -> FloatArray:
    """Strengths from ``first`` to ``last``, two for each doubling counted down from the last."""
    steps = int(np.floor(2 * np.log2(last / first) + 1e-9))
    grid = last / 2 ** (np.arange(steps, -1, -1) / 2)
    return np.concatenate([[first], grid[grid > first * 1.2]])


def _within_spread(proxies: list[FloatArray]) -> float:
    """Root mean square deviation of proxies from their group mean, for scores of any size."""
    widest = max((float(np.ptp(batch, axis=1).max(initial=0.0)) for batch in proxies), default=0.0)
    if not widest > 0:
        return 0.0
    # In units of the widest range squares neither overflow (scores of 1e300) nor vanish (1e-300).
    gaps = [(batch - batch.max(axis=1, keepdims=True)) / widest for batch in proxies]
    total = sum(float(np.var(batch, axis=1, dtype=np.float64).sum()) for batch in gaps)
    return widest * float(np.sqrt(total / sum(len(batch) for batch in gaps)))
