"""Laws made of laws: mixtures, truncation (conditioning on an interval) and clipping."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from overopt.errors import BadOption
from overopt.lab.marginals.law import FloatArray, Law, log_of
from overopt.lab.quadrature import integrals

__all__ = ["Clipped", "Mixture", "Truncated"]

DEPTHS = np.concatenate([[0.7, 2.0, 5.0, 11.0], 24.0 * 2.1 ** np.arange(5)])


@final
@dataclass(frozen=True, kw_only=True)
class Mixture(Law):
    """A draw from ``laws[k]`` with chance ``weights[k]``."""

    laws: tuple[Law, ...]
    weights: tuple[float, ...]
    name: ClassVar[str] = "mixture"

    def _check(self) -> None:
        if len(self.laws) != len(self.weights) or not self.laws:
            raise BadOption(
                f"mixture: {len(self.laws)} laws and {len(self.weights)} weights: give one weight "
                "for each law"
            )
        total = math.fsum(self.weights)
        if not (min(self.weights) > 0 and abs(total - 1) < 1e-9):
            raise BadOption(
                f"mixture: weights must be above 0 and add to 1, these add to {total:g}"
            )

    def _standard_moments(self) -> tuple[float, float]:
        mean = math.fsum(w * law.mean for w, law in self._parts())
        if not math.isfinite(mean):
            return mean, math.nan
        square = math.fsum(w * (law.variance + (law.mean - mean) ** 2) for w, law in self._parts())
        return mean, square

    def _log_density(self, z: FloatArray) -> FloatArray:
        return self._logsum([law.logpdf(z) for law in self.laws])

    def _log_below(self, z: FloatArray) -> FloatArray:
        return self._logsum([law.logcdf(z) for law in self.laws])

    def _log_above(self, z: FloatArray) -> FloatArray:
        return self._logsum([law.logsf(z) for law in self.laws])

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        which = rng.choice(len(self.laws), size=shape, p=self.weights)
        return np.choose(which, [law.draws(shape, rng) for law in self.laws])

    def _rates(self) -> tuple[float, float]:
        turned = (law.scaled(-1.0) for law in self.laws)
        return min(law.tilt_limit for law in turned), min(law.tilt_limit for law in self.laws)

    def _kinks(self) -> tuple[float, ...]:
        return tuple({kink for law in self.laws for kink in law.kinks})

    def _marks(self, nats: FloatArray) -> FloatArray:
        return np.concatenate([law.marks(nats) for law in self.laws])

    def _standard_atoms(self) -> tuple[FloatArray, FloatArray]:
        atoms = [law.atoms for law in self.laws]
        values, place = np.unique(np.concatenate([v for v, _ in atoms]), return_inverse=True)
        masses = [w * m for (_, m), w in zip(atoms, self.weights, strict=True)]
        return values, np.bincount(place, np.concatenate(masses), len(values)).astype(float)

    def _parts(self) -> list[tuple[float, Law]]:
        return list(zip(self.weights, self.laws, strict=True))

    def _logsum(self, parts: list[FloatArray]) -> FloatArray:
        weighted = [math.log(w) + part for w, part in zip(self.weights, parts, strict=True)]
        return np.asarray(np.logaddexp.reduce(weighted, axis=0))

    def _text(self) -> str:
        return " + ".join(f"{w:.10g}*{law}" for w, law in self._parts())


@dataclass(frozen=True, kw_only=True)
class _Bounded(Law):
    """A law between ``low`` and ``high`` that comes of ``law``; subclasses say how."""

    law: Law
    low: float = -math.inf
    high: float = math.inf
    prefix: ClassVar[str]  # of the keys ``min`` and ``max`` of the specification

    def _check(self) -> None:
        if not self.low < self.high:
            raise BadOption(
                f"{self.name}: the lower end must lie below the upper, got {self.low:g} and "
                f"{self.high:g}"
            )

    def _standard_moments(self) -> tuple[float, float]:
        """Mean and variance by quadrature; as the parent's where a tail is left."""
        parent = self.law
        bounded = math.isfinite(self.low) and math.isfinite(self.high)
        if not (bounded or math.isfinite(parent.mean)):
            return parent.mean, math.nan
        mean = self._power(1, 0.0)
        if not (bounded or math.isfinite(parent.sd)):
            return mean, math.inf
        return mean, self._power(2, mean)

    def _power(self, power: int, centre: float) -> float:
        """Mean of (X - centre)^power."""
        marks = np.unique(np.concatenate([self._marks(DEPTHS), self._kinks()]))
        owner = np.zeros(len(marks) - 1, dtype=np.int64)
        found = integrals(
            lambda _, z: (self._log_density(z), (z - centre) ** power),
            owner,
            marks[:-1],
            marks[1:],
            1,
            1.0,
        )
        values, masses = self._standard_atoms()
        smooth = float(np.exp(found.log_mass[0]) * found.mean[0])
        return smooth + float(masses @ (values - centre) ** power)

    def _rates(self) -> tuple[float, float]:
        return (
            math.inf if math.isfinite(self.low) else self.law.scaled(-1.0).tilt_limit,
            math.inf if math.isfinite(self.high) else self.law.tilt_limit,
        )

    def _kinks(self) -> tuple[float, ...]:
        inner = {kink for kink in self.law.kinks if self.low < kink < self.high}
        return tuple(inner | {end for end in (self.low, self.high) if math.isfinite(end)})

    def _marks(self, nats: FloatArray) -> FloatArray:
        return np.clip(self.law.marks(nats), self.low, self.high)

    def _text(self) -> str:
        ends = [("min", self.low), ("max", self.high)]
        told = [f"{self.prefix}{key}={end:.10g}" for key, end in ends if math.isfinite(end)]
        text = str(self.law)
        return f"{text}{',' if ':' in text else ':'}{','.join(told)}"


@final
@dataclass(frozen=True, kw_only=True)
class Truncated(_Bounded):
    """``law`` given that it lies between ``low`` and ``high``."""

    name: ClassVar[str] = "truncated"
    prefix: ClassVar[str] = ""

    def _check(self) -> None:
        super()._check()
        if len(self.law.atoms[0]):
            raise BadOption(f"truncated: {self.law} has atoms: truncate before adding them")
        if not self._log_mass() > -600:
            raise BadOption(
                f"truncated: {self.law} lies between {self.low:g} and {self.high:g} with "
                f"probability exp({self._log_mass():.3g}): widen the interval"
            )

    def _log_mass(self) -> float:
        return float(_log_between(self.law, np.array(self.low), np.array(self.high)))

    def _log_density(self, z: FloatArray) -> FloatArray:
        inside = (z >= self.low) & (z <= self.high)
        return np.where(inside, self.law.logpdf(z) - self._log_mass(), -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        within = np.clip(z, self.low, self.high)
        return _log_between(self.law, np.full(np.shape(z), self.low), within) - self._log_mass()

    def _log_above(self, z: FloatArray) -> FloatArray:
        within = np.clip(z, self.low, self.high)
        return _log_between(self.law, within, np.full(np.shape(z), self.high)) - self._log_mass()

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        share = rng.random(shape)
        # From whichever end of the law lies nearer, so that deep intervals keep their digits.
        if self.law.logcdf(self.low) < self.law.logsf(self.high):
            ends = np.exp(self.law.logcdf([self.low, self.high]))
            value = self.law.lower(-np.log(ends[0] + share * (ends[1] - ends[0])))
        else:
            ends = np.exp(self.law.logsf([self.low, self.high]))
            value = self.law.upper(-np.log(ends[1] + share * (ends[0] - ends[1])))
        return np.clip(value, self.low, self.high)


@final
@dataclass(frozen=True, kw_only=True)
class Clipped(_Bounded):
    """``law`` moved to the nearer of ``low`` and ``high`` where it lies outside: atoms there."""

    name: ClassVar[str] = "clipped"
    prefix: ClassVar[str] = "clip_"

    def _log_density(self, z: FloatArray) -> FloatArray:
        inside = (z > self.low) & (z < self.high)
        return np.where(inside, self.law.logpdf(z), -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        inside = np.where(z < self.high, self.law.logcdf(z), 0.0)
        return np.where(z >= self.low, inside, -np.inf)

    def _log_above(self, z: FloatArray) -> FloatArray:
        inside = np.where(z >= self.low, self.law.logsf(z), 0.0)
        return np.where(z < self.high, inside, -np.inf)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return np.clip(self.law.draws(shape, rng), self.low, self.high)

    def _standard_atoms(self) -> tuple[FloatArray, FloatArray]:
        values, masses = self.law.atoms
        kept = (values > self.low) & (values < self.high)
        below = float(np.exp(self.law.logcdf(self.low)))
        at_high = masses[values == self.high].sum()  # P(X > high) leaves out an atom at high
        above = float(np.exp(self.law.logsf(self.high)) + at_high)
        ends = [(self.low, below), (self.high, above)]
        some = [(value, mass) for value, mass in ends if mass > 0 and math.isfinite(value)]
        value = np.concatenate([values[kept], [v for v, _ in some]])
        mass = np.concatenate([masses[kept], [m for _, m in some]])
        order = np.argsort(value)
        return value[order], mass[order]


def _log_between(law: Law, low: FloatArray, high: FloatArray) -> FloatArray:
    """Log P(low < X <= high), by the tails whose difference loses less."""
    below = law.logcdf(low) < law.logsf(high)
    large = np.where(below, law.logcdf(high), law.logsf(low))
    small = np.where(below, law.logcdf(low), law.logsf(high))
    some = np.isfinite(large)
    gap = np.where(some, small, -np.inf) - np.where(some, large, 0.0)
    return np.where(some, large, -np.inf) + log_of(-np.expm1(np.minimum(gap, 0.0)))
