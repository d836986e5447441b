"""Channels of a chart: columns of ours, and the axes that charts of gold share.

Strengths stand on a logarithmic axis with the KL under each. Field names are ours, and text from
the data stays text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from overopt.report.words import Document, number

__all__ = [
    "Rows",
    "Spec",
    "field",
    "gold_channel",
    "labelled_axis",
    "padded",
    "strength_axis",
    "strength_domain",
    "strengths_shown",
    "tooltips",
]

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

NARROW = 400  # pixels below which the axis title is short
TICK_PIXELS = 62  # what a label of the strength axis needs
ROOM = 0.05  # of the range, above and below what is drawn
UNLABELLED: Spec = {"title": None, "labels": False, "ticks": False}


def field(name: str, kind: str = "quantitative", **more: Any) -> Spec:
    """An encoding channel of one of our columns."""
    return {"field": name, "type": kind, **more}


def tooltips(titles: dict[str, str]) -> list[Spec]:
    """What is told under the pointer, by column and title."""
    return [field(name, "nominal", title=title) for name, title in titles.items()]


def gold_channel(title: str, domain: Sequence[float]) -> Spec:
    """The channel of gold with an explicit domain; zero would flatten what there is to see."""
    scale = {"domain": list(domain), "zero": False, "nice": False}
    return field("gold", title=title, scale=scale, axis={"tickCount": 5})


def padded(values: Sequence[float]) -> list[float]:
    """Range of an axis that shows these values."""
    low, high = min(values), max(values)
    room = ROOM * (high - low) or 0.5
    return [low - room, high + room]


def labelled_axis(curve: Document, model: Document | None, width: int) -> Spec:
    """The channel of strength with labels of two lines: the strength, and the KL below it."""
    title = f"{curve['knob']}, with KL from the reference in nats below"
    if width < NARROW:
        title = f"{curve['knob']}, with KL in nats below"
    ticks = _spread_ticks(strengths_shown(curve, model), width)
    labels = [_tick_label(curve, tick) for tick in ticks]
    # Vega finds the tick by its value; a label with two entries has two lines.
    pick = "".join(
        f"abs(datum.value / {tick!r} - 1) < 1e-6 ? {json.dumps(label)} : "
        for tick, label in zip(ticks, labels, strict=True)
    )
    axis: Spec = {"title": title, "values": ticks, "labelExpr": f"{pick}''"}
    axis |= {"labelLineHeight": 15, "labelFlush": False}
    return strength_axis(curve, model, axis)


def _tick_label(curve: Document, tick: float) -> list[str]:
    """The strength over its KL; a model's strength has none."""
    known = tick in curve["strength"]
    return [number(tick), number(curve["kl"][curve["strength"].index(tick)], 2) if known else ""]


def strength_axis(curve: Document, model: Document | None = None, axis: Spec = UNLABELLED) -> Spec:
    """The channel of strength on a logarithmic scale, without labels unless ``axis`` gives them."""
    domain = list(strength_domain(strengths_shown(curve, model)))
    scale = {"type": "log", "base": 2, "domain": domain, "nice": False}
    return field("strength", scale=scale, axis=axis)


def strengths_shown(curve: Document, model: Document | None = None) -> list[float]:
    """Every strength that a logarithmic axis can show, ascending."""
    modelled = [] if model is None else model["strength"]
    return sorted({strength for strength in (*curve["strength"], *modelled) if strength > 0})


def strength_domain(strengths: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis; a single strength gets a doubling to itself."""
    lowest = strengths[0] if strengths else 1.0
    return lowest, strengths[-1] if len(strengths) > 1 else 2 * lowest


def _spread_ticks(strengths: Sequence[float], width: int) -> list[float]:
    """Some of the strengths, evenly spread on a log axis and far enough apart for their labels."""
    if len(strengths) < 2:
        return list(strengths)
    last, wide = strengths[-1], math.log(strengths[-1] / strengths[0])
    apart = max(math.log(2), wide / max(2, width // TICK_PIXELS))
    ticks = list(strengths[:1])
    for strength in strengths:
        if math.log(strength / ticks[-1]) >= apart * (1 - 1e-9):
            ticks.append(strength)
    if len(ticks) > 1 and math.log(last / ticks[-1]) < 0.6 * apart:
        ticks.pop()
    return ticks if ticks[-1] == last else [*ticks, last]
