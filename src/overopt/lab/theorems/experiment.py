"""What a theorem's experiment says: a statement, its edge, tables of numbers and their picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from overopt.lab.document import SCHEMA
from overopt.lab.theorems.panels import Panel

__all__ = ["Cell", "Experiment", "Row", "Table", "beside", "experiment_document"]

Cell = float | str | None
Row = Mapping[str, Cell]


@final
@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows with the same keys; a key that ends in " (ref)" holds the reference value of another."""

    title: str
    rows: Sequence[Row]


@final
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """``name`` as on the command line; ``edge`` says where the statement stops being true."""

    name: str
    title: str
    statement: str
    assumptions: str
    edge: str
    tables: tuple[Table, ...]
    panels: tuple[Panel, ...]


def experiment_document(experiment: Experiment) -> dict[str, Any]:
    """The experiment as plain data, schema overopt.lab/1."""
    return {
        "schema": SCHEMA,
        "kind": "theorem",
        "name": experiment.name,
        "title": experiment.title,
        "statement": experiment.statement,
        "assumptions": experiment.assumptions,
        "edge": experiment.edge,
        "tables": [
            {"title": table.title, "rows": [dict(row) for row in table.rows]}
            for table in experiment.tables
        ],
        "panels": [asdict(panel) for panel in experiment.panels],
    }


def beside(rows: Sequence[Row], **references: Sequence[float | None]) -> list[Any]:
    """The rows with reference values put beside the columns they belong to."""
    found: list[dict[str, Cell]] = []
    for k, row in enumerate(rows):
        told: dict[str, Cell] = {}
        for key, value in row.items():
            told[key] = value
            if key in references:
                told[f"{key} (ref)"] = references[key][k]
        found.append(told)
    return found
