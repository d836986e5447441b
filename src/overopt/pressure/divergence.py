"""Divergences of rank pressures from the reference, corrected for ties.

A rank pressure gives proxy quantile q the density g(q) against the reference. Without ties
KL = integral of g ln g over (0, 1): for best-of-n, ln n - (n - 1) / n. A tie group is an atom: its
members cannot be told apart, so over its quantile range g is replaced by its mean there, which
lowers every divergence. Source: Beirami et al. (2401.01879) for best-of-n; the atom form is theirs
for a top atom, derived here for any set of atoms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.stats.order import Ranking

__all__ = ["AtomCounts", "RankDensity", "rank_divergences"]

FloatArray = npt.NDArray[np.floating[Any]]
Integral = Callable[[FloatArray], FloatArray]
LogTails = Callable[[FloatArray, FloatArray], FloatArray]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RankDensity:
    """Antiderivatives from 0 at quantiles q [points], each returning [strengths, points].

    ``mass`` of g, ``entropy`` of g ln g, ``energy`` of g^2, ``moment`` of q g; each may differ from
    the definite integral by a constant, as only differences are used.

    For known laws, whose quantiles may lie closer to 1 than a double can, ``log_ratio`` is ln g and
    ``log_share`` the log of g's integral from 0, both from ln q and ln(1 - q). ``jumps`` are the
    ln(1 - q) at which g jumps.
    """

    mass: Integral
    entropy: Integral
    energy: Integral
    moment: Integral
    log_ratio: LogTails
    log_share: LogTails
    jumps: FloatArray = field(default_factory=lambda: np.empty(0))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class AtomCounts:
    """Tie groups of two or more: their quantile ranges, how often each, among how many groups."""

    low: FloatArray
    high: FloatArray
    count: FloatArray
    groups: int

    @classmethod
    def of(cls, rankings: list[Ranking]) -> AtomCounts:
        """Atoms of rankings, one for each group size."""
        low, high, count = [np.empty(0)], [np.empty(0)], [np.empty(0)]
        for ranked in rankings:
            start, stop, counts = ranked.atoms()
            low.append(start / ranked.size)
            high.append(stop / ranked.size)
            count.append(counts.astype(float))
        return cls(
            low=np.concatenate(low),
            high=np.concatenate(high),
            count=np.concatenate(count),
            groups=sum(len(ranked.order) for ranked in rankings),
        )


def rank_divergences(
    density: RankDensity, atoms: AtomCounts
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """KL in nats, chi-square and win rate, mean over groups: three vectors [strengths]."""
    ends = np.array([0.0, 1.0])
    kl, energy, win_rate = (
        np.diff(integral(ends), axis=1)[:, 0]
        for integral in (density.entropy, density.energy, density.moment)
    )
    if len(atoms.count):
        share = atoms.count / atoms.groups
        width = atoms.high - atoms.low

        def over(integral: Integral) -> FloatArray:
            return integral(atoms.high) - integral(atoms.low)

        mass = over(density.mass)
        ratio = mass / width
        flat = mass * np.log(np.where(ratio > 0, ratio, 1.0))
        kl = kl - (over(density.entropy) - flat) @ share
        energy = energy - (over(density.energy) - mass * ratio) @ share
        middle = (atoms.low + atoms.high) / 2
        win_rate = win_rate - (over(density.moment) - mass * middle) @ share
    return np.maximum(kl, 0.0), np.maximum(energy - 1.0, 0.0), win_rate
