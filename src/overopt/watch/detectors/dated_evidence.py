"""Evidence that something has risen, with when it began and what has been measured since.

Signals without gold share it: each turns a batch into a few readings and each reading into a value
z with mean >= 0 as long as nothing has changed. What alarms stays as it was at the alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import final

from overopt.stats.e_process import Betting, Evidence, log_evidence, more_evidence

__all__ = ["DatedEvidence", "Origin", "dated"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A stretch that began at ``step``, ``count`` readings summing to ``total`` before it."""

    step: int
    count: int
    total: float


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class DatedEvidence:
    """``evidence`` of all readings, whose sum is ``total``; ``origins`` [bets] of its stretches.

    ``fired`` is the step at which the evidence reached 1 / false_alarm, None before.
    """

    evidence: Evidence
    origins: tuple[Origin, ...]
    total: float
    fired: int | None

    @classmethod
    def none(cls, betting: Betting) -> DatedEvidence:
        """State before the first reading."""
        start = Origin(step=0, count=0, total=0.0)
        return cls(
            evidence=Evidence.none(betting),
            origins=(start,) * len(betting.bets),
            total=0.0,
            fired=None,
        )

    @property
    def origin(self) -> Origin:
        """Beginning of the stretch that speaks most for a change."""
        best = self.evidence.log_best
        return self.origins[max(range(len(best)), key=best.__getitem__)]

    @property
    def readings(self) -> int:
        """Readings since that beginning."""
        return self.evidence.count - self.origin.count

    @property
    def mean(self) -> float:
        """Mean reading since that beginning; NaN before the first."""
        return (self.total - self.origin.total) / self.readings if self.readings else float("nan")


def dated(
    state: DatedEvidence,
    readings: Sequence[tuple[float, float]],
    step: int,
    betting: Betting,
    false_alarm: float,
) -> DatedEvidence:
    """State after the readings of a step, each given as (z, reading); after an alarm, unchanged.

    Whether it fires is asked once, after the last of them.
    """
    if state.fired is not None:
        return state
    evidence, origins, total = state.evidence, state.origins, state.total
    for z, reading in readings:
        before, count, starts = total, evidence.count, evidence.best_start
        evidence, total = more_evidence(evidence, z, betting), total + reading
        if evidence.best_start != starts or not count:
            fresh = Origin(step=step, count=count, total=before)
            moved = zip(evidence.best_start, origins, strict=True)
            origins = tuple(fresh if start == count else old for start, old in moved)
    certain = log_evidence(evidence, betting) >= -log(false_alarm)
    return DatedEvidence(
        evidence=evidence, origins=origins, total=total, fired=step if certain else None
    )
