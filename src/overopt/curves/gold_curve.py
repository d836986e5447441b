"""What any curve of gold against pressure answers, estimated from a table or exact for a known law.

Two curves exist: ``EstimatedCurve``, whose limits are intervals over prompts, and the lab's
``ExactCurve``, whose limits are bounds on the error of the computation. Code that asks only what
stands here works with both, and their documents have the same fields.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.pressure import Pressure

__all__ = ["Extremum", "FloatArray", "GoldCurve", "Limits"]

FloatArray = npt.NDArray[np.floating[Any]]
Limits = tuple[FloatArray, FloatArray, FloatArray]  # a value with its lower and upper limits


@final
@dataclass(frozen=True, kw_only=True)
class Extremum:
    """A ``kind`` ("peak" or "trough") of a curve: where, how much gold and proxy, KL in nats."""

    kind: str
    strength: float
    gold: float
    kl: float
    proxy: float


@dataclass(frozen=True, kw_only=True, eq=False)
class GoldCurve(ABC):
    """Gold under one pressure at S ascending strengths; every array is [S].

    ``gold`` is NaN where it is unknown; ``kl`` nats; ``chi_square`` the variance of the density
    ratio; ``win_rate`` the chance that the selected proxy beats a random one; ``proxy`` the mean
    proxy selected, NaN where none exists.
    """

    pressure: Pressure
    strength: FloatArray
    kl: FloatArray
    chi_square: FloatArray
    win_rate: FloatArray
    proxy: FloatArray
    gold: FloatArray

    @abstractmethod
    def interval(self, joint: bool = False) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limits of gold, pointwise or (joint) at all strengths at once."""

    @abstractmethod
    def slope(self) -> Limits:
        """d gold / d ln(strength) with pointwise limits: three arrays [S], NaN at no pressure."""

    @abstractmethod
    def gain(self, cost: float = 0.0) -> Limits:
        """Gain against no pressure with pointwise limits: three arrays [S].

        Net of ``cost`` for every unit of strength beyond no pressure.
        """

    @abstractmethod
    def peak(self) -> Extremum | None:
        """Where gold is highest; None where that is the end of the curve, or gold is unknown."""

    def _extremum(self, kind: str, at: int) -> Extremum:
        """The extremum at a position."""
        names = ("strength", "gold", "kl", "proxy")
        return Extremum(kind=kind, **{name: float(getattr(self, name)[at]) for name in names})

    def to_dict(self, cost: float = 0.0) -> dict[str, Any]:
        """Plain data: equally long lists, undefined numbers NaN; gains net of ``cost``."""
        lower, upper = self.interval()
        columns = {
            "strength": self.strength,
            "kl": self.kl,
            "gold": self.gold,
            "lower": lower,
            "upper": upper,
            **_with_limits("slope", self.slope()),
            **_with_limits("gain", self.gain(cost)),
            "proxy": self.proxy,
            "win_rate": self.win_rate,
            "chi_square": self.chi_square,
        }
        return self.pressure.to_dict() | {name: each.tolist() for name, each in columns.items()}


def _with_limits(name: str, found: Limits) -> dict[str, FloatArray]:
    return dict(zip((name, f"{name}_lower", f"{name}_upper"), found, strict=True))
