"""Tails told in a terminal and saved as a picture, page or JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

from overopt.report.channels import Spec
from overopt.report.hill_chart import hill_chart
from overopt.report.ladder_chart import ladder_picture
from overopt.report.saving import save_picture
from overopt.report.words import Document, number, one_line

__all__ = ["save_tails", "tails_text"]

PLOT = 31  # columns of the text ladder
SIDES = {"heavy": "31", "light": "32", "undecided": "33", "not_applicable": "2"}


def tails_text(tails: Document, width: int = 80, colour: bool = False) -> str:
    """The verdicts, the ladder and the findings in at most ``width`` columns."""
    width = max(40, width)
    lines = [one_line(f"overopt tails of {tails['origin']}", width)]
    told = [(tails["proxy"]["name"], tails["proxy"])]
    told += [(name, tails[name]) for name in ("error", "gold") if tails[name]]
    told += [(one["group"], one) for one in tails["groups"] or ()]
    for name, verdict in told:
        lines += ["", *_verdict(one_line(name, 60), verdict, width, colour)]
    lines += ["", *textwrap.wrap(tails["meaning"], width)]
    for finding in tails["findings"]:
        lines += _finding(finding, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _picture(tails: Document) -> Spec:
    """The ladders, and below them the Hill plot where it was asked for."""
    ladders = ladder_picture(tails)
    if not tails["hill"]:
        return ladders
    below = hill_chart(tails["hill"], tails["proxy"]["name"])
    return {"vconcat": [ladders, below], "spacing": 44}


def _verdict(name: str, verdict: Document, width: int, colour: bool) -> Iterator[str]:
    kind = verdict["verdict"].replace("_", " ")
    head = one_line(f"{name}: {kind} ({verdict['reason'].replace('_', ' ')})", width)
    yield f"\x1b[1;{SIDES[verdict['verdict']]}m{head}\x1b[0m" if colour else head
    yield from textwrap.wrap(one_line(verdict["sentence"], 2000), width)
    if verdict["rungs"]:
        yield ""
        yield from _ladder(verdict["rungs"], width)
    for finding in verdict["findings"]:
        yield from _finding(finding, width)


def _ladder(rungs: list[Document], width: int) -> Iterator[str]:
    """One line a rung: depth, shape with limits, z, and where there is room a small plot."""
    low = min(-0.5, *(rung["xi_lower"] for rung in rungs))
    high = max(0.5, *(rung["xi_upper"] for rung in rungs))
    roomy = width >= 60 + PLOT
    yield "  one in  exceed.    xi  (limits)          z    fit p" + (
        "   light | heavy" if roomy else ""
    )
    for rung in rungs:
        side = "*" if not rung["critical_low"] <= rung["z"] <= rung["critical_high"] else " "
        limits = f"({rung['xi_lower']:.2f} to {rung['xi_upper']:.2f})"
        line = (
            f"{1 / rung['share']:8,.0f} {rung['exceedances']:8,d} {rung['xi']:5.2f}  {limits:16s}"
            f"{rung['z']:6.1f}{side} {number(rung['fit_p'], 2):>6s}"
        )
        yield line + ("   " + _bar(rung, low, high) if roomy else "")


def _bar(rung: Document, low: float, high: float) -> str:
    """The interval between ``low`` and ``high`` as text, 0 marked."""
    place = [
        round((min(max(value, low), high) - low) / (high - low) * (PLOT - 1))
        for value in (rung["xi_lower"], rung["xi"], rung["xi_upper"], 0.0)
    ]
    drawn = ["-" if place[0] <= i <= place[2] else " " for i in range(PLOT)]
    drawn[place[3]] = "|"
    drawn[place[1]] = "o"
    return "".join(drawn)


def _finding(finding: Document, width: int) -> list[str]:
    head = f"{finding['severity']} {finding['code']}  "
    text = head + one_line(finding["message"], 2000)
    return textwrap.wrap(text, width, subsequent_indent=" " * len(head))


def save_tails(tails: Document, path: str | Path) -> Path:
    """Write the ladder plot as .png, .svg or .html, or the document as .json, by the suffix.

    Raises BadOption for another suffix, MissingDependency where a picture needs the ``report``
    extra, OSError where the file cannot be written.
    """
    title = f"Tails of {json.dumps(tails['origin'])}"
    return save_picture(tails, path, _picture(tails), title, tails_text(tails, width=100))
