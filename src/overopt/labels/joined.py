"""The table as the user gave it, with the columns that labels add."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from overopt.errors import BadSamples
from overopt.labels.ledger import Ledger
from overopt.labels.returns import label_columns, label_summary
from overopt.samples import Samples
from overopt.samples.arrow import ArrowTable, arrow_column
from overopt.samples.read import parts_of

__all__ = ["METADATA", "shown_columns", "source_table", "with_labels", "written_table"]

METADATA = b"overopt.labels"


def source_table(source: Any, samples: Samples) -> ArrowTable:
    """All columns of the files or frames that the samples were read from, rows in their order."""
    import pyarrow as pa

    read = list(samples.notes["files"])
    parts = {part.name: part for part in parts_of(source)}
    tables = []
    for name in read:
        table = parts[name].read(list(parts[name].schema))
        if "steps_read" in samples.notes and "step" not in table.column_names:
            step = pa.array(np.full(table.num_rows, parts[name].step))
            table = table.append_column("step", step)
        tables.append(table)
    metadata = tables[0].schema.metadata
    joined = pa.concat_tables(tables, promote_options="permissive")
    return joined.replace_schema_metadata(metadata)


def with_labels(table: ArrowTable, samples: Samples, ledger: Ledger) -> ArrowTable:
    """``table`` with gold, label_prob, label_planned and labels, and a summary in its metadata.

    Columns that an earlier merge added are replaced; BadSamples where the table has its own.
    """
    columns = label_columns(ledger, samples)
    added: dict[str, Any] = {
        ledger.gold: columns.gold,
        "label_prob": columns.label_prob,
        "label_planned": columns.planned,
        "labels": columns.labels,
    }
    metadata = dict(table.schema.metadata or {})
    own = [name for name in added if name in table.column_names]
    if own and METADATA not in metadata:
        raise BadSamples(
            f"{samples.origin} has a column {own[0]!r} of its own, where labels would go: rename "
            "it" + (", or plan with another name, --gold NAME" if own[0] == ledger.gold else "")
        )
    table = table.drop_columns(own) if own else table
    for name, values in added.items():
        in_order = np.empty_like(values)
        in_order[samples.row] = values
        column = arrow_column(in_order)
        if name == ledger.gold:
            column = _nan_as_null(in_order)
        table = table.append_column(name, column)
    metadata[METADATA] = json.dumps(label_summary(ledger), allow_nan=False).encode()
    return table.replace_schema_metadata(metadata)


def written_table(table: ArrowTable, path: Path) -> Path:
    """The path, after the table was written there as Parquet in one step."""
    from pyarrow import parquet

    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        parquet.write_table(table, draft, compression="zstd")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def shown_columns(
    table: ArrowTable, rows: Sequence[int], names: Sequence[str]
) -> dict[str, list[Any]]:
    """Columns of some rows, for people to read."""
    import pyarrow as pa

    chosen = table.select(list(names)).take(pa.array(np.asarray(rows, dtype=np.int64)))
    return {name: chosen[name].to_pylist() for name in names}


def _nan_as_null(values: Any) -> Any:
    """Missing gold as null, so that every reader sees that there is none."""
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))
