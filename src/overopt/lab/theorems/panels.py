"""What a picture of an experiment shows: exact lines, values told for them, and their levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

__all__ = ["Line", "Panel", "log_spread", "references"]

Scale = str  # "linear", "log", or "symlog": linear near 0, logarithmic on either side


@final
@dataclass(frozen=True, kw_only=True)
class Line:
    """``y`` at ``x``, in the order in which they are joined."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@final
@dataclass(frozen=True, kw_only=True)
class Panel:
    """Lines on axes titled ``x`` and ``y``.

    ``points`` are reference values, each on one of the lines; ``levels`` are values of y that a
    line tends to.
    """

    x: str
    y: str
    lines: tuple[Line, ...]
    points: tuple[Line, ...] = ()
    levels: tuple[float, ...] = ()
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"


def references(name: str, rows: Sequence[Mapping[str, Any]], x: str, y: str) -> Line:
    """The reference values of column ``y`` in a table's rows, at their ``x``."""
    told = [(row[x], row[f"{y} (ref)"]) for row in rows if row[f"{y} (ref)"] is not None]
    return Line(name=name, x=[place for place, _ in told], y=[value for _, value in told])


def log_spread(low: float, high: float, count: int = 60) -> list[float]:
    """Numbers evenly spread on a logarithmic axis, both ends among them."""
    return [low * (high / low) ** (k / (count - 1)) for k in range(count)]
