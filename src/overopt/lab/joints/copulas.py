"""Copulas: how gold and error depend on each other, whatever their own laws.

Densities are taken from the logarithms of both tails of both variables, because dependence at
probability 1e-100 is the point. Gaussian: none left in the tails. Student t: some in both tails.
Clayton: in the lower tail (``upper`` turns it round). Gumbel: in the upper tail. Formulas: Nelsen,
An Introduction to Copulas, section 4; McNeil, Frey and Embrechts, Quantitative Risk Management,
section 5, also for sampling by frailty.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.lab.marginals.heavy import StudentT
from overopt.lab.marginals.specification import numbers_of

__all__ = [
    "ClaytonCopula",
    "Copula",
    "GaussianCopula",
    "GumbelCopula",
    "StudentTCopula",
    "Tails",
    "copula_of",
]

FloatArray = npt.NDArray[np.floating[Any]]
Tails = tuple[FloatArray, FloatArray]  # log probability at most, and above
MOST_NATS = 1e9  # stands for a tail of probability 0
SMALLEST_NATS = 1e-17  # below it -ln F is 1 - F
LARGE = 30.0  # exp of it makes 1 negligible


def copula_of(text: str) -> Copula:
    """The copula that ``text`` describes, such as gaussian:rho=0.5; BadOption with the choices."""
    name, _, rest = (part.strip() for part in text.partition(":"))
    families = {
        family.name: family
        for family in (GaussianCopula, StudentTCopula, ClaytonCopula, GumbelCopula)
    }
    if name not in families:
        raise BadOption(f"no copula {name!r}: choose from {', '.join(families)}")
    found: Copula = families[name](**numbers_of(f"copula {name}", families[name], rest))
    return found


class Copula(ABC):
    """The joint law of two uniform variables."""

    name: ClassVar[str]

    @abstractmethod
    def log_density(self, gold: Tails, error: Tails) -> FloatArray:
        """Log density at the quantiles with these log tails, of their shape."""

    @abstractmethod
    def draws(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Pairs of uniform variables [count, 2]."""


@final
@dataclass(frozen=True, kw_only=True)
class GaussianCopula(Copula):
    """That of two normal variables with correlation ``rho``."""

    rho: float
    name: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        _check_correlation(self.name, self.rho)

    def log_density(self, gold: Tails, error: Tails) -> FloatArray:
        """Log density: a quadratic form in the normal scores."""
        x, y, rest = _normal_score(gold), _normal_score(error), 1 - self.rho**2
        form = self.rho**2 * (x * x + y * y) - 2 * self.rho * x * y
        return np.asarray(-form / (2 * rest) - 0.5 * math.log(rest))

    def draws(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Normal pairs, ranked."""
        from scipy.special import ndtr

        return np.asarray(ndtr(_normal_pairs(self.rho, count, rng)))


@final
@dataclass(frozen=True, kw_only=True)
class StudentTCopula(Copula):
    """That of two Student t variables with correlation ``rho`` and ``df`` degrees of freedom."""

    rho: float
    df: float
    name: ClassVar[str] = "t"

    def __post_init__(self) -> None:
        _check_correlation(self.name, self.rho)
        if not 0 < self.df < math.inf:
            raise BadOption(f"copula t: df must be above 0, got {self.df:g}")

    def log_density(self, gold: Tails, error: Tails) -> FloatArray:
        """Log density of the pair of t scores, less those of each alone."""
        law, df, rest = StudentT(df=self.df), self.df, 1 - self.rho**2
        x, y = _t_score(law, gold), _t_score(law, error)
        size = np.maximum(np.maximum(np.abs(x), np.abs(y)), 1.0)  # squares would overflow
        a, b = x / size, y / size
        form = (a * a + b * b - 2 * self.rho * a * b) / (df * rest) + (1 / size) ** 2
        log_pair = -(df + 2) / 2 * (np.log(form) + 2 * np.log(size))
        constant = math.lgamma((df + 2) / 2) - math.lgamma(df / 2) - math.log(df * math.pi)
        constant -= 0.5 * math.log(rest)
        return np.asarray(constant + log_pair - law.logpdf(x) - law.logpdf(y))

    def draws(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Normal pairs over a common chi, ranked."""
        from scipy.special import stdtr

        chi = np.sqrt(rng.chisquare(self.df, (count, 1)) / self.df)
        return np.asarray(stdtr(self.df, _normal_pairs(self.rho, count, rng) / chi))


@final
@dataclass(frozen=True, kw_only=True)
class ClaytonCopula(Copula):
    """Dependence in the lower tail, or with ``upper`` = 1 in the upper one; theta above 0."""

    theta: float
    upper: float = 0.0
    name: ClassVar[str] = "clayton"

    def __post_init__(self) -> None:
        if not 0 < self.theta < math.inf:
            raise BadOption(f"copula clayton: theta must be above 0, got {self.theta:g}")
        if self.upper not in (0, 1):
            raise BadOption(f"copula clayton: upper must be 0 or 1, got {self.upper:g}")

    def log_density(self, gold: Tails, error: Tails) -> FloatArray:
        """(1 + theta) (a b)^(-1 - theta) (a^-theta + b^-theta - 1)^(-2 - 1/theta)."""
        side = 1 if self.upper else 0
        a, b = (np.maximum(tails[side], -MOST_NATS) for tails in (gold, error))
        x, y = -self.theta * a, -self.theta * b
        near = np.expm1(np.minimum(x, LARGE)) + np.expm1(np.minimum(y, LARGE))
        log_sum = np.where(np.maximum(x, y) < LARGE, np.log1p(near), np.logaddexp(x, y))
        power = 2 + 1 / self.theta
        return np.asarray(math.log1p(self.theta) - (1 + self.theta) * (a + b) - power * log_sum)

    def draws(self, count: int, rng: np.random.Generator) -> FloatArray:
        """By a gamma frailty."""
        frailty = rng.gamma(1 / self.theta, size=(count, 1))
        pairs = (1 + rng.standard_exponential((count, 2)) / frailty) ** (-1 / self.theta)
        return 1 - pairs if self.upper else pairs


@final
@dataclass(frozen=True, kw_only=True)
class GumbelCopula(Copula):
    """Dependence in the upper tail; theta from 1 (independent) up."""

    theta: float
    name: ClassVar[str] = "gumbel"

    def __post_init__(self) -> None:
        if not 1 <= self.theta < math.inf:
            raise BadOption(f"copula gumbel: theta must be at least 1, got {self.theta:g}")

    def log_density(self, gold: Tails, error: Tails) -> FloatArray:
        """With x = -ln a, y = -ln b, s = (x^theta + y^theta)^(1/theta), in logarithms."""
        log_x, log_y = _log_minus_log(gold), _log_minus_log(error)
        theta = self.theta
        log_s = np.logaddexp(theta * log_x, theta * log_y) / theta
        s = np.exp(log_s)
        outer = np.exp(log_x) + np.exp(log_y) - s + (theta - 1) * (log_x + log_y)
        return np.asarray(outer + (1 - 2 * theta) * log_s + np.log(s + theta - 1))

    def draws(self, count: int, rng: np.random.Generator) -> FloatArray:
        """By a positive stable frailty of index 1 / theta (Kanter's formula)."""
        index = 1 / self.theta
        angle = math.pi * (1 - rng.random((count, 1)))
        waiting = rng.standard_exponential((count, 1))
        frailty = np.sin(index * angle) / np.sin(angle) ** (1 / index)
        frailty = frailty * (np.sin((1 - index) * angle) / waiting) ** ((1 - index) / index)
        return np.exp(-((rng.standard_exponential((count, 2)) / frailty) ** index))


def _check_correlation(name: str, rho: float) -> None:
    if not -1 < rho < 1:
        raise BadOption(f"copula {name}: rho must lie between -1 and 1, got {rho:g}")


def _normal_pairs(rho: float, count: int, rng: np.random.Generator) -> FloatArray:
    pairs = rng.standard_normal((count, 2))
    pairs[:, 1] = rho * pairs[:, 0] + math.sqrt(1 - rho**2) * pairs[:, 1]
    return pairs


def _normal_score(tails: Tails) -> FloatArray:
    """The standard normal value with these tails."""
    from scipy.special import ndtri_exp

    below, above = (np.maximum(tail, -MOST_NATS) for tail in tails)
    return np.asarray(np.where(below < above, ndtri_exp(below), -ndtri_exp(above)))


def _log_minus_log(tails: Tails) -> FloatArray:
    """ln(-ln F), where F is near 1 the log of its complement."""
    below, above = tails
    size = np.clip(-below, SMALLEST_NATS, MOST_NATS)
    return np.where(size > SMALLEST_NATS, np.log(size), np.maximum(above, -MOST_NATS))


def _t_score(law: StudentT, tails: Tails) -> FloatArray:
    """The Student t value with these tails."""
    from scipy.special import stdtrit

    below, above = tails
    nats = np.minimum(-np.minimum(below, above), 600 * law.df)
    near = np.minimum(nats, min(460.0, 25 * law.df + 5))  # a power law beyond, to 1e-15
    size = stdtrit(law.df, np.exp(-near)) * np.exp((nats - near) / law.df)
    return np.asarray(np.where(below < above, size, -size))
