"""Gold and error independent: proxy = gold + error.

At proxy u the density is the integral of gold's density at v times the error's at u - v. Where the
two summands have very different sizes, the difference u - v would lose the smaller one's digits;
so half of the line is integrated over gold and the other half over the error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.lab.joints.from_end import FromEnd, law_from_end
from overopt.lab.joints.joint import FloatArray, Joint, Moments, ProxyAtoms, Regression
from overopt.lab.marginals.law import Law
from overopt.lab.quadrature import integrals

__all__ = ["Independent", "combined", "convolution", "independent", "landmarks_of"]

IntArray = npt.NDArray[np.int64]
LogJoint = Callable[[FloatArray, FloatArray], FloatArray]
NATS = np.concatenate([[0.7, 2.0, 5.0, 11.0], 24.0 * 2.1 ** np.arange(9)])
BLOCK = 512  # proxy values integrated at once
BLOCK_ENTRIES = 1 << 20  # numbers held at once, 8 MB


@final
@dataclass(frozen=True, kw_only=True)
class Independent(Joint):
    """proxy = gold + error, independent."""

    gold: Law
    error: Law

    def regression(self, proxy: FloatArray) -> Regression:
        """Both continuous, or either an atom: three sums, added."""
        parts = [*self._sum_over(proxy, self.gold, self.error, gold_at_atom=True)]
        parts += self._sum_over(proxy, self.error, self.gold, gold_at_atom=False)
        if self.gold.continuous_mass > 0 and self.error.continuous_mass > 0:
            parts.append(convolution(proxy, self.gold, self.error, self._log_joint))
        return combined(parts, len(proxy))

    def atoms(self) -> ProxyAtoms:
        """Sums of an atom of gold and one of the error."""
        values, masses = self.gold.atoms
        errors, chances = self.error.atoms
        return ProxyAtoms.merged(
            np.add.outer(values, errors).ravel(),
            np.multiply.outer(masses, chances).ravel(),
            np.repeat(values, len(errors)),
        )

    def moments(self) -> Moments:
        """Sums of those of gold and error."""
        return Moments(
            gold_mean=self.gold.mean,
            gold_sd=self.gold.sd,
            proxy_mean=self.gold.mean + self.error.mean,
            proxy_has_variance=bool(np.isfinite(self.gold.sd + self.error.sd)),
            tilt_limit=min(self.gold.tilt_limit, self.error.tilt_limit),
        )

    def reach(self, nats: float) -> tuple[float, float]:
        """One of the two must lie beyond its own."""
        low = float(self.gold.lower(nats) + self.error.lower(nats))
        return low, float(self.gold.upper(nats) + self.error.upper(nats))

    def from_end(self) -> FromEnd | None:
        """Where both have a largest value."""
        gold, error = law_from_end(self.gold), law_from_end(self.error)
        if gold is None or error is None:
            return None
        joint = Independent(gold=gold[0], error=error[0])
        return FromEnd(joint=joint, gold_end=gold[1], proxy_end=gold[1] + error[1])

    def landmarks(self) -> FloatArray:
        """Sums of kinks (and atoms) of both; quartiles of either beside the other's median."""
        kinks = np.add.outer(_rough(self.gold), _rough(self.error)).ravel()
        bulk = np.concatenate(
            [
                _quartiles(self.gold) + _median(self.error),
                _quartiles(self.error) + _median(self.gold),
            ]
        )
        return np.unique(np.concatenate([kinks, bulk]))

    def draws(
        self, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Gold and proxy of independent candidates."""
        gold = self.gold.draws(shape, rng)
        return gold, gold + self.error.draws(shape, rng)

    def to_dict(self) -> dict[str, Any]:
        """Gold and error as specifications."""
        return {"kind": "independent", "gold": str(self.gold), "error": str(self.error)}

    def _sum_over(
        self, proxy: FloatArray, atomic: Law, smooth: Law, gold_at_atom: bool
    ) -> list[Regression]:
        """The atoms of ``atomic`` beside the density of the other summand."""
        values, masses = atomic.atoms
        if not (len(values) and smooth.continuous_mass > 0):
            return []
        parts = []
        width = max(1, BLOCK_ENTRIES // len(values))
        for first in range(0, len(proxy), width):
            rest = proxy[first : first + width, None] - values
            log_density = np.log(masses) + smooth.logpdf(rest)
            gold = np.broadcast_to(values, rest.shape) if gold_at_atom else rest
            parts.append(_mixed(log_density, gold))
        return [_joined(parts)]

    def _log_joint(self, gold: FloatArray, error: FloatArray) -> FloatArray:
        return self.gold.logpdf(gold) + self.error.logpdf(error)


def convolution(proxy: FloatArray, gold: Law, error: Law, log_joint: LogJoint) -> Regression:
    """Integrals of a joint density of gold and error along gold + error = proxy [k]."""
    unit, marks = _unit(gold), (_marks(gold), _marks(error))
    parts = []
    for first in range(0, len(proxy), BLOCK):
        u = proxy[first : first + BLOCK]
        owner, low, high, swapped = _halves(u, *marks)

        def log_integrand(
            panel: IntArray,
            points: FloatArray,
            u: FloatArray = u,
            owner: IntArray = owner,
            swapped: npt.NDArray[np.bool_] = swapped,
        ) -> tuple[FloatArray, FloatArray]:
            rest, turned = u[owner[panel]][:, None] - points, swapped[panel][:, None]
            value = np.where(turned, rest, points)
            return log_joint(value, np.where(turned, points, rest)), value

        found = integrals(log_integrand, owner, low, high, len(u), unit)
        parts.append(Regression(log_density=found.log_mass, gold=found.mean, error=found.error))
    return _joined(parts)


def independent(*, gold: Law, error: Law) -> Independent:
    """The law of independent gold and error."""
    return Independent(gold=gold, error=error)


def combined(parts: list[Regression], count: int) -> Regression:
    """The regression of a sum of densities."""
    if not parts:
        nothing = np.zeros(count)
        return Regression(log_density=np.full(count, -np.inf), gold=nothing, error=nothing)
    if len(parts) == 1:
        return parts[0]
    log_density = np.stack([part.log_density for part in parts], axis=1)
    gold = np.stack([part.gold for part in parts], axis=1)
    error = np.stack([part.error for part in parts], axis=1).max(axis=1)
    return replace(_mixed(log_density, gold), error=error)


def _mixed(log_density: FloatArray, gold: FloatArray) -> Regression:
    """Density and mean gold of parts [k, parts]."""
    top = np.maximum(log_density.max(axis=1), -1e300)
    share = np.exp(log_density - top[:, None])
    total = share.sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    return Regression(
        log_density=np.where(total > 0, top + np.log(safe), -np.inf),
        gold=np.sum(share * gold, axis=1) / safe,
        error=np.zeros(len(total)),
    )


def _joined(parts: list[Regression]) -> Regression:
    """Regressions at successive proxy values as one."""
    names = ("log_density", "gold", "error")
    return Regression(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def landmarks_of(law: Law) -> FloatArray:
    """Kinks, atoms and quartiles of a law."""
    return np.unique(np.concatenate([_rough(law), _quartiles(law)]))


def _halves(
    u: FloatArray, gold_marks: FloatArray, error_marks: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Panels of all integrals: gold's half of the line, then the error's (swapped)."""
    owners, lows, highs, swaps = [], [], [], []
    for swapped, own, other in ((False, gold_marks, error_marks), (True, error_marks, gold_marks)):
        both = [np.broadcast_to(own, (len(u), len(own))), u[:, None] - other]
        edges = np.sort(np.concatenate(both, axis=1), axis=1)
        # Up to u / 2 for positive u, from there on for negative: what is small is integrated.
        middle = u[:, None] / 2
        edges = np.where(u[:, None] >= 0, np.minimum(edges, middle), np.maximum(edges, middle))
        edges = np.concatenate([edges, middle], axis=1)
        edges.sort(axis=1)
        low, high = edges[:, :-1], edges[:, 1:]
        used = high > low
        owners.append(np.nonzero(used)[0])
        lows.append(low[used])
        highs.append(high[used])
        swaps.append(np.full(len(lows[-1]), swapped))
    return (
        np.concatenate(owners),
        np.concatenate(lows),
        np.concatenate(highs),
        np.concatenate(swaps),
    )


def _marks(law: Law) -> FloatArray:
    """Edges of the panels: quantiles, further and further out, and kinks."""
    return np.unique(np.concatenate([law.marks(NATS), law.kinks]))


def _rough(law: Law) -> FloatArray:
    return np.concatenate([law.kinks, law.atoms[0]])


def _quartiles(law: Law) -> FloatArray:
    return np.concatenate([law.lower(np.array([1.4, 0.7])), law.upper(np.array([0.7, 1.4]))])


def _median(law: Law) -> float:
    return float(law.upper(0.7))


def _unit(law: Law) -> float:
    quartiles = _quartiles(law)
    return float(max(quartiles.max() - quartiles.min(), 1e-300))
