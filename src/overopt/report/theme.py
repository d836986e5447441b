"""How charts look: colours and weights for the styles that charts name.

Charts name styles ("band", "estimate", ...) and hold no colours; a theme is a Vega-Lite config
that gives these their looks, so one chart serves light pages, dark pages and pictures.
"""

from __future__ import annotations

from typing import Any

__all__ = ["theme"]

# Okabe-Ito blue and vermilion, which stay apart under every common colour blindness.
LIGHT = {"ink": "#1b1f24", "soft": "#5c6670", "line": "#d9dde2", "paper": "#ffffff"}
LIGHT |= {"gold": "#0072b2", "mark": "#d55e00", "veil": "#8a929b"}
LIGHT |= {"loss": "#f2a878", "gain": "#7fbbe0", "stop": "#a4262c"}
LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d"]
DARK = {"ink": "#e8eaed", "soft": "#a3abb5", "line": "#3a4048", "paper": "#16191d"}
DARK |= {"gold": "#56b4e9", "mark": "#ff9d57", "veil": "#7d858f"}
DARK |= {"loss": "#9a4f20", "gain": "#1f6d9e", "stop": "#ff8a8a"}
DARK_LINES = ["#56b4e9", "#ff9d57", "#2fcfa1", "#e3a3c6", "#f0c14b", "#4d8fd1", "#c9c9c9"]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def theme(dark: bool = False) -> dict[str, Any]:
    """Vega-Lite config that gives the named styles their colours."""
    c = DARK if dark else LIGHT
    quiet = {"labelColor": c["soft"], "titleColor": c["soft"], "tickColor": c["line"]}
    axis = quiet | {"domainColor": c["line"], "gridColor": c["line"], "gridOpacity": 0.6}
    text = {"titleFontWeight": "normal", "titleFontSize": 12, "labelFontSize": 11}
    return {
        "font": FONT,
        "background": c["paper"],
        "view": {"stroke": None},
        "range": {
            "category": DARK_LINES if dark else LINES,
            "diverging": [c["loss"], c["paper"], c["gain"]],
        },
        "legend": {"labelColor": c["soft"], "titleColor": c["soft"], **text},
        "axis": axis | text | {"titlePadding": 8, "labelPadding": 5},
        "axisX": {"grid": False, "tickSize": 4},
        "axisY": {"domain": False, "ticks": False, "titleLimit": 270},
        "title": {
            "anchor": "start",
            "color": c["ink"],
            "fontSize": 15,
            "fontWeight": 600,
            "subtitleColor": c["soft"],
            "subtitleFontSize": 12,
            "subtitleLineHeight": 16,
            "subtitlePadding": 6,
            "offset": 14,
        },
        "style": {
            "estimate": {"color": c["gold"], "strokeWidth": 2.2},
            "interval": {"color": c["gold"], "opacity": 0.26},
            "band": {"color": c["gold"], "opacity": 0.13},
            "whisker": {"color": c["gold"], "strokeWidth": 2, "opacity": 0.55},
            "dot": {"color": c["gold"], "opacity": 1},
            "model": {"color": c["gold"], "strokeWidth": 1.8, "strokeDash": [5, 4]},
            "model-interval": {"color": c["gold"], "opacity": 0.08},
            "cell": {"stroke": c["line"], "strokeWidth": 1},
            "cell-text": {"color": c["ink"], "fontSize": 11},
            "reference": {
                "color": c["paper"],
                "stroke": c["ink"],
                "strokeWidth": 1.3,
                "opacity": 1,
            },
            "nought": {"color": c["soft"], "strokeDash": [2, 3], "strokeWidth": 1},
            "proxy": {"color": c["soft"], "strokeWidth": 1.6},
            "proxy-spread": {"color": c["soft"], "opacity": 0.14},
            "red": {"color": c["stop"], "strokeWidth": 1.8},
            "amber": {"color": c["mark"], "strokeWidth": 1.4, "strokeDash": [5, 3]},
            "veil": {"color": c["veil"], "opacity": 0.2},
            "veil-text": {"color": c["soft"], "fontSize": 11},
            "choice": {"color": c["mark"], "strokeWidth": 1.2},
            "choice-interval": {"color": c["mark"], "opacity": 0.18},
            "choice-dot": {
                "color": c["mark"],
                "stroke": c["paper"],
                "strokeWidth": 2,
                "opacity": 1,
            },
            "choice-open": {
                "color": c["paper"],
                "stroke": c["mark"],
                "strokeWidth": 2,
                "opacity": 1,
            },
            "choice-text": {"color": c["mark"], "fontSize": 13, "fontWeight": 600},
        },
    }
