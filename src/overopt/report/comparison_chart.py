"""Gain in gold by n, as it is and without what a mechanism blames, one over the other."""

from __future__ import annotations

from overopt.report.channels import Rows, Spec, field, tooltips
from overopt.report.words import Document, blamed, compared_gains, estimate, number, one_line

__all__ = ["comparison_chart"]

STYLES = {"as it is": ("estimate", "interval"), "without": ("choice", "choice-interval")}


def comparison_chart(mechanism: Document, *, width: int = 420, height: int = 210) -> Spec:
    """Two lines with the interval at each n; the dotted level is no pressure."""
    strengths = mechanism["data"]["comparison"]["strength"]
    x = field(
        "strength",
        title="n",
        scale={"type": "log", "base": 2, "nice": False},
        axis={"values": strengths},
    )
    layers: list[Spec] = [
        {
            "data": {"values": [{"gain": 0}]},
            "mark": {"type": "rule", "style": "nought"},
            "encoding": {"y": field("gain", title="gain in gold")},
        }
    ]
    for told, rows in zip(STYLES, _rows(mechanism), strict=True):
        layers += _line(rows, x, told)
    return {"width": width, "height": height, "layer": layers}


def _rows(mechanism: Document) -> tuple[Rows, Rows]:
    """Rows as it is, and without; each with what is told under the pointer."""
    names, without = ("gain", "lower", "upper"), f"without {one_line(blamed(mechanism), 40)}"
    both: tuple[Rows, Rows] = ([], [])
    for strength, *gains in compared_gains(mechanism["data"]["comparison"]):
        for rows, gain, told in zip(both, gains, ("as it is", without), strict=True):
            shown = {"at": f"n = {number(strength)}", "told": f"{estimate(*gain)} {told}"}
            rows.append({"strength": strength, **dict(zip(names, gain, strict=True)), **shown})
    return both


def _line(rows: Rows, x: Spec, told: str) -> list[Spec]:
    line, area = STYLES[told]
    across = {"x": x, "y": field("lower", title="gain in gold"), "y2": {"field": "upper"}}
    along = {"x": x, "y": field("gain", title="gain in gold")}
    dots = along | {"tooltip": tooltips({"at": "strength", "told": "gain in gold"})}
    return [
        {"data": {"values": rows}, "mark": {"type": "area", "style": area}, "encoding": across},
        {"data": {"values": rows}, "mark": {"type": "line", "style": line}, "encoding": along},
        {"data": {"values": rows}, "mark": {"type": "circle", "style": line}, "encoding": dots},
    ]
