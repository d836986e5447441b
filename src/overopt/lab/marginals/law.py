"""The law of one variable, in logarithms, so that tails of probability 1e-300 are as good as any.

A family states its standard form; every law is ``shift + scale * standard``, and a negative scale
turns it round. A law may have atoms (point masses) beside its density, as a clipped one has.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption

__all__ = ["AS_IT_COMES", "NO_ATOMS", "FloatArray", "Law", "descending_root", "log_of", "required"]

FloatArray = npt.NDArray[np.floating[Any]]
AS_IT_COMES = math.nan  # the moment that shift and scale give
NO_ATOMS = (np.empty(0), np.empty(0))
HALVINGS = 80  # to a relative 1e-12 at 1e-9, an absolute 1e-21 below
LARGEST = 1e300
WIDEST = 709.0  # sinh of it is the largest number of a double


@dataclass(frozen=True, kw_only=True)
class Law(ABC):
    """``shift + scale * standard``; ``mean`` and ``sd``, where given, set shift and scale.

    After construction ``mean`` and ``sd`` are the law's own, infinite or NaN where they do not
    exist. Raises BadOption for parameters outside their range, and for a mean or sd asked of a law
    that has none.
    """

    shift: float = 0.0
    scale: float = 1.0
    mean: float = AS_IT_COMES
    sd: float = AS_IT_COMES

    name: ClassVar[str]

    def __post_init__(self) -> None:
        for name in ("shift", "scale", "mean", "sd"):
            if math.isinf(getattr(self, name)):
                raise BadOption(f"{self.name}: {name} must be finite, got {getattr(self, name)}")
        self._check()
        if not (math.isfinite(self.scale) and self.scale != 0 and math.isfinite(self.shift)):
            raise BadOption(
                f"{self.name}: scale must be a number other than 0 and shift a number, got "
                f"{self.scale} and {self.shift}"
            )
        mean, variance = self._standard_moments()
        self._set_spread(math.sqrt(variance))
        self._set_place(mean)

    def _set_spread(self, standard_sd: float) -> None:
        if not math.isnan(self.sd):
            if self.scale != 1:
                raise BadOption(f"{self.name}: give sd or scale, not both")
            if not (self.sd > 0 and 0 < standard_sd < math.inf):
                raise BadOption(
                    f"{self.name}: sd={self.sd:g} cannot be had: it must be above 0, and the law "
                    f"must have a finite one (its own is {standard_sd:g}); give scale instead"
                )
            object.__setattr__(self, "scale", self.sd / standard_sd)
        object.__setattr__(self, "sd", abs(self.scale) * standard_sd)

    def _set_place(self, standard_mean: float) -> None:
        own = self.scale * standard_mean
        if not math.isnan(self.mean):
            if self.shift != 0:
                raise BadOption(f"{self.name}: give mean or shift, not both")
            if not math.isfinite(own):
                raise BadOption(
                    f"{self.name}: mean={self.mean:g} cannot be had, the law has no finite mean: "
                    "give shift instead"
                )
            object.__setattr__(self, "shift", self.mean - own)
        object.__setattr__(self, "mean", self.shift + own)

    def _check(self) -> None:
        """Raise BadOption for a parameter outside its range; a family without any has none."""
        return

    @abstractmethod
    def _standard_moments(self) -> tuple[float, float]:
        """Mean and variance of the standard form; inf or NaN where they do not exist."""

    @abstractmethod
    def _log_density(self, z: FloatArray) -> FloatArray:
        """Log density of the standard form, -inf outside its support; atoms apart."""

    @abstractmethod
    def _log_below(self, z: FloatArray) -> FloatArray:
        """Log P(standard <= z)."""

    @abstractmethod
    def _log_above(self, z: FloatArray) -> FloatArray:
        """Log P(standard > z)."""

    @abstractmethod
    def _draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        """Independent draws of the standard form."""

    def _tails(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both log tails; a family may share their work."""
        return self._log_below(z), self._log_above(z)

    def _upper(self, nats: FloatArray) -> FloatArray:
        """Where log P(standard > z) = -nats."""
        return descending_root(self._log_above, -nats)

    def _lower(self, nats: FloatArray) -> FloatArray:
        """Where log P(standard <= z) = -nats."""
        return -descending_root(lambda z: self._log_below(-z), -nats)

    def _rates(self) -> tuple[float, float]:
        """Exponential rates of the lower and the upper tail: 0 heavy, inf lighter than any."""
        return 0.0, 0.0

    def _kinks(self) -> tuple[float, ...]:
        """Where the standard density is not smooth."""
        return ()

    def _marks(self, nats: FloatArray) -> FloatArray:
        """Values that bracket the standard form's mass at each depth ``nats``."""
        return np.concatenate([self._lower(nats), self._upper(nats)])

    def _standard_atoms(self) -> tuple[FloatArray, FloatArray]:
        """Point masses of the standard form: ascending values, and their probabilities."""
        return NO_ATOMS

    def logpdf(self, x: npt.ArrayLike) -> FloatArray:
        """Log density, of the same shape as ``x``; atoms apart."""
        with np.errstate(over="ignore"):  # a square beyond a double: log density -inf
            return self._log_density(self._standard(x)) - math.log(abs(self.scale))

    def logcdf(self, x: npt.ArrayLike) -> FloatArray:
        """Log P(at most x)."""
        tail = self._log_below if self.scale > 0 else self._log_above
        return tail(self._standard(x))

    def logsf(self, x: npt.ArrayLike) -> FloatArray:
        """Log P(above x)."""
        tail = self._log_above if self.scale > 0 else self._log_below
        return tail(self._standard(x))

    def tails(self, x: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Log P(at most x) and log P(above x)."""
        below, above = self._tails(self._standard(x))
        return (below, above) if self.scale > 0 else (above, below)

    def upper(self, nats: npt.ArrayLike) -> FloatArray:
        """The value that is exceeded with probability exp(-nats)."""
        tail = self._upper if self.scale > 0 else self._lower
        return self._placed(tail(np.asarray(nats, dtype=float)))

    def lower(self, nats: npt.ArrayLike) -> FloatArray:
        """The value that is not exceeded with probability exp(-nats)."""
        tail = self._lower if self.scale > 0 else self._upper
        return self._placed(tail(np.asarray(nats, dtype=float)))

    def ppf(self, q: npt.ArrayLike) -> FloatArray:
        """Quantiles at probabilities ``q`` in (0, 1)."""
        share = np.asarray(q, dtype=float)
        low = share < 0.5
        value = np.empty(share.shape)
        value[low] = self.lower(-np.log(share[low]))
        value[~low] = self.upper(-np.log1p(-share[~low]))
        return value

    def isf(self, q: npt.ArrayLike) -> FloatArray:
        """Values exceeded with probabilities ``q``, down to 1e-300."""
        return self.upper(-np.log(np.asarray(q, dtype=float)))

    def draws(self, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
        """Independent draws."""
        return self.shift + self.scale * self._draws(shape, rng)

    @property
    def variance(self) -> float:
        """Variance; inf or NaN where it does not exist."""
        return self.sd**2

    @property
    def tilt_limit(self) -> float:
        """The largest rate t up to which E exp(t X) is finite; 0 for a heavy upper tail."""
        lower, upper = self._rates()
        return (upper if self.scale > 0 else lower) / abs(self.scale)

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the density is not smooth, the finite ends of the support among them."""
        return tuple(sorted(self.shift + self.scale * kink for kink in self._kinks()))

    def marks(self, nats: FloatArray) -> FloatArray:
        """Values that bracket the mass at each depth ``nats``, of every part of a mixture."""
        return self._placed(self._marks(nats))

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """Point masses: ascending values, and their probabilities."""
        values, masses = self._standard_atoms()
        order = slice(None) if self.scale > 0 else slice(None, None, -1)
        return (self.shift + self.scale * values)[order], masses[order]

    @property
    def continuous_mass(self) -> float:
        """Probability that is not in atoms."""
        return max(0.0, 1.0 - float(self.atoms[1].sum()))

    def shifted(self, by: float) -> Self:
        """The law of X + by."""
        return self._moved(self.shift + by, self.scale)

    def scaled(self, by: float) -> Self:
        """The law of by * X; a negative factor turns it round."""
        return self._moved(self.shift * by, self.scale * by)

    def _moved(self, shift: float, scale: float) -> Self:
        return replace(self, shift=shift, scale=scale, mean=AS_IT_COMES, sd=AS_IT_COMES)

    def _placed(self, z: FloatArray) -> FloatArray:
        """Values of the standard form moved to their place, within what a double holds."""
        with np.errstate(over="ignore"):
            return np.asarray(np.clip(self.shift + self.scale * z, -LARGEST, LARGEST))

    def _standard(self, x: npt.ArrayLike) -> FloatArray:
        return (np.asarray(x, dtype=float) - self.shift) / self.scale

    def __str__(self) -> str:
        """The specification that ``law_of`` reads back."""
        told = {}
        if self.scale != 1:
            spread = "sd" if self.scale > 0 and math.isfinite(self.sd) else "scale"
            told[spread] = getattr(self, spread)
        if self.shift != 0:
            place = "mean" if math.isfinite(self.mean) else "shift"
            told[place] = getattr(self, place)
        text, more = self._text(), ",".join(f"{key}={value:.10g}" for key, value in told.items())
        return f"{text}{',' if ':' in text else ':'}{more}" if more else text

    def _text(self) -> str:
        own = [item.name for item in fields(self) if item.default is MISSING]
        text = ",".join(f"{name}={getattr(self, name):.10g}" for name in own)
        return f"{self.name}:{text}" if text else self.name


def required(law: Law, name: str, low: float = 0.0, high: float = math.inf) -> None:
    """Raise BadOption unless parameter ``name`` lies strictly between two bounds."""
    value = getattr(law, name)
    if not low < value < high:
        limit = f"above {low:g}" + ("" if high == math.inf else f" and below {high:g}")
        raise BadOption(f"{law.name}: {name} must be {limit}, got {value:g}")


def descending_root(function: Any, level: FloatArray) -> FloatArray:
    """Where a non-increasing function of any real number crosses ``level`` [...], by bisection.

    Halves an interval of sinh(-709 ... 709), so every magnitude of a double is found alike.
    """
    low = np.full(np.shape(level), -WIDEST)
    high = np.full(np.shape(level), WIDEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = function(np.sinh(middle)) > level
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.sinh((low + high) / 2))


def log_of(x: FloatArray) -> FloatArray:
    """Natural logarithm, -inf at and below 0."""
    return np.asarray(np.log(x, out=np.full(np.shape(x), -np.inf), where=np.asarray(x) > 0))
