"""Pictures of exact curves: gold against strength with its turns and its limit, proxy beneath."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path

from overopt.report.channels import (
    Rows,
    Spec,
    field,
    gold_channel,
    labelled_axis,
    padded,
    strength_axis,
)
from overopt.report.gold_chart import hover_layer, marked_layers, nought_layer, proxy_panel
from overopt.report.lab_text import curve_answer, exact, lab_curve, law_text, limit_answer
from overopt.report.power_axis import power_axis
from overopt.report.saving import save_picture
from overopt.report.strict_json import defined
from overopt.report.words import Document, number, one_line, strength_text

__all__ = ["exact_chart", "gold_panel", "lab_picture", "save_lab_curve"]

FAR = 1.0  # a limit further away than so many ranges of the curve would flatten it
FAR_OUT = 100.0  # spreads of gold, beyond which a linear axis shows nothing but the end
SAME = 1e-6  # what an exact curve is exact to
TOLD = {"at": "strength", "kl_text": "KL", "gold_text": "gold", "proxy_text": "proxy"}
SMOOTH: Spec = {"interpolate": "monotone"}  # with the turns drawn, none appears that is not there


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
    if all(proxy is None for proxy in document["proxy"]):
        return {"vconcat": [gold_panel(document, width, height)]}
    gold = {"width": width, "height": height, "layer": _layers(document, strength_axis(document))}
    panels = [gold, proxy_panel(document, None, width, **SMOOTH)]
    return {"data": {"values": _rows(document)}, "vconcat": panels, "spacing": 14}


def gold_panel(document: Document, width: int, height: int) -> Spec:
    """Gold alone, over an axis of strength with the KL below it."""
    layers = _layers(document, labelled_axis(document, None, width))
    data = {"values": _rows(document)}
    return {"data": data, "width": width, "height": height, "layer": layers}


def _layers(document: Document, x: Spec) -> list[Spec]:
    limit, start = _shown_limit(document), document["gold"][0]
    turns = [turn["gold"] for turn in document["extrema"]]
    shown = [*document["gold"], *turns, *([] if limit is None else [limit])]
    y = _gold_channel(document, shown)
    along: Spec = {"x": x, "y": y}
    dots = {"type": "circle", "style": "dot", "size": 46}
    return [
        *([] if limit is not None and abs(limit - start) < SAME else [nought_layer(start, y)]),
        *([] if limit is None else _limit_layers(limit, y)),
        {"mark": {"type": "line", "style": "estimate", **SMOOTH}, "encoding": along},
        {"data": {"values": _turns(document)}, "mark": dots, "encoding": along},
        *_peak_layers(document, y),
        hover_layer(x, y, TOLD),
    ]


def _gold_channel(document: Document, shown: list[float]) -> Spec:
    """Linear, but an axis of powers where gold leaves its spread without pressure far behind."""
    spread = document["moments"]["gold_sd"]
    if not spread or max(map(abs, shown)) < FAR_OUT * spread:
        return gold_channel("mean gold", padded(shown))
    ends = padded([math.copysign(math.log1p(abs(value) / spread), value) for value in shown])
    low, high = (math.copysign(spread * math.expm1(abs(end)), end) for end in ends)
    return field("gold", title="mean gold", **power_axis("symlog", low, high, spread))


def _rows(document: Document) -> Rows:
    """One row for each strength that a logarithmic axis can show, the turns among them."""
    names = ("strength", "kl", "gold", "proxy")
    columns = zip(*(document[name] for name in names), strict=True)
    rows = [dict(zip(names, values, strict=True)) for values in columns]
    asked = [row | _told(document, row) for row in rows if row["strength"] > 0]
    return sorted(asked + _turns(document), key=lambda row: row["strength"])


def _turns(document: Document) -> Rows:
    """Peaks and troughs between the strengths asked for."""
    return [dict(turn) | _told(document, turn) for turn in document["extrema"]]


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
    return marked_layers(place, document, "choice-dot", y)


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
    low, high = min(document["gold"]), max(document["gold"])
    near = low - FAR * (high - low) <= limit["value"] <= high + FAR * (high - low)
    return float(limit["value"]) if near else None
