"""Vega-Lite charts of an audit document, built with Altair: whole figures and the small ones."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any

from overopt.errors import BadOption
from overopt.report.gold_chart import Rows, bound, curve_chart, gold_domain, gold_label
from overopt.report.libraries import altair
from overopt.report.theme import theme
from overopt.report.words import Document, estimate, number, one_line, percent

__all__ = ["figure", "named", "passes_chart", "picture", "ranking_chart", "spec", "worth_chart"]


def worth_chart(
    audit: Document, bins: Rows, field: str, title: str, *, width: int = 285, height: int = 210
) -> Any:
    """Gold with its interval against the rank or the score of a candidate."""
    alt = altair("drawing charts")
    rows = [
        {name: row[name] for name in (field, "gold", "lower", "upper")}
        | {"span": f"{number(row['from'])} to {number(row['to'])}"}
        | {"gold_text": estimate(row["gold"], row["lower"], row["upper"])}
        | {"labelled": f"{row['labelled']} of {row['rows']}"}
        for row in bins
    ]
    tooltip = [alt.Tooltip("span:N", title=field), alt.Tooltip("gold_text:N", title="gold")]
    tooltip.append(alt.Tooltip("labelled:N", title="labelled"))
    x = alt.X(f"{field}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    if field == "share":
        x.axis = alt.Axis(format="%", tickCount=5)
    y = alt.Y("gold:Q", title=gold_label(audit), scale=alt.Scale(zero=False))
    return _dots(alt, rows, x, y, tooltip).properties(width=width, height=height)


def passes_chart(passes: Document, *, width: int = 420, height: int = 210) -> Any:
    """Share of true passes against the share of a prompt's candidates that pass."""
    alt = altair("drawing charts")
    rows = [
        {"share": (row["from"] + row["to"]) / 2, "gold": row["precision"]}
        | {"lower": row["lower"], "upper": row["upper"]}
        | {"span": f"{percent(row['from'])} to {percent(row['to'])}"}
        | {"told": estimate(row["precision"], row["lower"], row["upper"])}
        | {"count": f"{row['passes']} in {row['prompts']} prompts"}
        for row in passes["by_pass_rate"]
    ]
    tooltip = [
        alt.Tooltip("span:N", title="pass rate of the prompt"),
        alt.Tooltip("told:N", title="precision"),
        alt.Tooltip("count:N", title="passes"),
    ]
    x = alt.X("share:Q", title="pass rate of the prompt", axis=alt.Axis(format="%"))
    y = alt.Y("gold:Q", title="gold among passes", scale=alt.Scale(zero=False))
    return _dots(alt, rows, x, y, tooltip).properties(width=width, height=height)


def _dots(alt: Any, rows: Rows, x: Any, y: Any, tooltip: list[Any]) -> Any:
    """Estimates with whiskers, joined by a thin line."""
    base = alt.Chart(alt.Data(values=rows)).encode(x=x)
    return alt.layer(
        base.mark_rule(style="whisker").encode(y=bound(alt, y, "lower"), y2="upper:Q"),
        base.mark_line(style="estimate", strokeWidth=1.2, opacity=0.6).encode(y=y),
        base.mark_circle(style="dot", size=46).encode(y=y, tooltip=tooltip),
    )


def ranking_chart(ranking: Document, *, width: int = 420) -> Any:
    """Gain of every proxy at its own operating point, best first."""
    alt = altair("drawing charts")
    rows = [
        {"name": one_line(row["name"], 60), "order": i}
        | {"gain": row["gain"], "lower": row["gain_lower"], "upper": row["gain_upper"]}
        | {"told": estimate(row["gain"], row["gain_lower"], row["gain_upper"], sign=True)}
        for i, row in enumerate(ranking["rows"])
    ]
    tooltip = [alt.Tooltip("name:N", title="proxy"), alt.Tooltip("told:N", title="gain")]
    y = alt.Y(
        "order:O", axis=alt.Axis(title=None, labelExpr=_names_expression(rows), labelLimit=220)
    )
    x = alt.X("gain:Q", title="gain in gold at its own operating point")
    base = alt.Chart(alt.Data(values=rows)).encode(y=y)
    nought = alt.Chart(alt.Data(values=[{"gain": 0}])).mark_rule(style="nought")
    return alt.layer(
        nought.encode(x="gain:Q"),
        base.mark_rule(style="whisker").encode(x=bound(alt, x, "lower"), x2="upper:Q"),
        base.mark_circle(style="dot", size=60).encode(x=x, tooltip=tooltip),
    ).properties(width=width, height=alt.Step(26))


def _names_expression(rows: Rows) -> str:
    """Vega expression from row order to name: JSON literals, so names stay text."""
    return f"{json.dumps([row['name'] for row in rows])}[datum.value]"


def figure(
    audit: Document,
    proxy: str,
    pressure: str,
    *,
    width: int = 620,
    domain: Sequence[float] | None = None,
) -> Any:
    """The gold curve of one proxy under one pressure, titled: stands alone outside a report.

    Raises BadOption when the document holds no such proxy or pressure.
    """
    entry = named(audit["proxies"], "name", proxy)
    curve = named(entry["curves"], "pressure", pressure)
    point = next((p for p in entry["operating_points"] if p["pressure"] == pressure), None)
    chart = curve_chart(
        audit, curve, point, width=width, domain=domain, model=_model_of(entry, pressure)
    )
    sentence = point["sentence"] if point else entry["headline"]["sentence"]
    lines = textwrap.wrap(one_line(sentence), max(30, width // 6))
    title = f"{one_line(proxy, 60)} under {curve['label']}"
    return chart.properties(title={"text": title, "subtitle": lines}).configure(**theme())


def _model_of(entry: Document, pressure: str) -> Document | None:
    """The extrapolation continues the best-of-n curve only."""
    model: Document | None = entry.get("extrapolation")
    return model if pressure == "best_of_n" else None


def named(entries: Sequence[Document], key: str, name: str) -> Document:
    """The entry whose ``key`` is ``name``; raises BadOption that lists what there is."""
    for entry in entries:
        if entry[key] == name:
            return entry
    known = ", ".join(one_line(entry[key], 60) for entry in entries)
    raise BadOption(f"this audit has no {key} {one_line(name, 60)!r}; it has: {known}")


def picture(audit: Document) -> Any:
    """The headline figure of every proxy, side by side on one gold axis: for PNG and SVG."""
    alt = altair("drawing charts")
    shown = [(entry["name"], entry["headline"]["pressure"]) for entry in audit["proxies"]]
    if len(shown) == 1:
        return figure(audit, *shown[0])
    curves = [
        named(named(audit["proxies"], "name", name)["curves"], "pressure", pressure)
        for name, pressure in shown
    ]
    domain = gold_domain(curves)
    charts = [figure(audit, *pair, width=400, domain=domain) for pair in shown]
    for chart in charts:
        chart.config = alt.Undefined
    return alt.concat(*charts, columns=2, spacing=44).configure(**theme())


def spec(chart: Any) -> dict[str, Any]:
    """The chart as Vega-Lite data without a theme (pages choose theirs when they are opened)."""
    plain: dict[str, Any] = chart.to_dict()
    plain.pop("config", None)
    return plain
