"""Does a reading lie beyond the usual 95 % point more often than it used to?

Learns a threshold and the highest rate at which later readings may exceed it from a reference: the
run's first readings, or a healthy run's. From then on z = 1 - [share beyond] / rate, whose mean is
not below 0 while nothing has changed. Bounds and bets are free of the law of the reading.

Assumes that readings of the reference are independent of each other, and that later ones exceed
the threshold at most at the reference's rate, given the past. A false alarm in a run of any length
then has chance at most ``false_alarm``: half for a reference that misleads, half for what follows.
A reference that already holds what is looked for hides it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.stats.e_process import Betting
from overopt.stats.upper_rate import Beyond, beyond_reference
from overopt.watch.detectors.dated_evidence import DatedEvidence, dated

__all__ = ["BeyondOptions", "BeyondShare", "share_watched"]

FloatVector = npt.NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class BeyondOptions:
    """``reference`` readings are learnt from unless ``known`` says what a healthy run showed."""

    reference: int = 200
    share: float = 0.05
    false_alarm: float = 0.01
    known: Beyond | None = None
    betting: Betting = field(default_factory=Betting)

    def __post_init__(self) -> None:
        if self.reference < 20:
            raise BadOption(f"a reference of {self.reference} readings: give 20 or more")
        if not (0 < self.share < 1 and 0 < self.false_alarm < 1):
            raise BadOption(
                f"share {self.share}, false alarm {self.false_alarm}: give numbers between 0 and 1"
            )


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class BeyondShare:
    """``learnt`` readings of an unfinished reference, then what is ``beyond`` it, and evidence."""

    learnt: tuple[float, ...]
    beyond: Beyond | None
    dated: DatedEvidence

    @classmethod
    def none(cls, options: BeyondOptions) -> BeyondShare:
        """State before the first reading."""
        return cls(learnt=(), beyond=options.known, dated=DatedEvidence.none(options.betting))

    @property
    def learning(self) -> bool:
        """Whether nothing has been held against a reference yet."""
        return self.dated.evidence.count == 0


def share_watched(
    state: BeyondShare, readings: FloatVector, turn: int, step: int, options: BeyondOptions
) -> BeyondShare:
    """State after the readings that one step gave, NaN left out: together they count as one.

    The reference takes one of them, each place in its ``turn``.
    """
    usable = [reading for reading in readings.tolist() if reading == reading]
    if not usable or state.dated.fired is not None:
        return state
    if state.beyond is None:
        return _learning(state, usable[turn % len(usable)], options)
    threshold = state.beyond.threshold
    share = sum(reading > threshold for reading in usable) / len(usable)
    z = 1 - share / state.beyond.rate
    return replace(
        state,
        dated=dated(state.dated, [(z, share)], step, options.betting, options.false_alarm / 2),
    )


def _learning(state: BeyondShare, reading: float, options: BeyondOptions) -> BeyondShare:
    learnt = (*state.learnt, reading)
    if len(learnt) < options.reference:
        return replace(state, learnt=learnt)
    beyond = beyond_reference(np.array(learnt), options.share, 1 - options.false_alarm / 2)
    return replace(state, learnt=(), beyond=beyond)
