"""A growing policy against a proxy fitted again and again, in a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from overopt.report.lab_text import columns
from overopt.report.words import ABSENT, Document, number

__all__ = ["endless_or", "gained", "iteration_model", "iteration_rule", "lab_iteration"]


def lab_iteration(document: Document, width: int = 80) -> str:
    """What decides, then gold by strength, one row for each run."""
    lines = [
        *textwrap.wrap(iteration_model(document), width),
        "",
        *textwrap.wrap(iteration_rule(document), width),
        "",
        *_table(document, width),
        "",
        *textwrap.wrap(_legend(), width),
    ]
    return "\n".join(lines) + "\n"


def iteration_model(document: Document) -> str:
    """What gold and a proxy that is fitted once can do."""
    return (
        f"Gold can gain {number(document['most_gold'])} in all; against a proxy fitted once, on "
        f"endless labels of the reference, it turns at strength {number(document['turn'])}. "
        f"Directions {document['directions']}, noise of a label {number(document['noise'])}."
    )


def iteration_rule(document: Document) -> str:
    """What decides whether error stays below gold."""
    kept, runs = sum(run["overtaken"] is None for run in document["runs"]), len(document["runs"])
    return (
        f"Error stays below the gold gained in {kept} of {runs} runs. It always does with endless "
        f"labels and less than {number(document['turn'])} of strength between fits; the fewest "
        f"labels do at {number(document['cheapest_every'])} between fits."
    )


def _legend() -> str:
    return (
        "Cells: gold gained over the reference, * where the error of the proxy exceeds it. labels: "
        "pairs in the whole run. overtaken at: the first strength with more error than gold gained."
    )


def _table(document: Document, width: int) -> list[str]:
    """One line for each run; as many strengths, the last ones, as there is room for."""
    heads = [f"at {number(strength)} " for strength in document["strength"]]
    rows = [("labels", "fit every", *heads, "overtaken at"), *map(_row, document["runs"])]
    for dropped in range(len(heads)):
        lines = columns([(*row[:2], *row[2 + dropped :]) for row in rows])
        if max(map(len, lines)) <= width:
            break
    return lines


def _row(run: Document) -> Sequence[str]:
    cells = [
        gained(gold) + (" " if error <= gold else "*")
        for gold, error in zip(run["gold"], run["error"], strict=True)
    ]
    overtaken = run["overtaken"]
    return (
        endless_or(run["labels"], "endless"),
        endless_or(run["every"], "never"),
        *cells,
        ABSENT if overtaken is None else number(overtaken),
    )


def endless_or(value: float, endless: str) -> str:
    """A number, or the word for one without end."""
    return endless if math.isinf(value) else number(value)


def gained(gold: float) -> str:
    """Gold to two decimals; a dash beyond floating point."""
    if not math.isfinite(gold):
        return ABSENT
    return f"{gold:z.2f}" if abs(gold) < 1e5 else f"{gold:.1e}"
