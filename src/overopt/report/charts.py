"""The smaller charts of an audit document, and figures that stand alone outside a page."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any

from overopt.errors import BadOption
from overopt.report.channels import Rows, Spec, field, tooltips
from overopt.report.gold_chart import curve_chart, gold_domain, gold_label
from overopt.report.libraries import altair
from overopt.report.theme import theme
from overopt.report.words import Document, estimate, first_sentence, number, one_line, percent

__all__ = ["figure", "named", "passes_chart", "picture", "ranking_chart", "worth_chart"]


def worth_chart(
    audit: Document, bins: Rows, column: str, title: str, *, width: int = 285, height: int = 210
) -> Spec:
    """Gold with its interval against the rank (``share``) or the score of a candidate."""
    rows = [
        {name: row[name] for name in (column, "gold", "lower", "upper")}
        | {"span": f"{number(row['from'])} to {number(row['to'])}"}
        | {"told": estimate(row["gold"], row["lower"], row["upper"])}
        | {"labelled": f"{row['labelled']} of {row['rows']}"}
        for row in bins
    ]
    titles = {"span": column, "told": "gold", "labelled": "labelled"}
    axis: Spec = {"tickCount": 5} | ({"format": "%"} if column == "share" else {})
    x = field(column, title=title, scale={"zero": False}, axis=axis)
    return {"width": width, "height": height} | _dots(rows, x, gold_label(audit), titles)


def passes_chart(passes: Document, *, width: int = 420, height: int = 210) -> Spec:
    """Share of true passes against the share of a prompt's candidates that pass."""
    rows = [
        {"share": (row["from"] + row["to"]) / 2, "gold": row["precision"]}
        | {"lower": row["lower"], "upper": row["upper"]}
        | {"span": f"{percent(row['from'])} to {percent(row['to'])}"}
        | {"told": estimate(row["precision"], row["lower"], row["upper"])}
        | {"count": f"{row['passes']} in {row['prompts']} prompts"}
        for row in passes["by_pass_rate"]
    ]
    titles = {"span": "pass rate of the prompt", "told": "gold among passes", "count": "passes"}
    x = field("share", title="pass rate of the prompt", axis={"format": "%"})
    return {"width": width, "height": height} | _dots(rows, x, "gold among passes", titles)


def _dots(rows: Rows, x: Spec, y_title: str, titles: dict[str, str]) -> Spec:
    """Estimates with whiskers, joined by a thin line."""
    shared: Spec = {"title": y_title, "scale": {"zero": False}}
    gold = field("gold", **shared)
    whisker = {"x": x, "y": field("lower", **shared), "y2": {"field": "upper"}}
    line = {"type": "line", "style": "estimate", "strokeWidth": 1.2, "opacity": 0.6}
    dot = {"x": x, "y": gold, "tooltip": tooltips(titles)}
    return {
        "data": {"values": rows},
        "layer": [
            {"mark": {"type": "rule", "style": "whisker"}, "encoding": whisker},
            {"mark": line, "encoding": {"x": x, "y": gold}},
            {"mark": {"type": "circle", "style": "dot", "size": 46}, "encoding": dot},
        ],
    }


def ranking_chart(ranking: Document, *, width: int = 420) -> Spec:
    """Gain of every proxy at its own operating point, best first."""
    rows = [
        {"name": one_line(row["name"], 60), "order": i}
        | {"gain": row["gain"], "lower": row["gain_lower"], "upper": row["gain_upper"]}
        | {"told": estimate(row["gain"], row["gain_lower"], row["gain_upper"], sign=True)}
        for i, row in enumerate(ranking["rows"])
    ]
    title: Spec = {"title": "gain in gold at its own operating point"}
    names = f"{json.dumps([row['name'] for row in rows])}[datum.value]"
    y = field("order", "ordinal", axis={"title": None, "labelExpr": names, "labelLimit": 220})
    whisker = {"y": y, "x": field("lower", **title), "x2": {"field": "upper"}}
    told = tooltips({"name": "proxy", "told": "gain"})
    dot = {"y": y, "x": field("gain", **title), "tooltip": told}
    nought = {"type": "rule", "style": "nought"}
    return {
        "width": width,
        "height": {"step": 26},
        "data": {"values": rows},
        "layer": [
            {"mark": nought, "encoding": {"x": {"datum": 0, "type": "quantitative", **title}}},
            {"mark": {"type": "rule", "style": "whisker"}, "encoding": whisker},
            {"mark": {"type": "circle", "style": "dot", "size": 60}, "encoding": dot},
        ],
    }


def figure(audit: Document, proxy: str, pressure: str) -> Any:
    """The gold curve of one proxy under one pressure as an Altair chart, for notebooks.

    Raises BadOption when the document holds no such proxy or pressure, MissingDependency without
    the ``report`` extra.
    """
    library = altair("drawing a chart")
    titled = _titled(audit, proxy, pressure) | {"config": theme()}
    return library.VConcatChart.from_dict(titled, validate=False)


def picture(audit: Document) -> Spec:
    """The headline figure of every proxy, side by side on one gold axis: for PNG and SVG."""
    shown = [(entry["name"], entry["headline"]["pressure"]) for entry in audit["proxies"]]
    if len(shown) == 1:
        return _titled(audit, *shown[0]) | {"config": theme()}
    curves = [named(named(audit["proxies"], "name", n)["curves"], "pressure", p) for n, p in shown]
    domain = gold_domain(curves)
    figures = [_titled(audit, *pair, width=400, domain=domain) for pair in shown]
    return {"concat": figures, "columns": 2, "spacing": 44, "config": theme()}


def _titled(
    audit: Document,
    proxy: str,
    pressure: str,
    width: int = 620,
    domain: Sequence[float] | None = None,
) -> Spec:
    """A gold curve under its proxy's name and the sentence that it comes to."""
    entry = named(audit["proxies"], "name", proxy)
    curve = named(entry["curves"], "pressure", pressure)
    point = next((p for p in entry["operating_points"] if p["pressure"] == pressure), None)
    sentence = point["sentence"] if point else entry["headline"]["sentence"]
    answer = first_sentence(one_line(sentence, 600))[0]
    lines = textwrap.wrap(answer, max(30, width // 6))
    title = {"text": f"{one_line(proxy, 60)} under {curve['label']}", "subtitle": lines}
    chart = curve_chart(audit, curve, point, width=width, domain=domain)
    return {"title": title} | chart


def named(entries: Sequence[Document], key: str, name: str) -> Document:
    """The entry whose ``key`` is ``name``; raises BadOption that lists what there is."""
    for entry in entries:
        if entry[key] == name:
            return entry
    known = ", ".join(one_line(entry[key], 60) for entry in entries)
    raise BadOption(f"this audit has no {key} {one_line(name, 60)!r}; it has: {known}")
