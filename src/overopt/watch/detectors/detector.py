"""What a detector is: a pure fold of labelled draws (red signals) or of batches (amber signals).

A state is a frozen dataclass of numbers, strings and tuples, so that a restart from its saved text
continues bit by bit. Options live in the detector, data in the state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, final

from overopt.watch.batch import Batch
from overopt.watch.block import BlockMean
from overopt.watch.draw import LabelledDraw

__all__ = ["Amber", "Colour", "GoldDetector", "ProxyDetector", "Reading"]

State = TypeVar("State")
Colour = Literal["green", "undecided", "red"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one red detector says now.

    ``log_evidence`` is the log of its e-process: under the null its exponential stays below
    1 / false_alarm for ever, except with chance false_alarm. ``began`` is the first label of the
    stretch that speaks most against the null. ``block`` is what the last completed block measured
    in units of gold, above 0 where the null holds with room; None before one is complete.
    ``slack`` is by how much the null lies below 0 of the block, for an uncertain reference: no
    smaller fall can ever be proven.
    ``holds``: nothing of late makes it doubtful that the null still holds, as far as is known.
    """

    name: str
    log_evidence: float
    began: int | None
    labels_used: int
    block: BlockMean | None
    holds: bool = True
    slack: float = 0.0

    @property
    def value(self) -> float | None:
        """Mean of the last completed block."""
        return self.block and self.block.value

    @property
    def lower(self) -> float | None:
        """Its lower limit."""
        return self.block and self.block.lower

    @property
    def upper(self) -> float | None:
        """Its upper limit."""
        return self.block and self.block.upper


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Amber:
    """A change seen without gold: worth labels, never a verdict. ``step`` is when it fired."""

    name: str
    step: int
    sentence: str


class GoldDetector(ABC, Generic[State]):
    """A question that labelled draws answer, with a guarantee on false alarms."""

    name: str

    @abstractmethod
    def start(self) -> State:
        """State before the first label."""

    @abstractmethod
    def update(self, state: State, label: LabelledDraw) -> State:
        """State after one more draw, consumed in draw order."""

    @abstractmethod
    def reading(self, state: State) -> Reading:
        """What the state says."""


class ProxyDetector(ABC, Generic[State]):
    """A question that proxies alone answer: amber, it asks for labels."""

    name: str

    @abstractmethod
    def start(self) -> State:
        """State before the first batch."""

    @abstractmethod
    def update(self, state: State, batch: Batch) -> State:
        """State after one more batch, in order of steps."""

    @abstractmethod
    def fired(self, state: State) -> Amber | None:
        """The signal that the state holds, None while there is none."""
