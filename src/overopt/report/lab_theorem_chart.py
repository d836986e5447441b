"""The picture of an experiment: exact lines, the reference values on them, what they tend to."""

from __future__ import annotations

import textwrap
from pathlib import Path

from overopt.report.channels import Rows, Spec, field, tooltips
from overopt.report.lab_theorem_text import heading, lab_theorem
from overopt.report.power_axis import power_axis
from overopt.report.saving import save_picture
from overopt.report.strict_json import defined
from overopt.report.words import Document, number

__all__ = ["save_lab_theorem", "theorem_picture"]

ALONE, BESIDE, HEIGHT = 560, 360, 270  # pixels of a panel that stands alone, or beside another
LETTER = 6.3  # pixels of one in a subtitle
LEGEND_MARK = 52  # pixels that a legend's symbol needs with the space around it


def save_lab_theorem(document: Document, path: Path) -> Path:
    """Write the picture of an experiment, or the document as .json; raises as ``save``."""
    text = lab_theorem(document, width=100)
    return save_picture(document, path, theorem_picture(document), heading(document), text)


def theorem_picture(document: Document) -> Spec:
    """The panels side by side under the statement."""
    panels = defined(document)["panels"]
    names = [[line["name"] for line in panel["lines"]] for panel in panels]
    width = ALONE if len(panels) == 1 else BESIDE
    subtitle = textwrap.wrap(document["statement"], int(len(panels) * width / LETTER))
    if any(panel["points"] for panel in panels):
        subtitle += ["Lines are exact; circles are published or independent values."]
    title = {"text": heading(document), "subtitle": subtitle}
    # Panels of the same lines share one legend; else a name may stand for other lines in each.
    legends = "shared" if all(one == names[0] for one in names) else "independent"
    resolve = {"scale": {"color": legends, "strokeDash": legends}}
    shown = [_panel(panel, width) for panel in panels]
    return {"title": title, "hconcat": shown, "spacing": 40, "resolve": resolve}


def _panel(panel: Document, width: int) -> Spec:
    names = [line["name"] for line in panel["lines"]]
    x, y = _channel(panel, "x"), _channel(panel, "y")
    needed = sum(LETTER * len(name) + LEGEND_MARK for name in names)
    columns = len(names) if needed <= width else 2
    legend: Spec = {"title": None, "orient": "bottom", "columns": columns}
    legend |= {"labelLimit": width, "symbolType": "stroke", "symbolSize": 300}
    by_name = field("name", "nominal", sort=None, scale={"domain": names}, legend=legend)
    line: Spec = {"type": "line", "strokeWidth": 2, "clip": True}
    along: Spec = {"x": x, "y": y, "order": field("order"), "color": by_name}
    point: Spec = {"type": "point", "style": "reference", "size": 42, "filled": True}
    hover: Spec = {"type": "circle", "opacity": 0, "size": 120}
    told = tooltips({"name": "line", "x_text": panel["x"], "y_text": panel["y"]})
    place, lines = {"x": x, "y": y}, {"values": _rows(panel["lines"])}
    points = {"values": _rows(panel["points"])}
    return {
        "width": width,
        "height": HEIGHT,
        "layer": [
            *_levels(panel, y),
            {"data": lines, "mark": line, "encoding": along | {"strokeDash": by_name}},
            {"data": points, "mark": point, "encoding": place},
            {"data": lines, "mark": hover, "encoding": place | {"tooltip": told}},
        ],
    }


def _rows(lines: list[Document]) -> Rows:
    return [
        {"name": line["name"], "order": k, "x": x, "y": y}
        | {"x_text": number(x, 6), "y_text": number(y, 6)}
        for line in lines
        for k, (x, y) in enumerate(zip(line["x"], line["y"], strict=True))
    ]


def _levels(panel: Document, y: Spec) -> list[Spec]:
    """What lines tend to, dotted."""
    data = {"values": [{"y": level} for level in panel["levels"]]}
    rule: Spec = {"type": "rule", "style": "nought", "clip": True}
    return [{"data": data, "mark": rule, "encoding": {"y": y}}] if panel["levels"] else []


def _channel(panel: Document, name: str) -> Spec:
    """The x or the y of a panel, over the range of all that is drawn."""
    kind = panel[f"{name}_scale"]
    seen = [value for line in (*panel["lines"], *panel["points"]) for value in line[name]]
    seen += panel["levels"] if name == "y" else []
    low, high = min(seen), max(seen)
    if kind == "linear":
        return field(name, title=panel[name], scale={"zero": False}, axis={"tickCount": 6})
    return field(name, title=panel[name], **power_axis(kind, low, high))
