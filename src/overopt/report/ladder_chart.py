"""The ladder plot: shape by depth, with its interval and the region that a light tail may show."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from overopt.report.channels import Spec, field, tooltips
from overopt.report.words import Document, estimate, number, one_line

__all__ = ["ladder_chart", "ladder_picture"]


def ladder_picture(tails: Document) -> Spec:
    """The ladders of a tails document, one beside the other, for PNG, SVG and HTML."""
    told = [tails["proxy"], *(tails["groups"] or ())]
    told += [tails[name] for name in ("error", "gold") if tails[name]]
    shown = [one for one in told if one["rungs"]] or [tails["proxy"]]
    if len(shown) == 1:
        return _told(shown[0], 560)
    charts = [_told(one, 400) for one in shown]
    return {"concat": charts, "columns": 2, "spacing": 44}


def ladder_chart(verdict: Document, *, width: int = 560, height: int = 280) -> Spec:
    """xi with its interval against the depth of every rung; filled where a rung is significant."""
    rows = [_row(rung) for rung in verdict["rungs"]]
    name = one_line(verdict.get("group") or verdict["name"], 60)
    x = field("depth", title="one in so many rows", scale={"type": "log"}, axis=_ticks(rows))
    shape: Spec = {
        "title": "shape xi (0: exponential; filled: significant)",
        "scale": {"zero": True},
    }
    told = {
        "told": "shape",
        "exceedances": "exceedances",
        "z": "z",
        "needs": "significant",
        "p": "fit p",
    }
    dots = {"x": x, "y": field("xi", **shape), "tooltip": tooltips(told)}
    whisker = {"x": x, "y": field("lower", **shape), "y2": {"field": "upper"}}
    nought = {"y": {"datum": 0, "type": "quantitative", **shape}}
    return {
        "title": {"text": f"tail of {name}: {verdict['verdict'].replace('_', ' ')}"},
        "width": width,
        "height": height,
        "data": {"values": rows},
        "layer": [
            {"mark": {"type": "rule", "style": "nought"}, "encoding": nought},
            {"mark": {"type": "rule", "style": "whisker"}, "encoding": whisker},
            _dots("choice-dot", "datum.significant", dots),
            _dots("choice-open", "!datum.significant", dots),
        ],
    }


def _told(verdict: Document, width: int) -> Spec:
    """The chart of a picture that stands alone: with the sentence below its title."""
    chart = ladder_chart(verdict, width=width)
    chart["title"]["subtitle"] = textwrap.wrap(one_line(verdict["sentence"], 600), width // 6)
    return chart


def _dots(style: str, test: str, encoding: Spec) -> Spec:
    mark = {"type": "circle", "style": style, "size": 70}
    return {"transform": [{"filter": test}], "mark": mark, "encoding": encoding}


def _row(rung: Document) -> dict[str, Any]:
    low, high = rung["critical_low"], rung["critical_high"]
    return {
        "depth": 1 / rung["share"],
        "xi": rung["xi"],
        "lower": rung["xi_lower"],
        "upper": rung["xi_upper"],
        "told": estimate(rung["xi"], rung["xi_lower"], rung["xi_upper"]),
        "exceedances": rung["exceedances"],
        "z": number(rung["z"], 2, sign=True),
        "needs": f"below {number(low, 2)} or above {number(high, 2)}",
        "p": number(rung["fit_p"], 2),
        "significant": not low <= rung["z"] <= high,
    }


def _ticks(rows: Sequence[Document]) -> Spec:
    return {"values": [round(row["depth"]) for row in rows], "labelOverlap": True, "format": ",d"}
