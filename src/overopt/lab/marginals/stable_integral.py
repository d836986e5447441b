"""Density and both tails of a standard stable law above 0, by integral and by series.

Zolotarev's integral in the form of Nolan (1997): with c = z^(alpha / (alpha - 1)) a function V > 0
of an angle between 0 and ``most`` gives the density as a multiple of the integral of V exp(-c V),
and the tails as integrals of exp(-c V) and of 1 - exp(-c V). V is a product of powers of three
sines, written from whichever end of the angle is nearer, so nothing cancels; the angle runs through
a logistic map, so ends that matter at any magnitude are panels like others. Far out the series in
z^(-alpha) takes over. Assumes index alpha from 0.3 to 2, at least 0.01 from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from overopt.lab.marginals.law import FloatArray
from overopt.lab.quadrature import integrals

__all__ = ["Half"]

IntArray = npt.NDArray[np.int64]
STEP = 0.5  # of the grid on which panels are chosen
DEEP = 45.0  # nats below the largest value, where an integrand is left out
TERMS = 9
DIGITS = 32.0  # nats by which the last term of the series lies below the first
LIGHTEST = 3e4  # nats to which a tail without a series is tabulated
BLOCK = 256  # values integrated at once


@final
@dataclass(frozen=True, kw_only=True)
class Half:
    """The part above 0 of the standard stable law of index ``alpha`` and skewness ``beta``.

    Standard means characteristic function exp(-|t|^alpha (1 - i beta tan(pi alpha / 2) sign t)).
    """

    alpha: float
    beta: float

    @property
    def turn(self) -> float:
        """alpha times Nolan's angle theta_0; exact for the totally skewed."""
        if abs(self.beta) == 1:
            own = self.alpha if self.alpha < 1 else self.alpha - 2
            return math.copysign(math.pi / 2 * abs(own), self.beta * own)
        return math.atan(self.beta * math.tan(math.pi * self.alpha / 2))

    @property
    def most(self) -> float:
        """The largest angle; pi times the probability above 0."""
        return max(math.pi / 2 + self.turn / self.alpha, 0.0)

    @property
    def empty(self) -> bool:
        """Whether nothing lies above 0."""
        return self.alpha < 1 and self.beta == -1

    @property
    def power(self) -> float:
        """The power of z in c."""
        return self.alpha / (self.alpha - 1)

    @property
    def steepness(self) -> float | None:
        """Where one end of V is finite, its value there: that tail is exp(-steepness c)."""
        if self.beta != math.copysign(1.0, 1 - self.alpha):
            return None
        scale = math.log(math.cos(self.turn)) / (self.alpha - 1)
        return abs(self.alpha - 1) * math.exp(scale - self.power * math.log(self.alpha))

    @property
    def tail_constant(self) -> float:
        """Limit of z^alpha P(above z) where that tail is a power."""
        half_turn = math.pi * self.alpha / 2
        return math.gamma(self.alpha) * math.sin(half_turn) * (1 + self.beta) / math.pi

    def range(self) -> tuple[float, float]:
        """ln z between which integrals are needed: below density is flat, above the series holds.

        Where the law has a light tail at 0 or above, the range ends deep inside it.
        """
        alpha, steepness = self.alpha, self.steepness
        near = -35.0 - math.lgamma(2 / alpha) + math.lgamma(1 / alpha)
        end = math.log(LIGHTEST / steepness) / self.power if steepness else math.nan
        if steepness and alpha > 1:
            return near, end
        log_size = np.log(np.abs(self._coefficients()) + 1e-300)
        k = np.arange(1, TERMS)
        margin = np.where(k == TERMS - 1, DIGITS, 1.0)
        far = float(np.max((log_size[1:] - log_size[0] + margin) / (alpha * k)))
        return (end if steepness else near), max(far, 1.0)

    def far(self, log_z: FloatArray) -> FloatArray:
        """Log density, log P(above) and log P(at most) by the series in z^(-alpha): [3, k]."""
        density, above = self.far_density(log_z), self._series(log_z, divided=True)
        above = above - self.alpha * log_z
        return np.stack([density, above, np.log1p(-np.exp(above))])

    def far_density(self, log_z: FloatArray) -> FloatArray:
        """Log density by the series."""
        return self._series(log_z, divided=False) - (self.alpha + 1) * log_z

    def _series(self, log_z: FloatArray, divided: bool) -> FloatArray:
        share = self._coefficients()[:-1] / math.pi
        if divided:
            share = share / (self.alpha * np.arange(1, TERMS))
        power, total = np.exp(-self.alpha * log_z), np.full(len(log_z), share[-1])
        for coefficient in share[-2::-1]:
            total *= power
            total += coefficient
        return np.asarray(np.log(total))

    def logs(self, log_z: FloatArray) -> FloatArray:
        """Log density, log P(above) and log P(at most) at values exp(log_z) [k]: [3, k]."""
        parts = [self._block(log_z[first : first + BLOCK]) for first in range(0, len(log_z), BLOCK)]
        return np.concatenate(parts, axis=1)

    def _block(self, log_z: FloatArray) -> FloatArray:
        log_c = self.power * log_z
        bent = self._integral(log_c, lambda x: x - np.exp(np.minimum(x, 700.0)))
        kept = self._integral(log_c, lambda x: -np.exp(np.minimum(x, 700.0)))
        lost = self._integral(log_c, lambda x: _log_lost(x))
        constant = math.log(self.alpha / (math.pi * abs(self.alpha - 1)))
        above, below = (lost, kept) if self.alpha < 1 else (kept, lost)
        rest = 1 - self.most / math.pi
        log_rest = math.log(rest) if rest > 1e-15 else -math.inf
        return np.stack(
            [
                bent + constant - log_z,
                above - math.log(math.pi),
                np.logaddexp(below - math.log(math.pi), log_rest),
            ]
        )

    def _integral(
        self, log_c: FloatArray, log_value: Callable[[FloatArray], FloatArray]
    ) -> FloatArray:
        """Log of the integral over the angle of exp(log_value(ln(c V))) for each c [k]."""
        low, far = self.range()
        span = 60.0 + max(abs(low), self.alpha * abs(far))
        grid = np.linspace(-span, span, 2 * math.ceil(span / STEP) + 1)
        log_v, jacobian = self._log_v(grid)
        # Where c V = 1 the integrand turns: an edge there, and some near it.
        sign = 1.0 if self.alpha < 1 else -1.0
        middle = np.interp(-sign * log_c, sign * log_v, grid)
        near = min(1.0, abs(self.alpha - 1)) * np.array([-8, -3, -1, -0.3, 0, 0.3, 1, 3, 8])
        edges = np.sort(
            np.concatenate(
                [np.broadcast_to(grid, (len(log_c), len(grid))), middle[:, None] + near], axis=1
            ),
            axis=1,
        )
        at, jacobian = self._log_v(edges)
        log_there = log_value(at + log_c[:, None]) + jacobian
        highest = np.maximum(log_there[:, 1:], log_there[:, :-1])
        used = (highest > highest.max(axis=1, keepdims=True) - DEEP) & (np.diff(edges) > 0)
        owner = np.nonzero(used)[0]

        def log_integrand(panel: IntArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
            log_v, jacobian = self._log_v(t)
            return log_value(log_v + log_c[owner[panel]][:, None]) + jacobian, np.zeros(t.shape)

        found = integrals(
            log_integrand, owner, edges[:, :-1][used], edges[:, 1:][used], len(log_c), 1.0, 1e-13
        )
        return found.log_mass

    def _log_v(self, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ln V and ln d(angle)/dt where the angle is most / (1 + exp(-t))."""
        alpha, most = self.alpha, self.most
        left = t < 0
        log_near = -np.logaddexp(0.0, np.abs(t)) + math.log(most)  # from the nearer end
        near = np.exp(log_near)
        theta = self.turn / alpha
        start, end = math.pi / 2 - theta, math.pi - alpha * most
        if self.beta == math.copysign(1.0, 1 - alpha):
            start, end = (0.0, end) if alpha < 1 else (start, 0.0)
        # First order where an angle is so small that its sine would underflow.
        one = _log_sine(np.where(left, 0.0, end), alpha, near, log_near)
        two = np.where(
            left, np.log(np.abs(np.sin(most - near))), _log_sine(np.zeros(1), 1.0, near, log_near)
        )
        if alpha < 1 and self.beta == 1:  # most = pi: both ends of this sine vanish
            two = _log_sine(np.zeros(1), 1.0, near, log_near)
        gap = np.where(left, start, end)
        slope = np.where(left, 1 - alpha, alpha - 1)
        three = _log_sine(gap, slope, near, log_near)
        turned = math.log(math.cos(self.turn)) + alpha * (two - one)
        jacobian = log_near - np.logaddexp(0.0, -np.abs(t))
        return turned / (alpha - 1) + three - two, jacobian

    def _coefficients(self) -> FloatArray:
        """Of z^(-alpha k - 1) in pi times the density, k = 1 ... TERMS."""
        from scipy.special import gammaln

        k = np.arange(1, TERMS + 1)
        log_size = gammaln(self.alpha * k + 1) - gammaln(k + 1) - k * math.log(math.cos(self.turn))
        sines = np.sin(k * self.alpha * self.most)
        return np.asarray(-((-1.0) ** k) * np.exp(log_size) * sines)


def _log_sine(
    gap: FloatArray, slope: FloatArray | float, near: FloatArray, log_near: FloatArray
) -> FloatArray:
    """ln sin(gap + slope * near), also where near is too small for it."""
    angle = gap + slope * near
    tiny = (gap == 0) & (near < 1e-8)
    value = np.sin(np.where(tiny, 1.0, angle))
    safe = np.log(np.where(value > 0, value, 1e-300))
    return np.where(tiny, np.log(np.abs(slope)) + log_near, safe)


def _log_lost(x: FloatArray) -> FloatArray:
    """ln(1 - exp(-exp(x)))."""
    small = np.clip(x, -700.0, 700.0)
    return np.asarray(np.log(-np.expm1(-np.exp(small))) + np.minimum(x + 700.0, 0.0))
