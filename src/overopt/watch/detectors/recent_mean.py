"""The mean of what was measured lately, with an interval: the last completed block of readings.

A display, not a test: readings of a block are taken as independent and the limits, from Student's
t, hold at one look. What alarms is the evidence beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from overopt.stats.intervals import t_quantile

__all__ = ["Measured", "RecentMean", "with_readings"]

LEVEL = 0.95


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Mean over ``count`` readings with its 95 % limits, the last of them at ``step``."""

    mean: float
    lower: float
    upper: float
    count: int
    step: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class RecentMean:
    """Moments of the block that grows, and the ``last`` completed one."""

    count: int
    mean: float
    scatter: float
    last: Measured | None

    @classmethod
    def none(cls) -> RecentMean:
        """State before the first reading."""
        return cls(count=0, mean=0.0, scatter=0.0, last=None)


def with_readings(
    state: RecentMean, readings: Iterable[float], step: int, block: int
) -> RecentMean:
    """State after more readings of a step; a block is complete once it has ``block`` of them."""
    count, mean, scatter = state.count, state.mean, state.scatter
    for reading in readings:
        count += 1
        change = reading - mean
        mean += change / count
        scatter += change * (reading - mean)
    if count < block:
        return RecentMean(count=count, mean=mean, scatter=scatter, last=state.last)
    half = float(t_quantile(LEVEL, count - 1)) * (scatter / (count - 1) / count) ** 0.5
    last = Measured(mean=mean, lower=mean - half, upper=mean + half, count=count, step=step)
    return RecentMean(count=0, mean=0.0, scatter=0.0, last=last)
