"""Stable laws: the limits of sums, with tails z^-alpha on either side as the skewness says.

Standard form (parameterisation 1 of Nolan, also S1): characteristic function
exp(-|t|^alpha (1 - i beta tan(pi alpha / 2) sign t)), so the mean, where there is one, is the
shift. alpha = 2 is a normal law of variance 2, alpha = 1 with beta = 0 Cauchy, alpha = 1/2 with
beta = 1 Lévy. Refused: alpha below 0.3, and alpha nearer than 0.01 to 1 unless it is Cauchy, where
this form moves off without end.

Density and tails are integrated once for each alpha and beta (``stable_integral``) and held as
polynomials in ln z, exact to about 1e-10; where their series holds, far out, it is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, final

import numpy as np
from numpy.polynomial import legendre

from overopt.errors import BadOption
from overopt.lab.marginals.heavy import StudentT
from overopt.lab.marginals.law import FloatArray, Law
from overopt.lab.marginals.light import Normal
from overopt.lab.marginals.stable_integral import Half
from overopt.lab.quadrature import PanelRule

__all__ = ["Stable"]

LEAST_ALPHA, NEAREST_TO_ONE = 0.3, 0.01
RULE = PanelRule(16)
TO_POWERS = np.stack(
    [np.pad(legendre.leg2poly(row), (0, 15 - k)) for k, row in enumerate(np.eye(16))]
)
TOLERANCE, ROUNDING = 1e-11, 1e-15
DENSITY, TAILS = slice(0, 1), slice(1, 3)  # of the three rows of a table
WIDEST, NARROWEST = 4.0, 1e-4  # panels of ln z


@final
@dataclass(frozen=True, kw_only=True)
class Stable(Law):
    """Stable with index ``alpha`` and skewness ``beta``, in the standard form above."""

    alpha: float
    beta: float = 0.0
    name: ClassVar[str] = "stable"

    def _check(self) -> None:
        if not LEAST_ALPHA <= self.alpha <= 2:
            raise BadOption(f"stable: alpha must be from {LEAST_ALPHA:g} to 2, got {self.alpha:g}")
        if not -1 <= self.beta <= 1:
            raise BadOption(f"stable: beta must be from -1 to 1, got {self.beta:g}")
        if abs(self.alpha - 1) < NEAREST_TO_ONE and (self.alpha, self.beta) != (1, 0):
            raise BadOption(
                f"stable: alpha={self.alpha:g} with beta={self.beta:g} lies too near to 1, where "
                f"this form has no limit: choose alpha at least {NEAREST_TO_ONE:g} from 1, or "
                "alpha=1 with beta=0"
            )

    @property
    def simple(self) -> Law | None:
        """The standard form where it is a law of another name."""
        if self.alpha == 2:
            return Normal(sd=math.sqrt(2))
        return StudentT(df=1) if self.alpha == 1 else None

    def half(self, upper: bool) -> Half:
        """The part of the standard form above 0, or that below it turned round."""
        return Half(alpha=self.alpha, beta=self.beta if upper else -self.beta)

    def _text(self) -> str:
        return f"{self.name}:alpha={self.alpha:.10g},beta={self.beta:.10g}"

    def _standard_moments(self) -> tuple[float, float]:
        if self.alpha > 1:
            return 0.0, 2.0 if self.alpha == 2 else math.inf
        skewed = abs(self.beta) == 1
        return math.copysign(math.inf, self.beta) if skewed else math.nan, math.nan

    def _log_density(self, z: FloatArray) -> FloatArray:
        if self.simple:
            return self.simple.logpdf(z)
        return np.asarray(self._by_side(z, DENSITY)[0])

    def _log_below(self, z: FloatArray) -> FloatArray:
        return self._tails(z)[0]

    def _log_above(self, z: FloatArray) -> FloatArray:
        return self._tails(z)[1]

    def _tails(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self.simple:
            return self.simple.tails(z)
        above, below = self._by_side(z, TAILS)
        return np.where(z > 0, below, above), np.where(z > 0, above, below)

    def _by_side(self, z: FloatArray, rows: slice) -> FloatArray:
        """Log density, log probability further out and not further out: ``rows`` of [3, ...]."""
        z = np.asarray(z)
        found = np.empty((len(range(3)[rows]), *z.shape))
        upper = z > 0
        for side, sign in ((upper, 1.0), (~upper, -1.0)):
            if side.any():
                table = _table(self.alpha, sign * self.beta)
                found[:, side] = table.at(np.abs(z[side]), rows)
        return found

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        """By Chambers, Mallows and Stuck (1976)."""
        if self.simple:
            return self.simple.draws(shape, rng)
        half, alpha = self.half(upper=True), self.alpha
        angle = np.pi * (rng.random(shape) - 0.5)
        wait = rng.standard_exponential(shape)
        turned = alpha * angle + half.turn
        scale = (math.cos(half.turn) * np.cos(angle)) ** (1 / alpha)
        rest = np.cos(turned - angle) / wait
        return np.asarray(np.sin(turned) / scale * rest ** ((1 - alpha) / alpha))

    def _rates(self) -> tuple[float, float]:
        if self.alpha == 2:
            return math.inf, math.inf
        return (math.inf if self.beta == 1 else 0.0), (math.inf if self.beta == -1 else 0.0)

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,) if self.alpha < 1 else ()


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Table:
    """Polynomials of log density and both log tails on panels of ln z.

    ``powers`` [3, panels, 16] of the place within a panel between -1 and 1.
    """

    half: Half
    edges: FloatArray
    powers: FloatArray

    def at(self, z: FloatArray, rows: slice) -> FloatArray:
        """Log density, log P(above), log P(at most) at z >= 0 [k]: ``rows`` of [3, k]."""
        if self.half.empty:
            return np.array([-np.inf, -np.inf, 0.0])[rows, None] + np.zeros(len(z))
        with np.errstate(divide="ignore"):
            log_z = np.log(z)
        steepness = self.half.steepness
        light = steepness is not None and self.half.alpha > 1
        far = np.zeros(len(z), dtype=bool) if light else log_z > self.edges[-1]
        found = np.empty((len(range(3)[rows]), len(z)))
        near = log_z[~far]
        found[:, ~far] = self._within(np.clip(near, self.edges[0], self.edges[-1]), rows)
        if steepness is not None:
            found[:, ~far] -= self._fallen(near, steepness)[rows]
        if rows == DENSITY:
            found[:, far] = self.half.far_density(log_z[far])
        else:
            found[:, far] = self.half.far(log_z[far])[rows]
        return found

    def _within(self, log_z: FloatArray, rows: slice) -> FloatArray:
        powers = self.powers[rows]
        panel = np.clip(np.searchsorted(self.edges, log_z) - 1, 0, len(self.edges) - 2)
        low, high = self.edges[panel], self.edges[panel + 1]
        place = (2 * log_z - low - high) / (high - low)
        found = powers[:, panel, -1]
        for k in range(RULE.size - 2, -1, -1):
            found *= place
            found += powers[:, panel, k]
        return found

    def _fallen(self, log_z: FloatArray, steepness: float) -> FloatArray:
        """Nats [3, k] by which beyond the table, on the light side, density and its tail fall."""
        upper, power = self.half.alpha > 1, self.half.power
        end = self.edges[-1 if upper else 0]
        further = np.maximum(log_z, end) if upper else np.minimum(log_z, end)
        with np.errstate(over="ignore"):
            fallen = steepness * (np.exp(power * further) - math.exp(power * end))
        none = np.zeros(len(log_z))
        return np.stack([fallen, *((fallen, none) if upper else (none, fallen))])


@lru_cache(maxsize=16)
def _table(alpha: float, beta: float) -> _Table:
    half = Half(alpha=alpha, beta=beta)
    if half.empty:
        return _Table(half=half, edges=np.zeros(2), powers=np.zeros((3, 1, RULE.size)))
    first, last = half.range()
    marks = np.linspace(first, last, math.ceil((last - first) / WIDEST) + 1)
    low, high = marks[:-1], marks[1:]
    kept = []
    while len(low):
        points = RULE.points(low, high)
        values = half.logs(points.ravel()).reshape(3, *points.shape)
        rough = RULE.unresolved(values)
        rounding = ROUNDING * (10 + abs(half.power)) * np.abs(values).max(axis=2)
        done = (rough <= TOLERANCE + rounding).all(axis=0)
        done |= high - low < NARROWEST
        kept.append((low[done], high[done], values[:, done]))
        middle = (low + high)[~done] / 2
        low, high = np.concatenate([low[~done], middle]), np.concatenate([middle, high[~done]])
    low, high = (np.concatenate([part[k] for part in kept]) for k in (0, 1))
    order = np.argsort(low)
    values = np.concatenate([part[2] for part in kept], axis=1)[:, order]
    return _Table(
        half=half,
        edges=np.append(low[order], high.max()),
        powers=values @ RULE.coefficients.T @ TO_POWERS,
    )
