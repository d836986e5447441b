"""Files and frames as parts of one table, opened by content and not by extension.

A part knows its columns before it is read, so that Parquet reads only the columns that play a
role. Every fault of a file (missing, empty, cut off, not a table) is one BadSamples.
"""

from __future__ import annotations

import difflib
import glob
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, cast

from overopt.errors import BadSamples
from overopt.samples.arrow import ArrowTable, arrow_column, shortened
from overopt.samples.label_record import label_record

__all__ = [
    "COMPRESSIONS",
    "LONGEST_LINE",
    "TABLE_NAME",
    "Part",
    "blamed",
    "file_kind",
    "file_part",
    "found_files",
    "frame_part",
    "in_numeric_order",
    "step_in_name",
]

SUFFIXES = ("parquet", "pq", "csv", "tsv", "jsonl", "ndjson", "json", "arrow", "feather")
TABLE_NAME = re.compile(rf"[^._].*\.({'|'.join(SUFFIXES)})(\.(gz|zst|bz2))?", re.IGNORECASE)
STEP_NAME = re.compile(r"(?:completions_|.*step[-_]?|checkpoint[-_]?|)(\d+)", re.IGNORECASE)
COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}
LONGEST_LINE = 8 << 20  # bytes; a longer line is a broken file or an embedded blob


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file or frame: its name, columns and rows, how to read some, and the step it records.

    ``read(columns)`` is an Arrow table, ``batches(columns, rows)`` the same as record batches of at
    most so many rows, which for Parquet are read one by one. ``labels`` is what the metadata
    records of how labels were bought.
    """

    name: str
    schema: Mapping[str, Any]
    rows: int
    read: Callable[[Sequence[str]], ArrowTable] = field(repr=False)
    batches: Callable[[Sequence[str], int], Iterator[Any]] = field(repr=False)
    step: int | None = None
    path: Path | None = None
    labels: dict[str, Any] | None = None


def found_files(source: str | Path) -> list[Path]:
    """The table files of a path, glob or folder, numbers in their names in numeric order."""
    path = Path(source).expanduser()
    if path.is_dir():
        files = [p for p in path.iterdir() if p.is_file() and TABLE_NAME.fullmatch(p.name)]
        if not files:
            raise BadSamples(f"folder {path} holds no table: give one with {', '.join(SUFFIXES)}")
        return sorted(files, key=in_numeric_order)
    if path.exists():
        return [path]
    if glob.has_magic(str(source)):
        files = [Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file()]
        if files:
            return sorted(files, key=in_numeric_order)
        raise BadSamples(f"no file matches {str(source)!r}: check the pattern")
    near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, near, n=1)
    raise BadSamples(
        f"no file {str(path)!r}: "
        + (f"did you mean {str(path.parent / close[0])!r}?" if close else "check the path")
    )


def file_part(path: Path) -> Part:
    """A Parquet, Arrow, CSV or JSON-lines file, the latter two also compressed."""
    with blamed(path):
        head, compression = _head(path)
        if not head:
            raise BadSamples(f"{path} is empty: nothing to audit")
        kind = _kind(head, path)
        if kind in ("parquet", "arrow") and compression is not None:
            raise BadSamples(f"{path} is compressed {kind}: decompress it first")
        if kind == "parquet":
            return _parquet(path)
        table = _sound(_loaded(path, kind, head, compression))
        return _part(table, read=table.select, name=str(path), path=path, step=step_in_name(path))


def file_kind(path: Path) -> str:
    """What a file holds: parquet, arrow, lines (JSON), array (JSON) or csv."""
    with blamed(path):
        return _kind(_head(path)[0], path)


def frame_part(frame: Any, name: str) -> Part:
    """Any object with an Arrow C stream, or a mapping of columns; what is read of it is copied."""
    import pyarrow as pa

    try:
        if isinstance(frame, Mapping):
            columns = {str(key): arrow_column(values) for key, values in frame.items()}
            table = pa.table(columns)
        else:
            table = pa.RecordBatchReader.from_stream(frame).read_all()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise BadSamples(f"{name} is not a table: {_line(error)}") from None
    return _part(table, read=lambda columns: _copied(table.select(columns)), name=name)


def _copied(table: ArrowTable) -> ArrowTable:
    """The table in memory of its own: Arrow shares that of pandas and NumPy, which may change."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return pa.ipc.open_stream(sink.getvalue()).read_all()


def _part(
    table: ArrowTable, read: Callable[[Sequence[str]], ArrowTable], name: str, **known: Any
) -> Part:
    """A part whose columns are in memory."""

    def batches(columns: Sequence[str], rows: int) -> Iterator[Any]:
        return iter(read(columns).to_batches(max_chunksize=rows))

    return Part(
        name=name,
        schema=_columns(table.schema, name),
        rows=table.num_rows,
        read=read,
        batches=batches,
        labels=label_record(table.schema.metadata, name),
        **known,
    )


def _columns(schema: Any, name: str) -> dict[str, Any]:
    """Column name -> Arrow type; BadSamples when two columns share a name."""
    twice = [column for column in schema.names if schema.names.count(column) > 1]
    if twice:
        raise BadSamples(f"{name} has two columns called {twice[0]!r}: rename one")
    return dict(zip(schema.names, schema.types, strict=True))


def _parquet(path: Path) -> Part:
    from pyarrow import parquet

    def read(columns: Sequence[str]) -> ArrowTable:
        with blamed(path), parquet.ParquetFile(path) as file:
            return _sound(file.read(columns=list(columns)))

    def batches(columns: Sequence[str], rows: int) -> Iterator[Any]:
        # Pre-buffering, Arrow's default, would keep all that was read until the end of the file.
        with blamed(path), parquet.ParquetFile(path, pre_buffer=False) as file:
            yield from map(_sound, file.iter_batches(batch_size=rows, columns=list(columns)))

    with parquet.ParquetFile(path) as file:
        schema, rows = _columns(file.schema_arrow, str(path)), file.metadata.num_rows
        labels = label_record(file.schema_arrow.metadata, str(path))
    return Part(
        name=str(path),
        schema=schema,
        rows=rows,
        read=read,
        batches=batches,
        path=path,
        step=step_in_name(path),
        labels=labels,
    )


def _sound(table: Any) -> Any:
    """The table or batch, after a check that no damage makes Arrow read outside its memory."""
    table.validate(full=True)
    return table


def _loaded(path: Path, kind: str, head: bytes, compression: str | None) -> ArrowTable:
    """The whole table of a file that is not Parquet."""
    import pyarrow as pa

    if kind == "arrow":
        return pa.ipc.open_file(path).read_all()
    with pa.input_stream(path, compression=compression) as raw:
        stream = io.BufferedReader(cast(Any, raw), 1 << 20)
        if kind == "csv":
            return _csv(stream, path, b"\t" if b"\t" in head.partition(b"\n")[0] else b",")
        return _records(_array(stream) if kind == "array" else _lines(stream, path))


def _csv(stream: io.BufferedReader, path: Path, delimiter: bytes) -> ArrowTable:
    import pyarrow as pa
    from pyarrow import csv

    try:
        return csv.read_csv(
            stream,
            # A row that spans three blocks is refused by Arrow: 4 MiB blocks keep 8 MiB the limit.
            read_options=csv.ReadOptions(block_size=LONGEST_LINE // 2),
            parse_options=csv.ParseOptions(delimiter=delimiter.decode(), newlines_in_values=True),
        )
    except pa.ArrowInvalid as error:
        if "straddling" in str(error):
            raise BadSamples(_too_long(path, "a line")) from None
        raise


def _lines(stream: io.BufferedReader, path: Path) -> Iterator[Mapping[str, Any]]:
    """Objects of a JSON-lines file; ``NaN`` and ``Infinity`` are numbers."""
    lines = iter(lambda: stream.readline(LONGEST_LINE + 1), b"")
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            raise BadSamples(_too_long(path, f"line {number}"))
        if line.isspace():
            continue
        try:
            record = json.loads(str(line, "utf-8-sig" if number == 1 else "utf-8"))
        except ValueError:
            record = None
        if not isinstance(record, dict):
            shown = shortened(line[:80].decode(errors="replace"))
            raise BadSamples(
                f"{path}, line {number} is not a JSON object: {shown}: write one object per line"
            )
        yield record


def _array(stream: io.BufferedReader) -> list[Mapping[str, Any]]:
    """Objects of a JSON file that is one array."""
    records = json.loads(stream.read().decode("utf-8-sig"))
    if not all(isinstance(record, dict) for record in records):
        raise ValueError("a JSON array must hold objects, one per row")
    return cast(list[Mapping[str, Any]], records)


def _records(records: Iterable[Mapping[str, Any]]) -> ArrowTable:
    """Objects with possibly different keys as columns; an absent key is null."""
    import pyarrow as pa

    columns: dict[str, list[Any]] = {}
    rows, rest = 0, iter(records)
    while block := list(islice(rest, 4096)):
        for name in dict.fromkeys(name for record in block for name in record):
            column = columns.setdefault(name, [])
            column.extend([None] * (rows - len(column)))
            column.extend([record.get(name) for record in block])
        rows += len(block)
    for column in columns.values():
        column.extend([None] * (rows - len(column)))
    return pa.table({name: arrow_column(values) for name, values in columns.items()})


def _kind(head: bytes, path: Path) -> str:
    """What a file is by its first bytes, decompressed: parquet, arrow, lines, array or csv."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    magic = {b"PAR1": "parquet", b"ARROW1": "arrow"}
    kind = next((kind for mark, kind in magic.items() if head.startswith(mark)), None)
    if kind is None and b"\0" in head:
        raise BadSamples(
            f"{path} is neither Parquet nor UTF-8 text: give Parquet, CSV or JSON lines"
        )
    return kind or {b"{": "lines", b"[": "array"}.get(start[:1], "csv")


def _head(path: Path) -> tuple[bytes, str | None]:
    """The first bytes of a file, decompressed, and its compression."""
    import pyarrow as pa

    with path.open("rb") as file:
        head = file.read(4096)
    compression = next((c for magic, c in COMPRESSIONS.items() if head.startswith(magic)), None)
    if compression is None:
        return head, None
    with pa.input_stream(path, compression=compression) as stream:
        return stream.read(4096), compression


@contextmanager
def blamed(path: Path) -> Iterator[None]:
    """Turns whatever goes wrong while reading ``path`` into one BadSamples that names it."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, ValueError, RecursionError) as error:
        raise BadSamples(f"cannot read {path}: {_line(error)}") from None


def _line(error: Exception) -> str:
    """The first line of an error, cut to a readable length."""
    text = (
        getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    ).splitlines()[0]
    return text if len(text) <= 200 else text[:197] + "..."


def _too_long(path: Path, which: str) -> str:
    return (
        f"{path}: {which} is longer than {LONGEST_LINE >> 20} MiB: a broken file or an embedded "
        "blob; leave that column out or write Parquet"
    )


def step_in_name(path: Path) -> int | None:
    """The training step in a file name that a trainer wrote, like completions_00042.parquet."""
    match = STEP_NAME.fullmatch(path.name.partition(".")[0])
    return int(match.group(1)) if match else None


def in_numeric_order(path: Path) -> list[tuple[int, str]]:
    """Sort key of file names in which part_9 comes before part_10."""
    pieces = re.split(r"(\d+)", str(path))
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]
