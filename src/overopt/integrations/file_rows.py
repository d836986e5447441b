"""Records of one file from a saved place on, while the file is perhaps still being written.

Text is read line by line from a byte offset, and what has no line end yet is left for the next
time. Other files (Parquet, Arrow, one JSON array, compressed text) are read once they are whole,
from a number of rows on. A text file that became shorter, or starts otherwise than before, was
truncated or rotated: what the rotated one still holds is read first.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO, final

from overopt.errors import BadSamples
from overopt.samples.arrow import shortened
from overopt.samples.files import COMPRESSIONS, LONGEST_LINE, file_part

__all__ = ["Ending", "FileMark", "Record", "file_records", "whole_records"]

HEAD = 256  # bytes by which a file is known again
SHORTEST = 8  # bytes that tell what a file is
BYTE_ORDER = b"\xef\xbb\xbf"


class Ending(IntEnum):
    """What is known of the end of a file."""

    OPEN = 0  # more may come at any time
    QUIET = 1  # nothing has come for a while: a whole record without line end is taken
    OVER = 2  # nothing more will come


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class FileMark:
    """How far a file is read: bytes of text, or 0, and lines or rows; ``head`` knows it again."""

    path: str
    offset: int = 0
    records: int = 0
    head: str = ""


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record of a file, or None with what is wrong; ``mark`` is the place after it."""

    fields: Mapping[str, Any] | None
    wrong: str
    mark: FileMark


def file_records(path: Path, mark: FileMark, ending: Ending) -> Iterator[Record]:
    """Records of a table file after ``mark``; nothing where the file is not readable yet."""
    try:
        size = path.stat().st_size
    except OSError:
        return  # gone since it was listed
    if (size < SHORTEST and ending is not Ending.OVER) or not size:
        return
    if _is_text(path):
        yield from _text_records(path, mark, ending)
    else:
        yield from whole_records(mark, lambda: _table(path), ending)


def whole_records(mark: FileMark, read: Any, ending: Ending) -> Iterator[Record]:
    """Records of a file that ``read()`` reads as a whole, those after ``mark``.

    A file that cannot be read is perhaps half written, and a fault only once it is over.
    """
    try:
        rows: list[Mapping[str, Any]] = read()
    except BadSamples as error:
        if ending is Ending.OVER:
            yield Record(fields=None, wrong=str(error), mark=mark)
        return
    start = mark.records if len(rows) >= mark.records else 0
    for number, fields in enumerate(rows[start:], start=start + 1):
        yield Record(fields=fields, wrong="", mark=replace(mark, records=number))


def _is_text(path: Path) -> bool:
    """Whether a file grows line by line: JSON lines or CSV, by its name and first bytes."""
    if path.name.lower().endswith((".parquet", ".pq")):
        return False  # whatever its first bytes are before it is whole
    with path.open("rb") as file:
        head = file.read(HEAD).removeprefix(BYTE_ORDER).lstrip()
    return not head.startswith((b"PAR1", b"ARROW1", b"[", *COMPRESSIONS))


def _table(path: Path) -> list[Mapping[str, Any]]:
    part = file_part(path)
    rows: list[Mapping[str, Any]] = part.read(list(part.schema)).to_pylist()
    return rows


def _text_records(path: Path, mark: FileMark, ending: Ending) -> Iterator[Record]:
    """Records of JSON lines or CSV."""
    if _moved(path, mark):
        rotated = next((p for p in _siblings(path) if not _moved(p, mark)), None)
        if rotated is not None:
            yield from _text_from(rotated, mark, Ending.OVER)
        mark = FileMark(path=mark.path)
    yield from _text_from(path, mark, ending)


def _text_from(path: Path, mark: FileMark, ending: Ending) -> Iterator[Record]:
    with path.open("rb") as file:
        head = file.read(HEAD).removeprefix(BYTE_ORDER).lstrip()
        # The name decides where the first line is broken; a rotated file has the name in the mark.
        named = mark.path.lower().endswith((".jsonl", ".ndjson"))
        records = _json_records if named or head.startswith(b"{") else _csv_records
        yield from records(file, mark, ending)


def _json_records(file: BinaryIO, mark: FileMark, ending: Ending) -> Iterator[Record]:
    for line, place in _lines(file, mark):
        fields, wrong = _object(line.removeprefix(BYTE_ORDER) if place.records == 1 else line)
        if not line.endswith(b"\n") and (ending is Ending.OPEN or fields is None):
            return  # half written
        if fields is not None or not line.isspace():
            yield Record(fields=fields, wrong=wrong, mark=place)


def _csv_records(file: BinaryIO, mark: FileMark, ending: Ending) -> Iterator[Record]:
    """Records of CSV, whose quoted fields may hold line ends."""
    header, start = next(_quoted(file, FileMark(path=mark.path)), (b"", mark))
    if not header.endswith(b"\n"):
        return
    delimiter = "\t" if b"\t" in header else ","
    names = next(csv.reader([header.decode("utf-8-sig", errors="replace")], delimiter=delimiter))
    for raw, place in _quoted(file, max(mark, start, key=lambda each: each.offset)):
        if not raw.endswith(b"\n") and ending is not Ending.OVER:
            return  # the last number of an unfinished line may go on
        yield _csv_record(raw.decode(errors="replace"), names, delimiter, place)


def _csv_record(text: str, names: list[str], delimiter: str, mark: FileMark) -> Record:
    try:
        values = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error as error:
        return Record(fields=None, wrong=f"is not CSV ({error})", mark=mark)
    if len(values) != len(names):
        wrong = f"has {len(values)} fields, the header {len(names)}"
        return Record(fields=None, wrong=wrong, mark=mark)
    return Record(fields=dict(zip(names, values, strict=True)), wrong="", mark=mark)


def _quoted(file: BinaryIO, mark: FileMark) -> Iterator[tuple[bytes, FileMark]]:
    """Lines joined while a quoted field is open, with the place after each."""
    held: list[bytes] = []
    quotes = length = 0
    for line, place in _lines(file, mark):
        held.append(line)
        quotes, length = quotes + line.count(b'"'), length + len(line)
        if quotes % 2 == 0 or length > LONGEST_LINE:
            if any(not each.isspace() for each in held):
                yield b"".join(held), place
            held, quotes, length = [], 0, 0
    if held:
        yield b"".join(held).rstrip(b"\n"), place  # an open quote: not finished


def _lines(file: BinaryIO, mark: FileMark) -> Iterator[tuple[bytes, FileMark]]:
    """Lines from a place on, with the place after each; of endless ones only the start."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(mark.offset)
    offset, number, digest = mark.offset, mark.records, mark.head
    while line := file.readline(LONGEST_LINE + 1):
        length, kept = len(line), line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)
            length += len(line)
            kept = kept[:80] + b" (too long)" + line[-1:]
        if offset < HEAD:
            digest = _digest(head[: offset + length])
        offset, number = offset + length, number + 1
        yield kept, FileMark(path=mark.path, offset=offset, records=number, head=digest)


def _object(line: bytes) -> tuple[Mapping[str, Any] | None, str]:
    """The JSON object of a line, or what is wrong with it; NaN and Infinity are numbers."""
    try:
        record = json.loads(str(line, "utf-8"))
    except (ValueError, RecursionError):
        return None, f"is not JSON: {shortened(line[:60].decode(errors='replace'))}"
    if not isinstance(record, dict):
        return None, f"is a JSON {type(record).__name__}, no object"
    return record, ""


def _moved(path: Path, mark: FileMark) -> bool:
    """Whether the file is not the one that was marked, or has lost what was read of it."""
    if not mark.head:
        return False
    try:
        with path.open("rb") as file:
            start = file.read(min(HEAD, mark.offset))
    except OSError:
        return True
    return path.stat().st_size < mark.offset or _digest(start) != mark.head


def _siblings(path: Path) -> list[Path]:
    """Files that a rotation may have made of this one: its name with something behind it."""
    return sorted(p for p in path.parent.glob(f"{glob.escape(path.name)}.*") if p.is_file())


def _digest(start: bytes) -> str:
    return hashlib.blake2b(start, digest_size=8).hexdigest()
