"""Charts of a run over its steps: gold in blocks of labels, the proxy, what drifts without gold.

They share one axis of steps, and mark where a signal fired. A Vega-Lite specification as plain
data; the width is that of the place where it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overopt.report.channels import Rows, Spec, field, padded, tooltips
from overopt.report.words import Document, estimate, number, one_line

__all__ = ["drift_chart", "gold_over_steps", "proxy_over_steps"]

Domain = Sequence[float]


def gold_over_steps(blocks: Rows, alarms: Sequence[Document], steps: Domain) -> Spec:
    """Mean gold of every block of labels, with its interval."""
    rows = [
        {name: block[name] for name in ("step", "gold", "lower", "upper")}
        | {"told": estimate(block["gold"], block["lower"], block["upper"])}
        | {"labelled": f"{block['labels']} drawn at steps {block['first']:,} to {block['last']:,}"}
        for block in blocks
    ]
    x = _steps(steps)
    shared: Spec = {"scale": {"zero": False}, "axis": _labels(5)}
    gold = field("gold", **shared)
    band = {"x": x, "y": field("lower", **shared), "y2": {"field": "upper"}}
    titles = {"told": "gold", "labelled": "labels"}
    dot = {"x": x, "y": gold, "tooltip": tooltips(titles)}
    layers = [
        {"mark": {"type": "area", "style": "interval"}, "encoding": band},
        {"mark": {"type": "line", "style": "estimate"}, "encoding": {"x": x, "y": gold}},
        {"mark": {"type": "circle", "style": "dot", "size": 36}, "encoding": dot},
    ]
    return _chart(rows, layers, alarms, steps, 220)


def proxy_over_steps(points: Rows, alarms: Sequence[Document], steps: Domain) -> Spec:
    """Mean proxy of every step, within one standard deviation of its samples."""
    rows = [
        {"step": point["step"], "proxy": point["proxy"]}
        | {"low": point["proxy"] - (point["sd"] or 0), "high": point["proxy"] + (point["sd"] or 0)}
        | {"at": f"{point['step']:,.0f}", "told": number(point["proxy"])}
        | {"spread": number(point["sd"])}
        for point in points
        if point["proxy"] is not None
    ]
    x = _steps(steps)
    shared: Spec = {"scale": {"zero": False}, "axis": _labels(4)}
    titles = {"at": "step", "told": "mean proxy", "spread": "sd of samples"}
    band = {"x": x, "y": field("low", **shared), "y2": {"field": "high"}}
    along = {"x": x, "y": field("proxy", **shared)}
    layers = [
        {"mark": {"type": "area", "style": "proxy-spread"}, "encoding": band},
        {"mark": {"type": "line", "style": "proxy"}, "encoding": along},
        _pointed(along, titles),
    ]
    return _chart(rows, layers, alarms, steps, 150)


def drift_chart(
    points: Rows, column: str, title: str, alarms: Sequence[Document], steps: Domain
) -> Spec:
    """One number of a step as a line: where the largest proxies lie, KL, a part of the reward."""
    rows = [
        {"step": point["step"], "value": point[column]}
        | {"at": f"{point['step']:,.0f}", "told": number(point[column])}
        for point in points
        if point[column] is not None
    ]
    y = field(
        "value",
        scale={"zero": False, "nice": False, "domain": padded([row["value"] for row in rows])},
        axis=_labels(4),
    )
    along = {"x": _steps(steps), "y": y}
    layers = [
        {"mark": {"type": "line", "style": "proxy"}, "encoding": along},
        _pointed(along, {"at": "step", "told": one_line(title, 60)}),
    ]
    return _chart(rows, layers, alarms, steps, 120)


def _steps(steps: Domain) -> Spec:
    first, last = steps
    scale = {"domain": [first, max(last, first + 1)], "nice": False}
    return field("step", title="step", scale=scale, axis={"tickCount": 6, "format": ",d"})


def _labels(count: int) -> Spec:
    """A vertical axis whose name stands above the chart, as wide as those of the other charts."""
    return {"title": None, "tickCount": count, "minExtent": 36, "maxExtent": 36}


def _pointed(along: Spec, titles: dict[str, str]) -> Spec:
    """Invisible dots that tell their numbers under the pointer."""
    dots = {"type": "circle", "style": "proxy", "opacity": 0, "size": 120}
    return {"mark": dots, "encoding": along | {"tooltip": tooltips(titles)}}


def _chart(
    rows: Rows, layers: Sequence[Spec], alarms: Sequence[Document], steps: Domain, height: int
) -> Spec:
    first, last = steps
    return {
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": rows},
        "layer": [
            *(layer for tier in ("amber", "red") for layer in _marked(alarms, tier, first, last)),
            *layers,
        ],
    }


def _marked(alarms: Sequence[Document], tier: str, first: float, last: float) -> list[Spec]:
    """A line at every step where a signal of this tier fired, named above the plot."""
    at: dict[float, list[str]] = {}
    for alarm in alarms:
        if alarm["tier"] == tier and first <= alarm["step"] <= last:
            at.setdefault(alarm["step"], []).append(str(alarm["name"]))
    if not at:
        return []
    rows: list[dict[str, Any]] = [
        {"step": step, "fired": f"{tier}: {one_line(', '.join(names), 200)}"}
        for step, names in at.items()
    ]
    told = tooltips({"step": "step", "fired": "fired"})
    x = field("step")
    rule = {"type": "rule", "style": tier, "size": 1.6}
    return [{"data": {"values": rows}, "mark": rule, "encoding": {"x": x, "tooltip": told}}]
