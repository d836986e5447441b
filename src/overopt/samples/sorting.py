"""Rewrites a table larger than memory with the rows of a prompt together, by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from overopt.errors import BadOption, BadSamples, MissingDependency
from overopt.samples.columns import ROW_NUMBER, Wanted, clustering_columns
from overopt.samples.files import file_kind, found_files

__all__ = ["sorted_by_prompt"]

READERS = {
    "parquet": "read_parquet({})",
    "csv": "read_csv({}, null_padding = false)",
    "lines": "read_json({}, format = 'newline_delimited')",
    "array": "read_json({}, format = 'array')",
}


def sorted_by_prompt(
    source: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | None = None,
    memory_limit: str = "2GB",
) -> Path:
    """Writes all columns of ``source`` to Parquet at ``out``, sorted by prompt and group.

    Within a group rows keep their order, and a column ``__row`` their number in ``source``, which
    findings then refer to. Beyond ``memory_limit`` the sort spills into the folder of ``out``.
    Returns ``out``. Raises MissingDependency without duckdb, BadSamples for what cannot be read.
    """
    try:
        import duckdb
    except ImportError:
        raise MissingDependency("sorting a table on disk", "duckdb", "sql") from None
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", memory_limit):
        raise BadOption(f"memory limit {memory_limit!r} is no size: write it like 2GB")
    wanted = Wanted(columns=dict(columns or {}), by=by)
    out = Path(out)
    spill = str(out.parent)
    try:
        with duckdb.connect(
            config={"memory_limit": memory_limit, "temp_directory": spill}
        ) as connection:
            scan = _scan(source)
            names = [row[0] for row in connection.sql(f"DESCRIBE SELECT * FROM {scan}").fetchall()]
            keys = clustering_columns(names, wanted, str(source))
            connection.execute(_copy(scan, names, keys, out))
    except duckdb.Error as error:
        line = str(error).splitlines()[0]
        raise BadSamples(f"cannot sort {source}: {line}") from None
    return out


def _scan(source: str | Path | Sequence[str | Path]) -> str:
    """SQL that reads all files of a source."""
    sources = [source] if isinstance(source, str | Path) else source
    files = [path for each in sources for path in found_files(each)]
    kinds = {file_kind(path) for path in files}
    kind = kinds.pop()
    if kinds or kind not in READERS:
        raise BadSamples(
            f"{source} holds {', '.join(sorted({kind, *kinds}))} files: "
            "give Parquet, CSV or JSON lines, one kind at a time"
        )
    return READERS[kind].format("[" + ", ".join(_quoted(str(path), "'") for path in files) + "]")


def _copy(scan: str, names: list[str], keys: tuple[str, ...], out: Path) -> str:
    """SQL that writes the sorted table; rows that have numbers already keep them."""
    number = "" if ROW_NUMBER in names else f', row_number() OVER () - 1 AS "{ROW_NUMBER}"'
    order = ", ".join(_quoted(name, '"') for name in (*keys, ROW_NUMBER))
    return (
        f"COPY (SELECT *{number} FROM {scan} ORDER BY {order}) "
        f"TO {_quoted(str(out), chr(39))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _quoted(text: str, mark: str) -> str:
    """An SQL string or name."""
    return mark + text.replace(mark, 2 * mark) + mark
