"""What the lab computed, in a terminal: plain columns, the answer first."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from overopt.report.words import ABSENT, Document, counted, number, strength_text

__all__ = [
    "columns",
    "curve_answer",
    "exact",
    "folded",
    "lab_curve",
    "lab_list",
    "law_text",
    "limit_answer",
]

DIGITS = 6  # what an exact curve is exact to


def lab_curve(document: Document, width: int = 80) -> str:
    """A curve: its peak in a sentence, then one row for each strength."""
    knob = document["knob"]
    rows: list[tuple[str, ...]] = [(knob, "KL", "gold", "proxy", "slope")]
    names = ("strength", "kl", "gold", "proxy", "slope")
    for strength, kl, gold, proxy, slope in zip(*(document[name] for name in names), strict=True):
        cells = [exact(value) for value in (kl, gold, proxy, slope)]
        rows.append((number(strength), *cells))
    lines = [
        *textwrap.wrap(f"{law_text(document['law'])}; {document['label']}", width),
        "",
        *textwrap.wrap(f"{curve_answer(document)} {limit_answer(document)}", width),
        "",
        *columns(rows),
        "",
        *textwrap.wrap(_accuracy(document), width),
    ]
    return "\n".join(lines) + "\n"


def lab_list(document: Document, width: int = 80) -> str:
    """The laws and what they need, then the pressures."""
    laws = [(law["name"], law["example"], law["tail"]) for law in document["laws"]]
    pressures = [(one["id"], one["knob"], one["label"]) for one in document["pressures"]]
    copulas = [(one["name"], one["example"]) for one in document["copulas"]]
    common = f"Every law also takes {', '.join(document['common'])}."
    return "\n".join(
        [
            *columns([("law", "such as", "upper tail"), *laws], left=True),
            "",
            *textwrap.wrap(common, width),
            "",
            *columns([("copula", "such as"), *copulas], left=True),
            "",
            *columns([("pressure", "strength", ""), *pressures], left=True),
            "",
        ]
    )


def limit_answer(document: Document) -> str:
    """Where gold goes beyond the curve, and by which theorem."""
    limit = document["limit"]
    if limit is None or limit["theorem"] is None:
        return "No theorem here tells its limit."
    by = f"({limit['verdict']}: {limit['theorem']})"
    if limit["unbounded"]:
        moves = "falls" if limit["verdict"] == "strong" else "grows"
        return f"In the limit it {moves} without bound {by}."
    return f"Its limit is {exact(limit['value'])} {by}."


def curve_answer(document: Document) -> str:
    """Where gold peaks, from where and to what."""
    knob = document["knob"]
    first, last = document["gold"][0], document["gold"][-1]
    end = f"at {strength_text(knob, document['strength'][-1])}"
    if len(document["gold"]) == 1:
        return f"Gold is {exact(last)} {end}."
    peak = document["peak"]
    if not document["extrema"] and abs(last - first) <= 2 * max(document["error_bound"]):
        return f"Gold does not move: it is {exact(last)} at every strength, as under no pressure."
    if peak is None:
        count = len(document["extrema"])
        note = f", after {counted(count, 'turn')} on the way" if count else ""
        return f"No peak in this range: gold is highest {end}, {exact(last)}{note}."
    if peak["strength"] == document["strength"][0]:
        top = f"gold is highest under no pressure, {exact(first)}"
        return f"Do not push: {top}; it is {exact(last)} {end}."
    where = strength_text(knob, peak["strength"])
    turns = [turn for turn in document["extrema"] if turn["strength"] != peak["strength"]]
    others = "; ".join(
        f"{turn['kind']} {strength_text(knob, turn['strength'])}, gold {exact(turn['gold'])}"
        for turn in turns
    )
    return (
        f"Gold peaks at {where} (KL {number(peak['kl'])} nats): {exact(peak['gold'])}, from "
        f"{exact(first)} under no pressure, and is {exact(last)} {end}."
        + (f" It turns more than once: {others}." if others else "")
    )


def _accuracy(document: Document) -> str:
    worst = max(document["error_bound"])
    return f"KL in nats; slope per unit of ln strength. Gold is exact to {worst:.1g}."


def law_text(law: Document) -> str:
    """A law in words."""
    parts = [f"{key} {value}" for key, value in law.items() if key != "kind"]
    return ", ".join([*parts, law["kind"]])


def exact(value: float | None) -> str:
    """A number with all its exact digits."""
    if value is None or not math.isfinite(value):
        return ABSENT
    return f"{value:z.{DIGITS}f}" if abs(value) < 1e6 else f"{value:.{DIGITS}e}"


def columns(rows: Sequence[Sequence[str]], left: bool = False) -> list[str]:
    """Rows of cells as lines, aligned."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(size) if left else cell.rjust(size)
            for cell, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def folded(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Rows as lines no wider than ``width``: further columns below, beside the first one again."""
    lines: list[str] = []
    start, count = 1, len(rows[0])
    while start < count:
        end = start + 1
        while end < count and max(map(len, columns(_cut(rows, start, end + 1)))) <= width:
            end += 1
        lines += [*([""] if lines else []), *columns(_cut(rows, start, end))]
        start = end
    return lines


def _cut(rows: Sequence[Sequence[str]], start: int, end: int) -> list[list[str]]:
    """The first column and those from ``start`` up to ``end``."""
    return [[row[0], *row[start:end]] for row in rows]
