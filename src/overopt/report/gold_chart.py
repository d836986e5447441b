"""The chart that answers the question: gold against strength, with what is sure about it.

Strengths stand on a logarithmic axis with the KL under each; no pressure is the dotted level.
Field names are ours and text from the data stays text, whatever the table's columns are called.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from overopt.report.libraries import altair
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

__all__ = ["bound", "curve_chart", "gold_domain", "gold_label"]

MOST_POINTS = 160
Rows = list[dict[str, Any]]


def _axis_label(curve: Document) -> str:
    return f"{curve['label']}: {curve['knob']}, with KL from the reference in nats below"


def gold_label(audit: Document) -> str:
    """Title of every gold axis: the column, and whose judgement it is."""
    source = audit.get("gold_source")
    name = one_line(audit.get("gold") or "gold", 40)
    return f"mean {name}, by {one_line(source, 40)}" if source else f"mean {name}"


def _curve_rows(curve: Document, keep: float | None) -> Rows:
    """One row per drawn strength; strength 0 has no place on a logarithmic axis."""
    chosen = thinned(curve["strength"], MOST_POINTS, keep)
    fields = ("strength", "gold", "lower", "upper", "band_lower", "band_upper", "proxy")
    rows = [{name: curve[name][i] for name in fields} | _tooltip(curve, i) for i in chosen]
    return [row for row in rows if row["strength"] > 0]


def _tooltip(curve: Document, i: int) -> dict[str, str]:
    gold = estimate(curve["gold"][i], curve["lower"][i], curve["upper"][i])
    gain = estimate(curve["gain"][i], curve["gain_lower"][i], curve["gain_upper"][i], sign=True)
    told = {
        "at": strength_text(curve["knob"], curve["strength"][i]),
        "kl_text": f"{number(curve['kl'][i])} nats",
        "gold_text": gold,
        "gain_text": gain,
        "proxy_text": number(curve["proxy"][i]),
        "win_text": percent(curve["win_rate"][i]),
    }
    return told | ({"ess_text": number(curve["ess"][i])} if curve["ess"] else {})


def _tooltips(alt: Any, rows: Rows) -> list[Any]:
    titles = {
        "at": "strength",
        "kl_text": "KL",
        "gold_text": "gold [pointwise]",
        "gain_text": "gain [all strengths at once]",
        "proxy_text": "proxy",
        "win_text": "win rate of the proxy",
        "ess_text": "effective samples",
    }
    return [alt.Tooltip(f"{f}:N", title=t) for f, t in titles.items() if rows and f in rows[0]]


def _spread_ticks(strengths: Sequence[float], width: int) -> list[float]:
    """Some of the strengths, evenly spread on a log axis, at most one per 62 pixels."""
    positive = [s for s in strengths if s > 0]
    if len(positive) < 2 or positive[0] == positive[-1]:
        return positive[:1]
    apart = max(math.log(2), math.log(positive[-1] / positive[0]) / max(2, width // 62))
    ticks = [positive[0]]
    for strength in positive:
        if math.log(strength / ticks[-1]) >= apart * (1 - 1e-9):
            ticks.append(strength)
    if math.log(positive[-1] / ticks[-1]) < 0.6 * apart and len(ticks) > 1:
        ticks.pop()
    return ticks if ticks[-1] == positive[-1] else [*ticks, positive[-1]]


def _strength_axis(alt: Any, curve: Document, width: int, title: str | None) -> Any:
    """Log axis whose labels have two lines: the strength and its KL."""
    if title is None:
        axis = alt.Axis(title=None, labels=False, ticks=False, domain=True)
    else:
        ticks = _spread_ticks(curve["strength"], width)
        kl = [curve["kl"][curve["strength"].index(tick)] for tick in ticks]
        # Vega finds the nearest tick itself: comparing floats by text would be fragile.
        labels = [[number(t), number(k, 2)] for t, k in zip(ticks, kl, strict=True)]
        pick = " : ".join(
            f"abs(datum.value / {t!r} - 1) < 1e-6 ? {label!r}"
            for t, label in zip(ticks, labels, strict=True)
        )
        axis = alt.Axis(
            title=title,
            values=ticks,
            labelExpr=f"{pick} : ''",
            labelLineHeight=15,
            labelFlush=False,
        )
    low, high = _strength_domain(curve)
    scale = alt.Scale(type="log", base=2, domain=[low, high], nice=False)
    return alt.X("strength:Q", scale=scale, axis=axis)


def _strength_domain(curve: Document) -> tuple[float, float]:
    positive = [s for s in curve["strength"] if s > 0] or [1.0]
    highest = positive[-1] if positive[-1] > positive[0] else 2 * positive[0]
    return positive[0], highest


def gold_domain(curves: Sequence[Document]) -> list[float] | None:
    """Range of the gold axis: every estimate, and the trusted bands; None without gold."""
    seen: list[float] = []
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


def _veils(curve: Document) -> Rows:
    """Stretches of the strength axis that must not be trusted."""
    kept = [(s, g) for s, g in zip(curve["strength"], curve["grey"], strict=True) if s > 0]
    veils = [
        {"from": math.sqrt(a * b) if not grey_a else a, "to": b}
        for (a, grey_a), (b, grey_b) in pairwise(kept)
        if grey_b
    ]
    merged: Rows = []
    for veil in veils:
        if merged and merged[-1]["to"] >= veil["from"]:
            merged[-1]["to"] = veil["to"]
        else:
            merged.append(veil)
    return merged


def curve_chart(
    audit: Document,
    curve: Document,
    point: Document | None,
    *,
    width: int = 620,
    height: int = 270,
    domain: Sequence[float] | None = None,
    model: Document | None = None,
) -> Any:
    """Gold against strength with both bands, the chosen point and, below, the proxy itself.

    ``domain`` fixes the gold axis (to compare charts); ``model`` is the document's extrapolation.
    """
    alt = altair("drawing charts")
    strength = None if point is None else point["strength"]
    rows = _curve_rows(curve, strength)
    domain = gold_domain([curve]) if domain is None else domain
    parts = [] if domain is None else [_gold_panel(alt, audit, curve, point, rows, domain, model)]
    if any(row["proxy"] is not None for row in rows):
        parts.append(_proxy_panel(alt, curve, rows, width))
    sized = [part.properties(width=width) for part in parts]
    if domain is not None:
        sized[0] = sized[0].properties(height=height)
    return alt.vconcat(*sized, spacing=14).resolve_scale(x="independent")


def _gold_panel(
    alt: Any,
    audit: Document,
    curve: Document,
    point: Document | None,
    rows: Rows,
    domain: Sequence[float],
    model: Document | None,
) -> Any:
    base = alt.Chart(alt.Data(values=rows)).encode(x=_strength_axis(alt, curve, 0, None))
    # An explicit domain; zero would flatten what there is to see.
    y = alt.Y(
        "gold:Q",
        title=gold_label(audit),
        scale=alt.Scale(domain=list(domain), zero=False, nice=False),
        axis=alt.Axis(tickCount=5),
    )
    area = {"clip": True, "line": False}
    layers = [*_veil_layers(alt, curve), *_nought_layers(alt, curve)]
    layers += [
        base.mark_area(style="band", **area).encode(
            y=bound(alt, y, "band_lower"), y2="band_upper:Q"
        ),
        base.mark_area(style="interval", **area).encode(y=bound(alt, y, "lower"), y2="upper:Q"),
        base.mark_line(style="estimate", clip=True).encode(y=y),
    ]
    layers += _model_layers(alt, model, y)
    layers += _choice_layers(alt, curve, point, y)
    hover = base.mark_circle(opacity=0, size=180, clip=True)
    layers.append(hover.encode(y=y, tooltip=_tooltips(alt, rows)))
    return alt.layer(*layers)


def bound(alt: Any, y: Any, field: str) -> Any:
    """The gold axis for another field, so that all layers share scale and title."""
    copy = y.copy()
    copy["shorthand"] = f"{field}:Q"
    return copy


def _veil_layers(alt: Any, curve: Document) -> list[Any]:
    veils = _veils(curve)
    if not veils:
        return []
    base = alt.Chart(alt.Data(values=veils)).encode(x="from:Q", x2="to:Q")
    label = base.mark_text(
        style="veil-text", text="not reliable", align="left", baseline="top", dx=5, dy=6
    )
    return [base.mark_rect(style="veil"), label.encode(y=alt.value(0))]


def _nought_layers(alt: Any, curve: Document) -> list[Any]:
    """The level of no pressure, against which gains count."""
    if curve["gold"][0] is None:
        return []
    base = alt.Chart(alt.Data(values=[{"gold": curve["gold"][0]}]))
    return [base.mark_rule(style="nought", clip=True).encode(y="gold:Q")]


def _model_layers(alt: Any, model: Document | None, y: Any) -> list[Any]:
    if model is None:
        return []
    fields = ("strength", "gold", "lower", "upper")
    rows = [
        dict(zip(fields, v, strict=True)) for v in zip(*(model[f] for f in fields), strict=True)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(x="strength:Q")
    return [
        base.mark_area(style="model-interval", clip=True).encode(
            y=bound(alt, y, "lower"), y2="upper:Q"
        ),
        base.mark_line(style="model", clip=True).encode(y=y),
    ]


def _choice_layers(alt: Any, curve: Document, point: Document | None, y: Any) -> list[Any]:
    """The operating point: filled where something is proven, open where it is undecided."""
    if point is None or point["strength"] not in curve["strength"]:
        return []
    place = curve["strength"].index(point["strength"])
    low, high = _strength_domain(curve)
    strength = min(max(point["strength"], low), high)
    where = math.log(strength / low) / math.log(high / low)
    told = f"{strength_text(curve['knob'], point['strength'])}, {DECISIONS[point['decision']]}"
    row = {"strength": strength, "gold": curve["gold"][place], "told": told}
    base = alt.Chart(alt.Data(values=[row])).encode(x="strength:Q")
    align, shift = ("right", -8) if where > 0.6 else ("left", 8)
    dot = "choice-open" if point["decision"] == "undecided" else "choice-dot"
    return [
        base.mark_rule(style="choice"),
        base.mark_point(style=dot, size=110, filled=True).encode(y=y),
        base.mark_text(style="choice-text", align=align, dx=shift, baseline="bottom", dy=-4).encode(
            y=alt.value("height"), text="told:N"
        ),
    ]


def _proxy_panel(alt: Any, curve: Document, rows: Rows, width: int) -> Any:
    base = alt.Chart(alt.Data(values=rows))
    line = base.mark_line(style="proxy").encode(
        x=_strength_axis(alt, curve, width, _axis_label(curve)),
        y=alt.Y(
            "proxy:Q",
            title="mean proxy",
            scale=alt.Scale(zero=False, nice=True),
            axis=alt.Axis(tickCount=3),
        ),
        tooltip=_tooltips(alt, rows),
    )
    return line.properties(height=64)
