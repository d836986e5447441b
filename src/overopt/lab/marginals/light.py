"""Families whose tails fall at least exponentially, in their standard forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from overopt.lab.marginals.law import FloatArray, Law, log_of, required

__all__ = ["Beta", "Exponential", "Gamma", "Laplace", "Normal"]


@final
@dataclass(frozen=True, kw_only=True)
class Normal(Law):
    """Normal; mean 0 and sd 1 unless said otherwise."""

    name: ClassVar[str] = "normal"

    def _standard_moments(self) -> tuple[float, float]:
        return 0.0, 1.0

    def _log_density(self, z: FloatArray) -> FloatArray:
        return -0.5 * z * z - 0.5 * math.log(2 * math.pi)

    def _log_below(self, z: FloatArray) -> FloatArray:
        from scipy.special import log_ndtr

        return np.asarray(log_ndtr(z))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return self._log_below(-z)

    def _upper(self, nats: FloatArray) -> FloatArray:
        return -self._lower(nats)

    def _lower(self, nats: FloatArray) -> FloatArray:
        from scipy.special import ndtri_exp

        return np.asarray(ndtri_exp(-nats))

    def _rates(self) -> tuple[float, float]:
        return math.inf, math.inf

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.standard_normal(shape)


@final
@dataclass(frozen=True, kw_only=True)
class Laplace(Law):
    """Two-sided exponential; standard density exp(-|z|) / 2."""

    name: ClassVar[str] = "laplace"

    def _standard_moments(self) -> tuple[float, float]:
        return 0.0, 2.0

    def _log_density(self, z: FloatArray) -> FloatArray:
        return -np.abs(z) - math.log(2)

    def _log_below(self, z: FloatArray) -> FloatArray:
        return self._log_above(-z)

    def _log_above(self, z: FloatArray) -> FloatArray:
        half = np.log1p(-0.5 * np.exp(-np.abs(z)))
        return np.where(z > 0, -z - math.log(2), half)

    def _rates(self) -> tuple[float, float]:
        return 1.0, 1.0

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.laplace(size=shape)


@final
@dataclass(frozen=True, kw_only=True)
class Exponential(Law):
    """Exponential above 0; standard mean 1."""

    name: ClassVar[str] = "exponential"

    def _standard_moments(self) -> tuple[float, float]:
        return 1.0, 1.0

    def _log_density(self, z: FloatArray) -> FloatArray:
        return np.where(z >= 0, -z, -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        return log_of(-np.expm1(-np.maximum(z, 0)))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return -np.maximum(z, 0)

    def _upper(self, nats: FloatArray) -> FloatArray:
        return nats

    def _lower(self, nats: FloatArray) -> FloatArray:
        return -np.log1p(-np.exp(-nats))

    def _rates(self) -> tuple[float, float]:
        return math.inf, 1.0

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.standard_exponential(shape)


@final
@dataclass(frozen=True, kw_only=True)
class Gamma(Law):
    """Gamma above 0 with ``shape``; standard density z^(shape - 1) exp(-z) / Gamma(shape)."""

    shape: float
    name: ClassVar[str] = "gamma"

    def _check(self) -> None:
        required(self, "shape")

    def _standard_moments(self) -> tuple[float, float]:
        return self.shape, self.shape

    def _log_density(self, z: FloatArray) -> FloatArray:
        inside = z > 0
        log_z = np.log(np.where(inside, z, 1.0))
        value = (self.shape - 1) * log_z - z - math.lgamma(self.shape)
        return np.where(inside, value, -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        from scipy.special import gammainc

        inside = np.maximum(z, 0)
        # Near 0 the leading term; it takes over before the function underflows.
        leading = self.shape * log_of(inside) - math.lgamma(self.shape + 1)
        return np.where(leading > -600, log_of(gammainc(self.shape, inside)), leading)

    def _log_above(self, z: FloatArray) -> FloatArray:
        from scipy.special import gammaincc

        inside = np.maximum(z, 0)
        far = np.maximum(inside, 500 + 2 * self.shape)
        ratio, term = np.ones_like(far), np.ones_like(far)
        for k in range(1, 20):  # the asymptotic series, where the function has underflowed
            term = term * (self.shape - k) / far
            ratio = ratio + term
        tail = (self.shape - 1) * np.log(far) - far - math.lgamma(self.shape) + np.log(ratio)
        return np.where(inside < far, log_of(gammaincc(self.shape, inside)), tail)

    def _rates(self) -> tuple[float, float]:
        return math.inf, 1.0

    def _kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.standard_gamma(self.shape, shape)


@final
@dataclass(frozen=True, kw_only=True)
class Beta(Law):
    """Beta on (0, 1) with powers ``a`` and ``b``; uniform for a = b = 1."""

    a: float
    b: float
    name: ClassVar[str] = "beta"

    def _check(self) -> None:
        required(self, "a")
        required(self, "b")

    def _standard_moments(self) -> tuple[float, float]:
        total = self.a + self.b
        return self.a / total, self.a * self.b / (total**2 * (total + 1))

    def _log_density(self, z: FloatArray) -> FloatArray:
        inside = (z > 0) & (z < 1)
        safe = np.where(inside, z, 0.5)
        value = (self.a - 1) * np.log(safe) + (self.b - 1) * np.log1p(-safe)
        return np.where(inside, value - _log_beta(self.a, self.b), -np.inf)

    def _log_below(self, z: FloatArray) -> FloatArray:
        return _log_beta_share(self.a, self.b, np.clip(z, 0, 1))

    def _log_above(self, z: FloatArray) -> FloatArray:
        return _log_beta_share(self.b, self.a, 1 - np.clip(z, 0, 1))

    def _upper(self, nats: FloatArray) -> FloatArray:
        below = _share_point(self.b, self.a, nats)
        return 1 - below

    def _lower(self, nats: FloatArray) -> FloatArray:
        return _share_point(self.a, self.b, nats)

    def _rates(self) -> tuple[float, float]:
        return math.inf, math.inf

    def _kinks(self) -> tuple[float, ...]:
        return (0.0, 1.0)

    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        return rng.beta(self.a, self.b, shape)


def _share_point(a: float, b: float, nats: FloatArray) -> FloatArray:
    """Where the beta law with powers a, b has log P(at most z) = -nats."""
    from scipy.special import betaincinv

    leading = np.exp((-nats + math.log(a) + _log_beta(a, b)) / a)
    return np.asarray(np.where(nats < 600, betaincinv(a, b, np.exp(-nats)), leading))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_beta_share(a: float, b: float, z: FloatArray) -> FloatArray:
    """Log of the regularised incomplete beta function, also where it underflows."""
    from scipy.special import betainc

    leading = a * log_of(z) - math.log(a) - _log_beta(a, b)
    return np.where(leading > -600, log_of(betainc(a, b, z)), leading)
