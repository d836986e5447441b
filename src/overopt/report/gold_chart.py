"""The chart that answers the question: gold against strength, with what is sure about it.

A Vega-Lite specification as plain data; no pressure is the dotted level. The layers that exact
curves share are public.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Any

from overopt.report.channels import (
    Rows,
    Spec,
    field,
    gold_channel,
    labelled_axis,
    padded,
    strength_axis,
    strength_domain,
    strengths_shown,
    tooltips,
)
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
    "curve_chart",
    "gold_domain",
    "gold_label",
    "hover_layer",
    "marked_layers",
    "nought_layer",
    "proxy_panel",
]

MOST_POINTS = 160
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
    panels.append(proxy_panel(curve, model, width))
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
    return padded(seen) if seen else None


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
    x, gold = strength_axis(curve, model), gold_channel(gold_label(audit), domain)

    def mark(style: str, kind: str, low: str, high: str | None = None, **more: Any) -> Spec:
        y = gold | {"field": low}
        channels = {"x": x, "y": y} | ({"y2": {"field": high}} if high else {})
        return {"mark": {"type": kind, "style": style, "clip": True}, "encoding": channels, **more}

    titles = TOOLTIPS | ({"ess_text": "effective samples"} if curve["ess"] else {})
    layers = [
        *_veil_layers(curve),
        *([] if curve["gold"][0] is None else [nought_layer(curve["gold"][0], gold)]),
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
    return [*layers, *_choice_layers(curve, point, gold), hover_layer(x, gold, titles)]


def proxy_panel(curve: Document, model: Document | None, width: int, **line: Any) -> Spec:
    """The proxy, which rises whether or not gold does, over the labelled strength axis."""
    y = field("proxy", title="mean proxy", scale={"zero": False}, axis={"tickCount": 3})
    return {
        "width": width,
        "height": 64,
        "mark": {"type": "line", "style": "proxy", **line},
        "encoding": {"x": labelled_axis(curve, model, width), "y": y},
    }


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


def nought_layer(gold: float, y: Spec) -> Spec:
    """The level of no pressure, against which gains count."""
    rule = {"type": "rule", "style": "nought", "clip": True}
    return {"data": {"values": [{"gold": gold}]}, "mark": rule, "encoding": {"y": y}}


def hover_layer(x: Spec, y: Spec, titles: dict[str, str]) -> Spec:
    """Invisible dots, wide enough to point at, that tell what stands in the columns."""
    dots = {"type": "circle", "style": "estimate", "opacity": 0, "size": 180, "clip": True}
    return {"mark": dots, "encoding": {"x": x, "y": y, "tooltip": tooltips(titles)}}


def _choice_layers(curve: Document, point: Document | None, y: Spec) -> list[Spec]:
    """The operating point: filled where something is proven, open where it is undecided."""
    if point is None or point["strength"] not in curve["strength"]:
        return []
    place = curve["strength"].index(point["strength"])
    told = f"{strength_text(curve['knob'], point['strength'])}, {DECISIONS[point['decision']]}"
    marked = {"strength": point["strength"], "gold": curve["gold"][place], "told": told}
    dot = "choice-open" if point["decision"] == "undecided" else "choice-dot"
    return marked_layers(marked, curve, dot, y)


def marked_layers(marked: Document, curve: Document, dot: str, y: Spec) -> list[Spec]:
    """A strength marked by a line, a dot of the style ``dot`` at its gold, and what is told."""
    low, high = strength_domain(strengths_shown(curve))
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
