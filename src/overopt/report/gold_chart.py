"""The chart that answers the question: gold against strength, with what is sure about it.

A Vega-Lite specification as plain data. Strengths stand on a logarithmic axis with the KL under
each; no pressure is the dotted level. Field names are ours, and text from the data stays text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

from overopt.report.words import (
    DECISIONS,
    Document,
    estimate,
    number,
    one_line,
    percent,
    strength_text,
    thinned,
)

__all__ = [
    "Rows",
    "Spec",
    "curve_chart",
    "field",
    "gold_domain",
    "gold_label",
    "labelled_axis",
    "marked_layers",
    "strength_axis",
    "tooltips",
]

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

MOST_POINTS = 160
NARROW = 400  # pixels below which the axis title is short
TICK_PIXELS = 62  # what a label of the strength axis needs
TOOLTIPS = {
    "at": "strength",
    "kl_text": "KL",
    "gold_text": "gold [pointwise]",
    "gain_text": "gain [paired by prompt]",
    "proxy_text": "proxy",
    "win_text": "win rate of the proxy",
}


def curve_chart(
    audit: Document,
    curve: Document,
    point: Document | None,
    *,
    width: int = 620,
    height: int = 270,
    domain: Sequence[float] | None = None,
    model: Document | None = None,
) -> Spec:
    """Gold against strength with both bands, the chosen point and, below, the proxy itself.

    ``domain`` fixes the gold axis (to compare charts); ``model`` is the document's extrapolation.
    Without gold only the proxy is drawn.
    """
    rows = _curve_rows(curve, None if point is None else point["strength"])
    domain = gold_domain([curve], model) if domain is None else domain
    panels = []
    if domain is not None:
        layers = _gold_layers(audit, curve, point, domain, model)
        panels.append({"width": width, "height": height, "layer": layers})
    panels.append(_proxy_panel(curve, model, width))
    return {"data": {"values": rows}, "vconcat": panels, "spacing": 14}


def gold_label(audit: Document) -> str:
    """Title of every gold axis: the column, and whose judgement it is."""
    source = audit.get("gold_source")
    name = one_line(audit.get("gold") or "gold", 40)
    valued = f"{'win rate of' if audit['objective'] == 'win rate' else 'mean'} {name}"
    return f"{valued}, by {one_line(source, 40)}" if source and source != name else valued


def gold_domain(curves: Sequence[Document], model: Document | None = None) -> list[float] | None:
    """Range of the gold axis: every estimate, and the trusted bands; None without gold."""
    seen = [] if model is None else [value for value in model["gold"] if value is not None]
    for curve in curves:
        seen += [value for value in curve["gold"] if value is not None]
        trusted = [i for i, grey in enumerate(curve["grey"]) if not grey]
        for name in ("lower", "upper", "band_lower", "band_upper"):
            seen += [curve[name][i] for i in trusted if curve[name][i] is not None]
    if not seen:
        return None
    low, high = min(seen), max(seen)
    room = 0.04 * (high - low) or 0.5
    return [low - room, high + room]


def field(name: str, kind: str = "quantitative", **more: Any) -> Spec:
    """An encoding channel of one of our columns."""
    return {"field": name, "type": kind, **more}


def tooltips(titles: dict[str, str]) -> list[Spec]:
    """What is told under the pointer, by column and title."""
    return [field(name, "nominal", title=title) for name, title in titles.items()]


def _curve_rows(curve: Document, keep: float | None) -> Rows:
    """One row per drawn strength; strength 0 has no place on a logarithmic axis."""
    chosen = thinned(curve["strength"], MOST_POINTS, keep)
    names = ("strength", "gold", "lower", "upper", "band_lower", "band_upper", "proxy")
    rows = [{name: curve[name][i] for name in names} | _told(curve, i) for i in chosen]
    return [row for row in rows if row["strength"] > 0]


def _told(curve: Document, i: int) -> dict[str, str]:
    gain, lower, upper = (curve[name][i] for name in ("gain", "gain_lower", "gain_upper"))
    told = {
        "at": strength_text(curve["knob"], curve["strength"][i]),
        "kl_text": f"{number(curve['kl'][i])} nats",
        "gold_text": estimate(curve["gold"][i], curve["lower"][i], curve["upper"][i]),
        "gain_text": estimate(gain, lower, upper, sign=True),
        "proxy_text": number(curve["proxy"][i]),
        "win_text": percent(curve["win_rate"][i]),
    }
    return told | ({"ess_text": number(curve["ess"][i])} if curve["ess"] else {})


def _gold_layers(
    audit: Document,
    curve: Document,
    point: Document | None,
    domain: Sequence[float],
    model: Document | None,
) -> list[Spec]:
    x = strength_axis(curve, model, {"title": None, "labels": False, "ticks": False})
    # An explicit domain; zero would flatten what there is to see.
    y: Spec = {
        "title": gold_label(audit),
        "scale": {"domain": list(domain), "zero": False, "nice": False},
        "axis": {"tickCount": 5},
    }

    def mark(style: str, kind: str, low: str, high: str | None = None, **more: Any) -> Spec:
        channels = {"x": x, "y": field(low, **y)} | ({"y2": {"field": high}} if high else {})
        return {"mark": {"type": kind, "style": style, "clip": True}, "encoding": channels, **more}

    hover = mark("estimate", "circle", "gold")
    hover["mark"] |= {"opacity": 0, "size": 180}
    hover["encoding"]["tooltip"] = tooltips(
        TOOLTIPS | ({"ess_text": "effective samples"} if curve["ess"] else {})
    )
    layers = [
        *_veil_layers(curve),
        *_nought_layers(curve),
        mark("band", "area", "band_lower", "band_upper"),
        mark("interval", "area", "lower", "upper"),
        mark("estimate", "line", "gold"),
    ]
    if model is not None:
        names = ("strength", "gold", "lower", "upper")
        columns = zip(*(model[name] for name in names), strict=True)
        data = {"values": [dict(zip(names, values, strict=True)) for values in columns]}
        layers.append(mark("model-interval", "area", "lower", "upper", data=data))
        layers.append(mark("model", "line", "gold", data=data))
    return [*layers, *_choice_layers(curve, point, field("gold", **y)), hover]


def _proxy_panel(curve: Document, model: Document | None, width: int) -> Spec:
    """The proxy, which rises whether or not gold does, over the labelled strength axis."""
    y = field("proxy", title="mean proxy", scale={"zero": False}, axis={"tickCount": 3})
    return {
        "width": width,
        "height": 64,
        "mark": {"type": "line", "style": "proxy"},
        "encoding": {"x": labelled_axis(curve, model, width), "y": y},
    }


def labelled_axis(curve: Document, model: Document | None, width: int) -> Spec:
    """The channel of strength with labels of two lines: the strength, and the KL below it."""
    title = f"{curve['knob']}, with KL from the reference in nats below"
    if width < NARROW:
        title = f"{curve['knob']}, with KL in nats below"
    ticks = _spread_ticks(_strengths(curve, model), width)
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


def strength_axis(curve: Document, model: Document | None, axis: Spec) -> Spec:
    """The channel of strength on a logarithmic scale."""
    domain = list(_strength_domain(_strengths(curve, model)))
    scale = {"type": "log", "base": 2, "domain": domain, "nice": False}
    return field("strength", scale=scale, axis=axis)


def _strengths(curve: Document, model: Document | None = None) -> list[float]:
    """Every strength that a logarithmic axis can show, ascending."""
    modelled = [] if model is None else model["strength"]
    return sorted({strength for strength in (*curve["strength"], *modelled) if strength > 0})


def _strength_domain(strengths: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis; a single strength gets a doubling to itself."""
    lowest = strengths[0] if strengths else 1.0
    return lowest, max(2 * lowest if len(strengths) < 2 else 0.0, *strengths[-1:])


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


def _veil_layers(curve: Document) -> list[Spec]:
    """Grey over what must not be trusted."""
    veils = _veils(curve)
    if not veils:
        return []
    across = {"x": field("from"), "x2": {"field": "to"}}
    words: Spec = {"type": "text", "style": "veil-text", "text": "not reliable"}
    words |= {"align": "left", "baseline": "top", "dx": 5, "dy": 6}
    return [
        {"data": {"values": veils}, "mark": {"type": "rect", "style": "veil"}, "encoding": across},
        {
            "data": {"values": veils},
            "mark": words,
            "encoding": {"x": field("from"), "y": {"value": 0}},
        },
    ]


def _veils(curve: Document) -> Rows:
    """Grey stretches of the strength axis; borders lie half-way, on the log axis, to the rest."""
    kept = [(s, g) for s, g in zip(curve["strength"], curve["grey"], strict=True) if s > 0]
    strengths = [strength for strength, _ in kept]
    borders = [math.sqrt(low * high) for low, high in pairwise(strengths)]
    edges = [*strengths[:1], *borders, *strengths[-1:]]
    veils = []
    for grey, stretch in groupby(range(len(kept)), key=lambda i: kept[i][1]):
        if grey:
            places = list(stretch)
            veils.append({"from": edges[places[0]], "to": edges[places[-1] + 1]})
    return veils


def _nought_layers(curve: Document) -> list[Spec]:
    """The level of no pressure, against which gains count."""
    if curve["gold"][0] is None:
        return []
    rule = {"type": "rule", "style": "nought", "clip": True}
    data = {"values": [{"gold": curve["gold"][0]}]}
    return [{"data": data, "mark": rule, "encoding": {"y": field("gold")}}]


def _choice_layers(curve: Document, point: Document | None, y: Spec) -> list[Spec]:
    """The operating point: filled where something is proven, open where it is undecided."""
    if point is None or point["strength"] not in curve["strength"]:
        return []
    place = curve["strength"].index(point["strength"])
    told = f"{strength_text(curve['knob'], point['strength'])}, {DECISIONS[point['decision']]}"
    marked = {"strength": point["strength"], "gold": curve["gold"][place], "told": told}
    dot = "choice-open" if point["decision"] == "undecided" else "choice-dot"
    return marked_layers(marked, _strengths(curve), dot, y)


def marked_layers(marked: Document, strengths: Sequence[float], dot: str, y: Spec) -> list[Spec]:
    """A strength marked by a line, a dot of the style ``dot`` at its gold, and what is told."""
    low, high = _strength_domain([strength for strength in strengths if strength > 0])
    strength = min(max(marked["strength"], low), high)
    data = {"values": [dict(marked) | {"strength": strength}]}
    x = field("strength")
    # Above the plot, where no line can cross the words; turned inward near the ends.
    across = math.log(strength / low) / math.log(high / low)
    align = "left" if across < 0.15 else "right" if across > 0.85 else "center"
    words: Spec = {"type": "text", "style": "choice-text", "baseline": "bottom", "align": align}
    dot_mark = {"type": "point", "style": dot, "size": 110, "filled": True}
    told_channels = {"x": x, "y": {"value": -5}, "text": field("told", "nominal")}
    return [
        {"data": data, "mark": {"type": "rule", "style": "choice"}, "encoding": {"x": x}},
        {"data": data, "mark": dot_mark, "encoding": {"x": x, "y": y}},
        {"data": data, "mark": words, "encoding": told_channels},
    ]
