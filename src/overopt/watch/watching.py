"""What the collector asks of a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from overopt.watch.batch import Batch
from overopt.watch.draw import Draw

__all__ = ["Alarm", "Watching"]


class Alarm(Protocol):
    """A signal that fired at ``step``; ``tier`` is "red" or "amber"."""

    @property
    def name(self) -> str:
        """Name of the signal."""

    @property
    def tier(self) -> str:
        """Red, which rests on labels, or amber."""

    @property
    def step(self) -> int:
        """When it fired."""

    @property
    def sentence(self) -> str:
        """What it says, to be read."""


class Watching(Protocol):
    """A monitor: pure functions of a state that ``saved_state`` can save."""

    def start(self) -> Any:
        """State before the first batch."""

    def observe(self, state: Any, batch: Batch) -> tuple[Any, tuple[Draw, ...]]:
        """State after one more batch, and the rows of it to label, numbered on from the last."""

    def label(self, state: Any, number: int, gold: float | None) -> Any:
        """State after the gold of draw ``number``, None for a refusal; called in draw order."""

    def alarms(self, state: Any) -> Sequence[Alarm]:
        """Everything that has fired so far, in the order in which it did."""
