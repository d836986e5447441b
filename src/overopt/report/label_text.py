"""What a round of labels promises and what a merge brought, as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from overopt.labels.loop import PlannedRound
from overopt.labels.promise import Promise
from overopt.report.words import ABSENT, counted, decimals, number, percent

__all__ = ["merged_text", "planned_text"]

HEADINGS = ("gold", "gain", "evenly: gold", "gain", "even labels needed")
UNITS = {
    "unit": "in standard deviations of gold within a prompt",
    "options": "in units of gold, for the spread you gave",
    "labels": "in units of gold, for the spread that the labels so far show",
}


def planned_text(planned: PlannedRound) -> str:
    """What was drawn, and the half-widths to expect, before anything is spent."""
    ledger = planned.ledger
    last, samples = ledger.rounds[-1], planned.samples
    so_far = f", {counted(len(ledger.drawn), 'row')} so far" if len(ledger.rounds) > 1 else ""
    lines = [
        f"Round {len(ledger.rounds)}: {counted(len(planned.rows), 'row')} to label "
        f"({number(last.budget)} expected{so_far}) of {samples.rows:,} in "
        f"{counted(samples.prompts, 'prompt')}. Seed {ledger.seed}."
    ]
    told = ""
    for promise in planned.promises:
        unit = (
            f"Half-widths to expect at {percent(promise.planned.level)} "
            f"{UNITS[promise.spread_from]}{_spreads(promise)}:"
        )
        lines += (
            ["", *_promise_lines(promise)] if unit == told else [unit, *_promise_lines(promise)]
        )
        told = unit
    return "\n".join(lines) + "\n"


def merged_text(summary: Mapping[str, Any], added: int) -> str:
    """What came back and whether annotators agree."""
    lines = [
        f"{counted(added, 'new label')}. Of {counted(summary['planned'], 'row')} drawn, "
        f"{summary['returned']:,} have a label and {summary['missing']:,} do not "
        f"(round {summary['round']}, look {summary['looks']})."
    ]
    if summary["aside"]:
        lines.append(f"{counted(summary['aside'], 'label')} of rows never drawn: kept, not used.")
    agreed = summary["agreement"]
    if agreed:
        lines.append(
            f"{counted(agreed['rows'], 'row')} read more than once: Krippendorff's alpha "
            f"{number(agreed['alpha'])}, mean difference {number(agreed['mean_difference'])}."
        )
        lines += [
            f"  {one['annotator'] or '(no name)'}: {number(one['bias'], sign=True)} against the "
            f"others, on {counted(one['rows'], 'row')}"
            for one in agreed["annotators"]
        ]
    return "\n".join(lines) + "\n"


def _spreads(promise: Promise) -> str:
    """The spreads that the numbers rest on."""
    if promise.spread_from == "unit":
        return " (prompts taken to differ as much; --spread, --between, --correlation say better)"
    within, between = number(promise.residual_sd), number(promise.between_sd)
    return f" (sd {within} within a prompt beyond what the score says, {between} between prompts)"


def _promise_lines(promise: Promise) -> list[str]:
    target, planned, even = promise.target, promise.planned, promise.even
    places = decimals(-planned.gold, planned.gold)

    def half(values: Any, s: int, defined: bool = True) -> str:
        return number(float(values[s]), places) if defined else ABSENT

    rows = [
        [
            number(float(planned.strength[s])),
            half(planned.gold, s),
            half(planned.gain, s, s > 0),
            half(even.gold, s),
            half(even.gain, s, s > 0),
            f"{max(planned.gold_even[s], planned.gain_even[s]):,.0f}",
        ]
        for s in range(len(planned.strength))
    ]
    title = f"{target.proxy}, {target.pressure.replace('_', ' ')}"
    return _table([title, *HEADINGS], rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns aligned right, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return [
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in (headings, *rows)
    ]
