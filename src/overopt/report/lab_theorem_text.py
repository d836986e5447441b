"""An experiment of the lab as terminal text and as the head of its page in the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from overopt.report.lab_text import folded
from overopt.report.words import ABSENT, Document

__all__ = ["heading", "lab_theorem", "theorem_page"]

PARTS = (("statement", ""), ("assumptions", "Assumptions: "), ("edge", "The edge: "))


def lab_theorem(document: Document, width: int = 80) -> str:
    """Statement, assumptions and edge, then every table; (ref) is the value it should reproduce."""
    lines = [heading(document), ""]
    for key, label in PARTS:
        lines += [*textwrap.wrap(f"{label}{document[key]}", width), ""]
    for table in document["tables"]:
        lines += [*textwrap.wrap(table["title"], width), *folded(_cells(table), width), ""]
    return "\n".join(lines)


def theorem_page(document: Document) -> str:
    """The same as Markdown."""
    lines = [f"# {heading(document)}", "", f"    overopt lab theorem {document['name']}", ""]
    for key, label in PARTS:
        label = f"**{label.strip()}** " if label else ""
        lines += [*textwrap.wrap(f"{label}{document[key]}", 100), ""]
    for table in document["tables"]:
        head, *rows = _cells(table)
        lines += [f"{table['title'][0].upper()}{table['title'][1:]}:", ""]
        lines += [_piped(head), _piped(["---:"] * len(head)), *(_piped(row) for row in rows), ""]
    return "\n".join(lines)


def heading(document: Document) -> str:
    """The experiment's name and title."""
    name = document["name"]
    return f"Theorem {name}: {document['title']}" if name.isdigit() else str(document["title"])


def _cells(table: Document) -> list[list[str]]:
    keys = list(table["rows"][0])
    return [keys, *([_told(row[key]) for key in keys] for row in table["rows"])]


def _told(value: Any) -> str:
    if value is None:
        return ABSENT
    return value if isinstance(value, str) else f"{value:.6g}"


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
