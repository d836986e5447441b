"""Axes of powers of ten: logarithmic, or linear near 0 and logarithmic on either side of it."""

from __future__ import annotations

import json
import math

from overopt.report.channels import Spec

__all__ = ["power_axis"]

FEWEST_TICKS, MOST_TICKS = 3, 7


def power_axis(kind: str, low: float, high: float, linear: float = 1.0) -> Spec:
    """Scale and axis of a channel: ``kind`` "log", or "symlog", linear within ``linear`` of 0."""
    if kind == "log":
        ticks, scale = _powers(low, high), {"type": "log", "domain": [low, high], "nice": False}
    else:
        ticks = _signed_powers(low, high, linear)
        scale = {"type": "symlog", "constant": linear, "domain": [low, high], "nice": False}
    # Vega finds the tick by its value.
    labels = "".join(
        f"abs(datum.value - {tick!r}) <= {1e-6 * abs(tick)!r} ? {json.dumps(_told(tick))} : "
        for tick in ticks
    )
    return {"scale": scale, "axis": {"values": ticks, "labelExpr": f"{labels}''"}}


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten in the range, or 1, 2 and 5 times them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = math.ceil((last - first) / MOST_TICKS)
    for mantissas in ((1,), (1, 2, 5)):
        ticks = [m * 10.0**k for k in range(first, last + 1, step) for m in mantissas]
        ticks = [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
        if len(ticks) >= FEWEST_TICKS:
            break
    return ticks


def _signed_powers(low: float, high: float, linear: float) -> list[float]:
    """0 and powers of ten on either side of it, from where the axis is no longer linear."""
    first = round(math.log10(linear))
    last = math.ceil(math.log10(max(abs(low), abs(high))))
    powers = [10.0**k for k in range(first, last + 1)]
    return [*(-p for p in reversed(powers) if p <= -low), 0.0, *(p for p in powers if p <= high)]


def _told(tick: float) -> str:
    if tick == 0 or 1e-3 <= abs(tick) < 1e5:
        return f"{tick:g}"
    exponent = round(math.log10(abs(tick)))
    return f"{'-' if tick < 0 else ''}1e{exponent}"
