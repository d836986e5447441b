"""How the upper tail of a law falls, to the precision that decides a limit.

Every tail here is -ln P(X > t) = rate t^power + log_square (ln t)^2 + index ln t - log_constant
+ o(1), or has an end. (A lognormal tail has a further ln ln t, the same for all of them.) Two tails
compare by the first term in which they differ. Assumes one of the known families.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import final

import numpy as np

from overopt.lab.marginals.derived import Clipped, Mixture, Truncated
from overopt.lab.marginals.discrete import Discrete
from overopt.lab.marginals.heavy import Levy, LogNormal, Pareto, StudentT, Weibull
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Beta, Exponential, Gamma, Laplace, Normal
from overopt.lab.marginals.stable import Stable

__all__ = ["UpperTail", "upper_tail"]

SAME = 1e-9  # relative: parameters nearer than this were meant to be equal


@final
@dataclass(frozen=True, kw_only=True)
class UpperTail:
    """The terms of the expansion; ``end`` is the largest value, inf where there is none."""

    end: float = math.inf
    rate: float = 0.0
    power: float = 1.0
    log_square: float = 0.0
    index: float = 0.0
    log_constant: float = 0.0

    @property
    def bounded(self) -> bool:
        """Whether the law has a largest value."""
        return self.end < math.inf

    @property
    def superexponential(self) -> bool:
        """Whether the hazard grows without bound, as that of a normal law."""
        return not self.bounded and self.rate > 0 and self.power > 1

    @property
    def exponential(self) -> bool:
        """Whether the hazard tends to ``rate``."""
        return not self.bounded and self.rate > 0 and self.power == 1

    @property
    def subexponential(self) -> bool:
        """Whether the hazard tends to 0 so that a sum is large when one summand is."""
        return not (self.bounded or self.superexponential or self.exponential)

    def moved(self, shift: float, scale: float) -> UpperTail:
        """The tail of shift + scale * X, scale above 0."""
        if self.bounded:
            return replace(self, end=shift + scale * self.end)
        log_scale = math.log(scale)
        constant = self.log_constant + self.index * log_scale - self.log_square * log_scale**2
        if self.exponential:
            constant += self.rate * shift / scale
        return replace(
            self,
            rate=self.rate / scale**self.power,
            index=self.index - 2 * self.log_square * log_scale,
            log_constant=constant,
        )

    def thinned(self, share: float) -> UpperTail:
        """The tail multiplied by ``share``."""
        return replace(self, log_constant=self.log_constant + math.log(share))

    def log_ratio(self, other: UpperTail, power: float) -> float:
        """Limit of ln(t^power P(X > t) / P(Y > t)) for another tail without end: may be infinite.

        Tails of one power and rate, up to shifts that do not show in the expansion.
        """
        if self.power != other.power and (self.rate > 0 or other.rate > 0):
            own, others = (tail.power if tail.rate > 0 else 0.0 for tail in (self, other))
            return -math.inf if own > others else math.inf
        for name, offset in (("rate", 0.0), ("log_square", 0.0), ("index", power)):
            mine, theirs = getattr(self, name), getattr(other, name) + offset
            if not math.isclose(mine, theirs, rel_tol=SAME, abs_tol=SAME):
                return -math.inf if mine > theirs else math.inf
        return self.log_constant - other.log_constant


def upper_tail(law: Law) -> UpperTail | None:
    """How P(law > t) falls; None for a law that no theorem here knows."""
    standard = _tail(law, law.scale > 0)
    return standard.moved(law.shift, abs(law.scale)) if standard else None


@singledispatch
def _tail(law: Law, upper: bool) -> UpperTail | None:
    """Tail of the standard form, or of what the standard form is below (then of -X)."""
    return None


@_tail.register
def _(law: Normal, upper: bool) -> UpperTail:
    return UpperTail(rate=0.5, power=2.0, index=1.0, log_constant=-0.5 * math.log(2 * math.pi))


@_tail.register
def _(law: Laplace, upper: bool) -> UpperTail:
    return UpperTail(rate=1.0, log_constant=-math.log(2))


@_tail.register
def _(law: Exponential, upper: bool) -> UpperTail:
    return UpperTail(rate=1.0) if upper else UpperTail(end=0.0)


@_tail.register
def _(law: Gamma, upper: bool) -> UpperTail:
    if not upper:
        return UpperTail(end=0.0)
    return UpperTail(rate=1.0, index=1 - law.shape, log_constant=-math.lgamma(law.shape))


@_tail.register
def _(law: Beta, upper: bool) -> UpperTail:
    return UpperTail(end=1.0 if upper else 0.0)


@_tail.register
def _(law: StudentT, upper: bool) -> UpperTail:
    df = law.df
    constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(math.pi)
    return UpperTail(index=df, log_constant=constant + (df / 2 - 1) * math.log(df))


@_tail.register
def _(law: LogNormal, upper: bool) -> UpperTail:
    if not upper:
        return UpperTail(end=0.0)
    constant = math.log(law.sigma) - 0.5 * math.log(2 * math.pi)
    return UpperTail(log_square=0.5 / law.sigma**2, log_constant=constant)


@_tail.register
def _(law: Pareto, upper: bool) -> UpperTail:
    return UpperTail(index=law.tail) if upper else UpperTail(end=-1.0)


@_tail.register
def _(law: Weibull, upper: bool) -> UpperTail:
    return UpperTail(rate=1.0, power=law.power) if upper else UpperTail(end=0.0)


@_tail.register
def _(law: Levy, upper: bool) -> UpperTail:
    constant = 0.5 * math.log(2 / math.pi)
    return UpperTail(index=0.5, log_constant=constant) if upper else UpperTail(end=0.0)


@_tail.register
def _(law: Stable, upper: bool) -> UpperTail:
    half = law.half(upper)
    if half.empty:
        return UpperTail(end=0.0)
    if half.steepness and law.alpha > 1:
        constant = -0.5 * math.log(2 * math.pi * law.alpha * half.steepness)
        rate, power = half.steepness, half.power
        return UpperTail(rate=rate, power=power, index=power / 2, log_constant=constant)
    return UpperTail(index=law.alpha, log_constant=math.log(half.tail_constant))


@_tail.register
def _(law: Discrete, upper: bool) -> UpperTail:
    values = law.values if upper else [-value for value in law.values]
    return UpperTail(end=max(v for v, c in zip(values, law.chances, strict=True) if c > 0))


@_tail.register
def _(law: Clipped, upper: bool) -> UpperTail | None:
    return _cut(law.law, law.low, law.high, upper)


@_tail.register
def _(law: Truncated, upper: bool) -> UpperTail | None:
    tail = _cut(law.law, law.low, law.high, upper)
    kept = float(np.exp(law.law.logsf(law.low)) - np.exp(law.law.logsf(law.high)))
    return tail if tail is None or tail.bounded else tail.thinned(1 / kept)


@_tail.register
def _(law: Mixture, upper: bool) -> UpperTail | None:
    tails = [upper_tail(part if upper else part.scaled(-1.0)) for part in law.laws]
    known = [
        (tail if tail.bounded else tail.thinned(weight))
        for tail, weight in zip(tails, law.weights, strict=True)
        if tail
    ]
    if len(known) < len(tails):
        return None
    endless = [tail for tail in known if not tail.bounded]
    if not endless:
        return UpperTail(end=max(tail.end for tail in known))
    heaviest = endless[0]
    for tail in endless[1:]:
        heaviest = _together(heaviest, tail)
    return heaviest


def _cut(law: Law, low: float, high: float, upper: bool) -> UpperTail | None:
    """Tail of a law between two bounds, of which the parent's is left where there is no bound."""
    own = upper_tail(law if upper else law.scaled(-1.0))
    end = high if upper else -low
    if math.isinf(end):
        return own
    # Within the parent's support: a bound beyond its end does not cut.
    return UpperTail(end=min(end, own.end) if own else end)


def _together(one: UpperTail, other: UpperTail) -> UpperTail:
    """The tail of a sum of two tail probabilities without end: the heavier, or both."""
    ratio = one.log_ratio(other, power=0.0)
    if math.isinf(ratio):
        return one if ratio > 0 else other
    return replace(one, log_constant=float(np.logaddexp(one.log_constant, other.log_constant)))
