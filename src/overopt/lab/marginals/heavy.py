"""Families whose upper tail is heavier than every exponential, in their standard forms.

The Weibull law is here for its powers below 1; above 1 its tail is light.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from overopt.lab.marginals.law import FloatArray, Law, log_of, required

__all__ = ["Levy", "LogNormal", "Pareto", "StudentT", "Weibull"]


@final
@dataclass(frozen=True, kw_only=True)
class StudentT(Law):
    """Student t with ``df`` degrees of freedom: tail |z|^-df, variance df / (df - 2)."""

    df: float
    name: ClassVar[str] = "t"

    def _check(self) -> None:
        required(self, "df")

    def _standard_moments(self) -> tuple[float, float]:
        mean = 0.0 if self.df > 1 else math.nan
        if self.df > 2:
            return mean, self.df / (self.df - 2)
        return mean, math.inf if self.df > 1 else math.nan

    def _log_density(self, z: FloatArray) -> FloatArray:
        df = self.df
        constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
        return np.asarray(constant - (df + 1) * np.log(np.hypot(1.0, z / math.sqrt(df))))

    def _log_below(self, z: FloatArray) -> FloatArray:
        return self._tails(z)[0]

    def _log_above(self, z: FloatArray) -> FloatArray:
        return self._tails(z)[1]

    def _tails(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        from scipy.special import betainc

        df = self.df
        log_share = -2 * np.log(np.hypot(1.0, z / math.sqrt(df)))  # df / (df + z^2)
        share = np.exp(log_share)
        power = df / 2
        log_beta = math.lgamma(power) + math.lgamma(0.5) - math.lgamma(power + 0.5)
        series = np.log1p(power / (2 * (power + 1)) * np.minimum(share, 1e-8))
        far = power * log_share - math.log(power) - log_beta + series - math.log(2)
        # Near the middle from the middle out: there 1 - share has lost z.
        inner = share > 0.5
        a, b = np.where(inner, 0.5, power), np.where(inner, power, 0.5)
        square = np.minimum(np.abs(z), math.sqrt(df)) ** 2
        part = betainc(a, b, np.where(inner, square / (df + square), np.maximum(share, 1e-9))) / 2
        one_side = np.where(share > 1e-8, np.log(np.where(inner, 0.5 - part, part)), far)
        other = np.log1p(-np.exp(np.minimum(one_side, -math.log(2))))
        return np.where(z < 0, one_side, other), np.where(z < 0, other, one_side)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.standard_t(self.df, shape)


@final
@dataclass(frozen=True, kw_only=True)
class LogNormal(Law):
    """exp(sigma * normal); median 1 in standard form."""

    sigma: float
    name: ClassVar[str] = "lognormal"

    def _check(self) -> None:
        required(self, "sigma", high=25.0)

    def _standard_moments(self) -> tuple[float, float]:
        square = self.sigma**2
        return math.exp(square / 2), math.expm1(square) * math.exp(square)

    def _log_density(self, z: FloatArray) -> FloatArray:
        log_z = log_of(z)
        scaled = np.where(z > 0, log_z, 0.0) / self.sigma
        constant = math.log(self.sigma) + 0.5 * math.log(2 * math.pi)
        return np.where(z > 0, -0.5 * scaled**2 - scaled * self.sigma - constant, -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        from scipy.special import log_ndtr

        return np.asarray(log_ndtr(log_of(z) / self.sigma))

    def _log_above(self, z: FloatArray) -> FloatArray:
        from scipy.special import log_ndtr

        return np.asarray(log_ndtr(-log_of(z) / self.sigma))

    def _upper(self, nats: FloatArray) -> FloatArray:
        from scipy.special import ndtri_exp

        return np.asarray(np.exp(np.minimum(-self.sigma * ndtri_exp(-nats), 709.0)))

    def _lower(self, nats: FloatArray) -> FloatArray:
        from scipy.special import ndtri_exp

        return np.asarray(np.exp(self.sigma * ndtri_exp(-nats)))

    def _rates(self) -> tuple[float, float]:
        return math.inf, 0.0

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return np.exp(self.sigma * rng.standard_normal(shape))


@final
@dataclass(frozen=True, kw_only=True)
class Pareto(Law):
    """Pareto above 1: P(above z) = z^-tail."""

    tail: float
    name: ClassVar[str] = "pareto"

    def _check(self) -> None:
        required(self, "tail")

    def _standard_moments(self) -> tuple[float, float]:
        a = self.tail
        mean = a / (a - 1) if a > 1 else math.inf
        if a > 2:
            return mean, a / ((a - 1) ** 2 * (a - 2))
        return mean, math.inf if a > 1 else math.nan

    def _log_density(self, z: FloatArray) -> FloatArray:
        inside = z >= 1
        log_z = np.log(np.where(inside, z, 1.0))
        return np.where(inside, math.log(self.tail) - (self.tail + 1) * log_z, -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        return log_of(-np.expm1(self._log_above(z)))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return -self.tail * np.log(np.maximum(z, 1.0))

    def _upper(self, nats: FloatArray) -> FloatArray:
        return np.asarray(np.exp(np.minimum(nats / self.tail, 709.0)))

    def _lower(self, nats: FloatArray) -> FloatArray:
        return np.exp(-np.log1p(-np.exp(-nats)) / self.tail)

    def _rates(self) -> tuple[float, float]:
        return math.inf, 0.0

    def _kinks(self) -> tuple[float, ...]:
        return (1.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return np.exp(rng.standard_exponential(shape) / self.tail)


@final
@dataclass(frozen=True, kw_only=True)
class Weibull(Law):
    """Weibull above 0: P(above z) = exp(-z^power); heavy for powers below 1."""

    power: float
    name: ClassVar[str] = "weibull"

    def _check(self) -> None:
        required(self, "power", low=0.02)

    def _standard_moments(self) -> tuple[float, float]:
        mean = math.exp(math.lgamma(1 + 1 / self.power))
        return mean, math.exp(math.lgamma(1 + 2 / self.power)) - mean**2

    def _log_density(self, z: FloatArray) -> FloatArray:
        log_z = np.log(np.where(z > 0, z, 1.0))
        value = math.log(self.power) + (self.power - 1) * log_z - np.exp(self.power * log_z)
        return np.where(z > 0, value, -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        return log_of(-np.expm1(self._log_above(z)))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return -(np.maximum(z, 0.0) ** self.power)

    def _upper(self, nats: FloatArray) -> FloatArray:
        return np.asarray(nats ** (1 / self.power))

    def _lower(self, nats: FloatArray) -> FloatArray:
        return np.asarray((-np.log1p(-np.exp(-nats))) ** (1 / self.power))

    def _rates(self) -> tuple[float, float]:
        return math.inf, 0.0 if self.power < 1 else 1.0 if self.power == 1 else math.inf

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.standard_exponential(shape) ** (1 / self.power)


@final
@dataclass(frozen=True, kw_only=True)
class Levy(Law):
    """Lévy, the stable law of index 1/2 above 0: P(above z) = erf(1 / sqrt(2 z)); no mean."""

    name: ClassVar[str] = "levy"

    def _standard_moments(self) -> tuple[float, float]:
        return math.inf, math.nan

    def _log_density(self, z: FloatArray) -> FloatArray:
        safe = np.where(z > 0, z, 1.0)
        value = -0.5 / safe - 1.5 * np.log(safe) - 0.5 * math.log(2 * math.pi)
        return np.where(z > 0, value, -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        from scipy.special import log_ndtr

        with np.errstate(over="ignore"):
            return np.asarray(math.log(2) + log_ndtr(-1 / np.sqrt(np.maximum(z, 1e-300))))

    def _log_above(self, z: FloatArray) -> FloatArray:
        from scipy.special import erf

        return np.asarray(np.log(erf(1 / np.sqrt(2 * np.maximum(z, 1e-300)))))

    def _upper(self, nats: FloatArray) -> FloatArray:
        from scipy.special import erfinv

        near = np.minimum(nats, 30.0)
        log_value = -math.log(2) - 2 * np.log(erfinv(np.exp(-near)))
        return np.asarray(np.exp(np.minimum(log_value + 2 * (nats - near), 709.0)))

    def _lower(self, nats: FloatArray) -> FloatArray:
        from scipy.special import ndtri_exp

        return np.asarray(ndtri_exp(-nats - math.log(2)) ** -2.0)

    def _rates(self) -> tuple[float, float]:
        return math.inf, 0.0

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.standard_normal(shape) ** -2.0
