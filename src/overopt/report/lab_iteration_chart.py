"""The map of iteration: gold against strength, strength between fits and labels, cell by cell."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path

from overopt.report.channels import Rows, Spec, field, tooltips
from overopt.report.lab_iteration_text import (
    endless_or,
    gained,
    iteration_model,
    iteration_rule,
    lab_iteration,
)
from overopt.report.saving import save_picture
from overopt.report.words import Document, number, one_line

__all__ = ["iteration_picture", "save_lab_iteration"]

COLUMNS, MOST_PANELS = 3, 6  # the last strengths, as many as fill the rows
CELL = {"width": 58, "height": 30}
LETTERS = 170
NOTE = (
    "Cells: gold gained over the reference; * where the error of the proxy exceeds it. "
    "Labels: pairs in the whole run."
)
TOLD = {
    "labels": "labels",
    "every": "strength between fits",
    "gold_text": "gold gained",
    "error_text": "error",
    "kl_text": "KL",
}


def save_lab_iteration(document: Document, path: Path) -> Path:
    """Write the map (.png, .svg, .html) or the document (.json); raises as ``save``."""
    text, title = lab_iteration(document, width=100), _title()
    return save_picture(document, path, iteration_picture(document), title, text)


def iteration_picture(document: Document) -> Spec:
    """One map of strength between fits and labels for each of the last strengths."""
    last = range(max(0, len(document["strength"]) - MOST_PANELS), len(document["strength"]))
    told = f"{iteration_model(document)} {iteration_rule(document)}"
    subtitle = [*textwrap.wrap(one_line(told, 1000), LETTERS), NOTE]
    return {
        "title": {"text": _title(), "subtitle": subtitle},
        "concat": [_panel(document, k) for k in last],
        "columns": COLUMNS,
        "spacing": 22,
        "resolve": {"scale": {"color": "shared"}},
    }


def _title() -> str:
    return "A growing policy against a proxy fitted again and again"


def _panel(document: Document, k: int) -> Spec:
    """Gold at the k-th strength."""
    every = list(dict.fromkeys(endless_or(run["every"], "never") for run in document["runs"]))
    labels = list(dict.fromkeys(endless_or(run["labels"], "endless") for run in document["runs"]))
    x = field("every", "ordinal", title="strength between fits", sort=every, axis={"labelAngle": 0})
    y = field("labels", "ordinal", title="labels", sort=labels)
    most = document["most_gold"]
    scale = {"domain": [-most, most], "domainMid": 0, "clamp": True, "interpolate": "rgb"}
    legend = {"title": "gold gained", "orient": "right", "gradientLength": 120}
    colour = field("gold", scale=scale, legend=legend)
    place: Spec = {"x": x, "y": y}
    return {
        "title": {"text": f"at strength {number(document['strength'][k])}", "fontSize": 12},
        "data": {"values": _rows(document, k)},
        "width": CELL["width"] * len(every),
        "height": CELL["height"] * len(labels),
        "layer": [
            {
                "mark": {"type": "rect", "style": "cell"},
                "encoding": place | {"color": colour, "tooltip": tooltips(TOLD)},
            },
            {
                "mark": {"type": "text", "style": "cell-text"},
                "encoding": place | {"text": field("told", "nominal")},
            },
        ],
    }


def _rows(document: Document, k: int) -> Rows:
    return [
        {
            "every": endless_or(run["every"], "never"),
            "labels": endless_or(run["labels"], "endless"),
            "gold": run["gold"][k] if math.isfinite(run["gold"][k]) else None,
            "told": gained(run["gold"][k]) + ("" if run["error"][k] <= run["gold"][k] else "*"),
            "gold_text": gained(run["gold"][k]),
            "error_text": gained(run["error"][k]),
            "kl_text": f"{number(run['kl'][k])} nats",
        }
        for run in document["runs"]
    ]
