"""A whole audit of one million rows, from the file to the HTML page, as a user starts it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measurement import Measurement, used_by_process
from tables import COLUMNS, table

__all__ = ["measurements"]

ROWS = 1_000_000
RUNS = 3
MOST_SECONDS = 8.0


def measurements(rows: int = ROWS) -> Iterator[Measurement]:
    """CPU time and peak memory of the command, beside a process that only reads the columns."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        path = table(folder, rows)
        columns = list(COLUMNS)
        read = f"from pyarrow import parquet; parquet.read_table({str(path)!r}, columns={columns})"
        floor = used_by_process([python, "-c", read], RUNS)
        command = [str(Path(python).with_name("overopt")), "audit", str(path), "--gold", "gold"]
        page = str(Path(folder) / "page.html")
        used = used_by_process([*command, "--html", page, "--fail-on", "never"], RUNS)
    yield Measurement(
        name=f"audit with page, {rows:,} rows",
        used=used,
        floor_name="read three columns",
        floor=floor,
        promise=f"at most {MOST_SECONDS:.0f} s CPU",
        kept=used.cpu <= MOST_SECONDS,
    )
