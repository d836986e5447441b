"""Pictures of exact curves: gold against strength with its turns and its limit, proxy beneath."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from overopt.report.gold_chart import (
    Rows,
    Spec,
    field,
    labelled_axis,
    marked_layers,
    strength_axis,
    tooltips,
)
from overopt.report.lab_text import curve_answer, exact, lab_curve, law_text, limit_answer
from overopt.report.saving import save_picture
from overopt.report.strict_json import defined
from overopt.report.words import Document, number, one_line, strength_text

__all__ = ["exact_chart", "gold_panel", "lab_picture", "save_lab_curve"]

FAR = 1.0  # a limit further away than so many ranges of the curve would flatten it
SAME = 1e-6  # what an exact curve is exact to
TOLD = {"at": "strength", "kl_text": "KL", "gold_text": "gold", "proxy_text": "proxy"}
UNLABELLED: Spec = {"title": None, "labels": False, "ticks": False}


def save_lab_curve(document: Document, path: Path) -> Path:
    """Write the picture of a curve (.png, .svg, .html) or the document (.json), by the suffix.

    Raises BadOption for another suffix, MissingDependency without the ``report`` extra, OSError
    where the file cannot be written.
    """
    text = lab_curve(document, width=100)
    return save_picture(document, path, lab_picture(document), law_text(document["law"]), text)


def lab_picture(document: Document) -> Spec:
    """One curve under its law and what it comes to."""
    answer = f"{document['label']}. {curve_answer(document)} {limit_answer(document)}"
    subtitle = textwrap.wrap(one_line(answer, 1000), 100)
    title = {"text": one_line(law_text(document["law"]), 200), "subtitle": subtitle}
    return {"title": title} | exact_chart(defined(document))


def exact_chart(document: Document, *, width: int = 620, height: int = 270) -> Spec:
    """Gold with peak and limit and, where the law has one, the mean proxy below it."""
    proxies = [row for row in _rows(document) if row["proxy"] is not None]
    if not proxies:
        return {"vconcat": [gold_panel(document, width, height)]}
    x = strength_axis(document, None, UNLABELLED)
    gold = {"width": width, "height": height, "layer": _gold_layers(document, x)}
    y = field("proxy", title="mean proxy", scale={"zero": False}, axis={"tickCount": 3})
    proxy = {
        "width": width,
        "height": 64,
        "data": {"values": proxies},
        "mark": {"type": "line", "style": "proxy", "interpolate": "monotone"},
        "encoding": {"x": _labelled(document, width), "y": y},
    }
    return {"vconcat": [gold, proxy], "spacing": 14}


def gold_panel(document: Document, width: int, height: int) -> Spec:
    """Gold alone, over an axis of strength with the KL below it."""
    layers = _gold_layers(document, _labelled(document, width))
    return {"width": width, "height": height, "layer": layers}


def _labelled(document: Document, width: int) -> Spec:
    return labelled_axis(document, None, width)


def _gold_layers(document: Document, x: Spec) -> list[Spec]:
    rows, limit = _rows(document) + _turns(document), _shown_limit(document)
    rows.sort(key=lambda row: row["strength"])
    y: Spec = {"title": "mean gold", "axis": {"tickCount": 5}}
    y["scale"] = {"domain": _domain(document, limit), "zero": False, "nice": False}
    along: Spec = {"x": x, "y": field("gold", **y)}
    # Monotone between exact values, with the turns among them: no turn is drawn that is not there.
    line = {"type": "line", "style": "estimate", "interpolate": "monotone"}
    hover = {"type": "circle", "opacity": 0, "size": 180}
    nought: Spec = {"data": {"values": [{"gold": document["gold"][0]}]}}
    nought |= {"mark": {"type": "rule", "style": "nought"}, "encoding": {"y": along["y"]}}
    turns: Spec = {"data": {"values": _turns(document)}, "encoding": along}
    return [
        *([] if limit is not None and abs(limit - document["gold"][0]) < SAME else [nought]),
        *([] if limit is None else _limit_layers(limit, along["y"])),
        {"data": {"values": rows}, "mark": line, "encoding": along},
        turns | {"mark": {"type": "circle", "style": "dot", "size": 46}},
        *_peak_layers(document, along["y"]),
        {"data": {"values": rows}, "mark": hover, "encoding": along | {"tooltip": tooltips(TOLD)}},
    ]


def _rows(document: Document) -> Rows:
    """One row for each strength that a logarithmic axis can show."""
    names = ("strength", "kl", "gold", "proxy")
    columns = zip(*(document[name] for name in names), strict=True)
    rows = [dict(zip(names, values, strict=True)) for values in columns]
    return [row | _told(document, row) for row in rows if row["strength"] > 0]


def _turns(document: Document) -> Rows:
    """Peaks and troughs between the strengths asked for."""
    rows = [
        {name: turn[name] for name in ("strength", "kl", "gold")} | {"proxy": None}
        for turn in document["extrema"]
    ]
    return [row | _told(document, row) for row in rows]


def _told(document: Document, row: Document) -> dict[str, str]:
    return {
        "at": strength_text(document["knob"], row["strength"]),
        "kl_text": f"{number(row['kl'])} nats",
        "gold_text": exact(row["gold"]),
        "proxy_text": exact(row["proxy"]),
    }


def _peak_layers(document: Document, y: Spec) -> list[Spec]:
    """The strength of most gold; a curve that is highest at its end has none to mark."""
    peak = document["peak"]
    if peak is None:
        return []
    told = f"{strength_text(document['knob'], peak['strength'])}, {exact(peak['gold'])}"
    place = {"strength": peak["strength"], "gold": peak["gold"], "told": told}
    return marked_layers(place, document["strength"], "choice-dot", y)


def _limit_layers(limit: float, y: Spec) -> list[Spec]:
    data = {"values": [{"gold": limit, "told": f"limit {number(limit)}"}]}
    words: Spec = {"type": "text", "style": "veil-text", "align": "right", "baseline": "bottom"}
    words |= {"x": "width", "dx": -4, "dy": -3}
    told = {"y": y, "text": field("told", "nominal")}
    return [
        {"data": data, "mark": {"type": "rule", "style": "model"}, "encoding": {"y": y}},
        {"data": data, "mark": words, "encoding": told},
    ]


def _shown_limit(document: Document) -> float | None:
    """The limit, where it is known and near enough to stand in the same picture."""
    limit = document["limit"]
    if limit is None or limit["theorem"] is None or limit["unbounded"]:
        return None
    low, high = _span(document["gold"])
    near = low - FAR * (high - low) <= limit["value"] <= high + FAR * (high - low)
    return float(limit["value"]) if near else None


def _domain(document: Document, limit: float | None) -> list[float]:
    """Range of the gold axis: the curve, its turns and a limit that is shown."""
    turns = [turn["gold"] for turn in document["extrema"]]
    low, high = _span([*document["gold"], *turns, *([] if limit is None else [limit])])
    room = 0.06 * (high - low) or 0.5
    return [low - room, high + room]


def _span(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)
