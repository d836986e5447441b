"""The audit as one HTML file: decision first, no request to anywhere, text from data escaped."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from overopt.errors import MissingDependency
from overopt.findings import CATALOGUE
from overopt.report import charts, words
from overopt.report.channels import Spec
from overopt.report.comparison_chart import comparison_chart
from overopt.report.console import terminal
from overopt.report.gold_chart import curve_chart
from overopt.report.ladder_chart import ladder_chart
from overopt.report.libraries import vl_convert
from overopt.report.strict_json import defined
from overopt.report.theme import theme
from overopt.report.words import Document

__all__ = ["drawing_assets", "html", "notebook", "picture_page", "vega_bundle"]

MOST_TABLE_ROWS = 40


def html(audit: Document) -> str:
    """The page of an audit document; raises MissingDependency without the ``report`` extra."""
    drawing = _drawing()
    template = _environment().get_template("page.html.j2")
    return str(template.render(audit=defined(audit), **drawing))


def notebook(audit: Document) -> str:
    """A fragment for notebooks: the headline figures as a picture over the terminal's text.

    Without the ``report`` extra it is the text alone.
    """
    document = defined(audit)
    try:
        renderer = vl_convert("drawing a chart")
    except MissingDependency:
        drawing = ""
    else:
        drawing = str(renderer.vegalite_to_svg(charts.picture(document)))
    template = _environment().get_template("notebook.html.j2")
    return str(template.render(drawing=drawing, text=terminal(document, width=100)))


def picture_page(spec: Spec, title: str, text: str) -> str:
    """A page of one interactive picture over its text; raises as ``html``."""
    template = _environment().get_template("picture.html.j2")
    return str(template.render(spec=spec, title=title, text=text, **_drawing()))


def _drawing() -> dict[str, Any]:
    """What every page needs to draw its charts in either scheme."""
    return {
        "bundle": vega_bundle(),
        "themes": {"light": theme(), "dark": theme(dark=True)},
        "style": _resource("style.css"),
        "draw": _resource("chart.js") + _resource("draw.js"),
    }


def drawing_assets() -> dict[str, str]:
    """What pages of other makers share: ``style.css``, ``chart.js`` and ``themes.json``."""
    themes = {"light": theme(), "dark": theme(dark=True)}
    shared = {name: _resource(name) for name in ("style.css", "chart.js")}
    return shared | {"themes.json": json.dumps(themes)}


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script."""
    return str(vl_convert("the HTML report").javascript_bundle())


def _resource(name: str) -> str:
    return files("overopt.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("overopt.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=lambda *args, **kw: words.number(*args, **kw).translate(words.MINUS),
        estimate=lambda *args, **kw: words.estimate(*args, **kw).translate(words.MINUS),
        interval=lambda *args, **kw: words.interval(*args, **kw).translate(words.MINUS),
        percent=words.percent,
        one_line=words.one_line,
        script_json=script_json,
    )
    environment.globals.update(
        ABSENT=words.ABSENT,
        CATALOGUE=CATALOGUE,
        DECISIONS=words.DECISIONS,
        at=words.strength_text,
        charts=charts,
        curve_chart=curve_chart,
        curve_table=curve_table,
        ladder_chart=ladder_chart,
        named=_named,
        places=words.decimals,
        spread_places=words.spread_places,
        best_first=words.best_first,
        titled=words.titled,
        blamed=words.blamed,
        compared_gains=words.compared_gains,
        comparison_chart=comparison_chart,
        first_sentence=words.first_sentence,
        ranking_levels=words.ranking_levels,
        steps_told=words.steps_told,
        tails_told=words.tails_told,
        verdict_text=words.verdict_text,
    )
    return environment


def script_json(value: Any) -> Any:
    """JSON that cannot end the script element it stands in."""
    from markupsafe import Markup

    text = json.dumps(defined(value), allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _named(entries: list[Document], key: str, name: str) -> Document | None:
    return next((entry for entry in entries if entry[key] == name), None)


def curve_table(curve: Document, keep: float | None) -> list[dict[str, Any]]:
    """The numbers behind a curve, a row per strength, thinned where there are many."""
    chosen = words.thinned(curve["strength"], MOST_TABLE_ROWS, keep)
    listed = {name: v for name, v in curve.items() if isinstance(v, list) and name != "assumptions"}
    return [{name: values[i] for name, values in listed.items()} for i in chosen]
