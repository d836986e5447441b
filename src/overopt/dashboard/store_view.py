"""What the store says, read for a page: plain data, each question one query."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any, final

from overopt.errors import StoreError
from overopt.watch.store import opened_for_reading, rows_of

__all__ = ["StoreView"]

MOST_ALARMS = 1_000
MOST_RUNS = 1_000


@final
class StoreView:
    """A store that is read while others write it; it may not be there yet.

    Methods raise StoreError when it cannot be read.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query, as dicts."""
        with self._lock:
            try:
                return rows_of(self._opened(), query, values)
            except sqlite3.Error as error:
                self._close()
                raise StoreError(f"{self.folder}: {error}; see overopt watch doctor") from error

    def version(self) -> int | None:
        """A number that changes when the store does; None while there is no store."""
        try:
            ((value,),) = (row.values() for row in self.rows("PRAGMA data_version"))
        except StoreError:
            return None
        return int(value)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()

    def runs(self) -> list[dict[str, Any]]:
        """Every run with its document, the one heard of last first."""
        found = self.rows(f"{_RUN} ORDER BY time DESC, run LIMIT ?", MOST_RUNS)
        return [_entry(row) for row in found]

    def run(self, name: str) -> dict[str, Any] | None:
        """One run, None when the store does not know it."""
        found = self.rows(f"{_RUN} WHERE run = ?", name)
        return _entry(found[0]) if found else None

    def alarms(self, run: str) -> list[dict[str, Any]]:
        """Everything that has fired in a run, the latest first."""
        query = (
            "SELECT tier, name, step, content FROM alarms WHERE run = ?"
            " ORDER BY step DESC, batch DESC, name LIMIT ?"
        )
        return [_alarm(row) for row in self.rows(query, run, MOST_ALARMS)]

    def label_counts(self, run: str) -> dict[str, int]:
        """Draws of a run by what became of them."""
        query = "SELECT status, count(*) AS draws FROM draws WHERE run = ? GROUP BY status"
        return {row["status"]: row["draws"] for row in self.rows(query, run)}

    def waiting(self, run: str, most: int, after: int = -1) -> list[dict[str, Any]]:
        """Rows that wait for a label, in the order in which they were drawn.

        Their score is not among what is told: who labels must not know it.
        """
        query = (
            "SELECT number, step, prompt_id, prompt, completion FROM draws"
            " WHERE run = ? AND status = 'waiting' AND number > ? ORDER BY number LIMIT ?"
        )
        return self.rows(query, run, after, most)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = opened_for_reading(self.folder)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_RUN = "SELECT run, document, batches, rows, step, drawn, consumed, time FROM runs"


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"document": json.loads(row["document"])}


def _alarm(row: dict[str, Any]) -> dict[str, Any]:
    content = json.loads(row["content"])
    told = {name: content.get(name) for name in ("label", "began", "sentence")}
    return {name: row[name] for name in ("tier", "name", "step")} | told
