"""Samples rolled out of the store into Parquet parts, which ``overopt audit`` reads.

A part holds whole batches, oldest first, once enough rows have gathered; the newest batches stay
behind, for labels that are drawn when somebody sits down. The file is written, made durable and
named before the transaction that forgets its frames: cut off in between, the same part is written
again. A part's gold is what was known when it was written; ``samples_table`` joins all labels.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from overopt.watch.assembly import batch_of
from overopt.watch.batch import Batch
from overopt.watch.kept_frames import kept_pieces

__all__ = ["PARTS", "PartOptions", "roll_part", "samples_table"]

PARTS = "parts"
RESERVED = ("prompt_id", "step", "candidate_id", "proxy", "gold", "label_prob", "label_planned")


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class PartOptions:
    """``rows`` of a part at least, and how many of the newest rows stay in the store."""

    rows: int = 1 << 17
    kept_rows: int = 1 << 16


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class _Label:
    """What is known of a row that was drawn: chance of ever being drawn, and gold if any."""

    prob: float
    gold: float | None


def roll_part(db: sqlite3.Connection, run: str, folder: Path, options: PartOptions) -> int:
    """Write the next part of a run if it is due, inside a transaction: how many rows it holds."""
    last = _due(db, run, options)
    if last is None:
        return 0
    (first,) = db.execute(
        "SELECT min(batch) FROM frames WHERE run = ? AND batch IS NOT NULL", (run,)
    ).fetchone()
    (number,) = db.execute("SELECT count(*) FROM parts WHERE run = ?", (run,)).fetchone()
    table = _batches_table(_batches(db, run, first, last), _labels(db, run, first, last))
    name = f"part-{number:06d}.parquet"
    _write(table, folder / PARTS / run / name)
    values = (run, number, name, table.num_rows, first, last)
    db.execute("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)", values)
    db.execute("DELETE FROM frames WHERE run = ? AND batch BETWEEN ? AND ?", (run, first, last))
    return int(table.num_rows)


def samples_table(db: sqlite3.Connection, run: str, folder: Path) -> Any:
    """An Arrow table of every sample of a run, with every label that has come in by now."""
    import pyarrow as pa
    from pyarrow import parquet

    (last,) = db.execute("SELECT batches FROM runs WHERE run = ?", (run,)).fetchone()
    labels = _labels(db, run, 0, last)
    names = db.execute("SELECT file FROM parts WHERE run = ? ORDER BY number", (run,))
    parts = [parquet.read_table(folder / PARTS / run / name) for (name,) in names]
    kept = _batches(db, run, 0, last)
    tables = [_relabelled(part, labels) for part in parts]
    tables += [_batches_table(kept, labels)] if kept or not tables else []
    return pa.concat_tables(tables, promote_options="default")


def _due(db: sqlite3.Connection, run: str, options: PartOptions) -> int | None:
    """Last batch of the next part, None while there are too few rows."""
    query = (
        "SELECT number, sum(rows) OVER (ORDER BY number) FROM batches WHERE run = ? AND number >="
        " (SELECT min(batch) FROM frames WHERE run = ? AND batch IS NOT NULL)"
    )
    gathered = db.execute(query, (run, run)).fetchall()
    if not gathered or gathered[-1][1] < options.rows + options.kept_rows:
        return None
    return next(int(number) for number, rows in gathered if rows >= options.rows)


def _batches(db: sqlite3.Connection, run: str, first: int, last: int) -> list[Batch]:
    return [batch_of(run, pieces) for _, pieces in kept_pieces(db, run, first, last)]


def _labels(db: sqlite3.Connection, run: str, first: int, last: int) -> dict[str, _Label]:
    """Drawn rows of some batches by candidate id: one chance and label each, if drawn twice."""
    query = (
        "SELECT draws.batch || ':' || draws.row, draws.label_prob, labels.gold FROM draws"
        " LEFT JOIN labels ON labels.run = draws.run AND labels.number = draws.number"
        " AND labels.used = 1 WHERE draws.run = ? AND draws.batch IN"
        " (SELECT key FROM batches WHERE run = ? AND number BETWEEN ? AND ?) ORDER BY draws.number"
    )
    known: dict[str, _Label] = {}
    for candidate, prob, gold in db.execute(query, (run, run, first, last)):
        former = known.get(candidate)
        if former is None or former.gold is None:
            known[candidate] = _Label(prob=prob, gold=gold)
    return known


def _batches_table(batches: Sequence[Batch], labels: dict[str, _Label]) -> Any:
    """Samples of batches under the names that the audit knows; one row for each."""
    import pyarrow as pa

    names = dict.fromkeys(name for batch in batches for name in batch.components)
    columns: dict[str, Any] = {
        "prompt_id": pa.array(
            [batch.prompt_ids[g] for batch in batches for g in batch.group], pa.string()
        ),
        "step": pa.array(np.repeat([b.step for b in batches], [b.rows for b in batches])),
        "candidate_id": pa.array(
            [f"{batch.key}:{row}" for batch in batches for row in range(batch.rows)], pa.string()
        ),
        "proxy": _joined(batches, lambda batch: batch.proxy),
        "gold": _joined(batches, lambda batch: batch.gold),
        "kl": _joined(batches, lambda batch: batch.kl),
    }
    for name in names:
        column = name if name not in columns and name not in RESERVED else f"component_{name}"
        columns[column] = _joined(batches, lambda batch, name=name: batch.components.get(name))
    columns = {name: column for name, column in columns.items() if column.null_count < len(column)}
    return _relabelled(pa.table(columns), labels)


def _joined(batches: Sequence[Batch], values: Any) -> Any:
    """A column of all batches, null where it is missing or not finite."""
    import pyarrow as pa

    parts = []
    for batch in batches:
        found = values(batch)
        parts.append(np.full(batch.rows, np.nan) if found is None else found)
    joined = np.concatenate(parts) if parts else np.empty(0)
    return pa.array(joined, pa.float64(), mask=~np.isfinite(joined))


def _relabelled(table: Any, labels: dict[str, _Label]) -> Any:
    """The table with gold, chance and plan of the rows that were drawn.

    Where gold is at hand for every row nothing was bought, and nothing is changed.
    """
    import pyarrow as pa

    if not labels or ("gold" in table.column_names and not table["gold"].null_count):
        return table
    drawn = [labels.get(candidate) for candidate in table["candidate_id"].to_pylist()]
    gold = pa.array([each.gold if each else None for each in drawn], pa.float64())
    prob = pa.array([each.prob if each else None for each in drawn], pa.float64())
    planned = pa.array([each is not None for each in drawn], pa.bool_())
    for name, column in (("gold", gold), ("label_prob", prob), ("label_planned", planned)):
        place = table.schema.get_field_index(name)
        table = (
            table.append_column(name, column)
            if place < 0
            else table.set_column(place, name, column)
        )
    return table


def _write(table: Any, path: Path) -> None:
    """The file under its name, whole and durable, or not at all."""
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        parquet.write_table(table, stream, compression="zstd")
        stream.flush()
        os.fsync(stream.fileno())
    draft.rename(path)
