"""The Hill plot: one line per origin, so that nobody takes one of them for the shape."""

from __future__ import annotations

from overopt.report.channels import Spec, field
from overopt.report.words import Document, number, one_line

__all__ = ["hill_chart"]


def hill_chart(hill: Document, name: str, *, width: int = 560, height: int = 280) -> Spec:
    """Hill's xi against the number of exceedances for every origin."""
    rows = [
        {"exceedances": count, "xi": xi, "origin": number(origin)}
        for origin, line in zip(hill["origins"], hill["xi"], strict=True)
        for count, xi in zip(hill["exceedances"], line, strict=True)
        if xi is not None
    ]
    x = field("exceedances", title="exceedances", scale={"type": "log"})
    below = {"orient": "bottom"}
    origin = field("origin", "nominal", title="origin of the scores", sort=None, legend=below)
    return {
        "title": {
            "text": f"Hill estimate of {one_line(name, 60)}, by origin",
            "subtitle": ["positive for every tail and different for every origin: not a verdict"],
        },
        "width": width,
        "height": height,
        "data": {"values": rows},
        "mark": {"type": "line"},
        "encoding": {"x": x, "y": field("xi", title="Hill xi"), "strokeDash": origin},
    }
