"""What the collector asks of a monitor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from overopt.watch.batch import Batch
from overopt.watch.detectors.detector import Amber
from overopt.watch.draw import Draw

__all__ = ["RaisedAlarm", "WatchedState", "Watching"]


class RaisedAlarm(Protocol):
    """A red signal: a frozen dataclass that ``saved_state`` can write."""

    @property
    def signal(self) -> str:
        """Its name."""

    @property
    def step(self) -> int:
        """The step whose label raised it."""


class WatchedState(Protocol):
    """What the store must know of a state; the rest is the monitor's."""

    @property
    def drawn(self) -> int:
        """Draws made so far."""

    @property
    def consumed(self) -> int:
        """The first so many draws have been folded, with their labels or as refused."""

    @property
    def alarms(self) -> Sequence[RaisedAlarm]:
        """Red signals, once raised for ever."""

    @property
    def ambers(self) -> Sequence[Amber]:
        """Amber signals that are on."""


class Watching(Protocol):
    """A monitor: pure functions of a state that it can write as text and read back."""

    def start(self) -> Any:
        """State before the first batch."""

    def observe(self, state: Any, batch: Batch) -> tuple[Any, tuple[Draw, ...]]:
        """State after one more batch, and the rows of it to label, numbered on from the last."""

    def sat_down(
        self, state: Any, batches: Sequence[Batch], rows: int
    ) -> tuple[Any, tuple[Draw, ...]]:
        """State after about ``rows`` rows of past batches were drawn for people, and the draws."""

    def labelled(self, state: Any, labels: Iterable[tuple[int, float | None]]) -> Any:
        """State after labels (number of the draw, gold or None when refused), in any order."""

    def text(self, state: Any) -> str:
        """The state as text, exactly."""

    def read(self, text: str) -> Any:
        """The state that ``text`` wrote."""

    def document(self, run: str, state: Any) -> Mapping[str, Any]:
        """What the state says, as plain data (``overopt.watch/1`` with this run alone)."""
