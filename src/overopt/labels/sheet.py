"""The sheet that annotators fill in: a CSV of drawn rows, and how it is read when it comes back.

Rows are in an order made by a hash, so that nobody sees the rank of a candidate, nor its score or
chance. ``label_id`` alone says which row a label belongs to; other columns are for people, and may
come back reformatted by a spreadsheet. Cells that a spreadsheet would run as a formula get a
leading apostrophe.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from overopt.errors import BadOption, BadSamples
from overopt.labels.ledger import DrawnRow
from overopt.samples.arrow import as_text, shortened
from overopt.samples.files import file_kind, file_part

__all__ = ["LABEL_ID", "Reading", "is_same_cell", "sheet", "sheet_readings"]

LABEL_ID = "label_id"
OWN = (LABEL_ID, "prompt_id", "group", "candidate_id", "row", "reading", "annotator")
FORMULA = ("=", "+", "-", "@", "\t", "\n")
LONGEST_CELL = 1 << 26  # characters; the usual limit of a CSV reader is 2^17
EMPTY = ("", "na", "n/a", "nan", "none", "null")
WORDS = {"true": 1.0, "false": 0.0}
ENCODING_HINT = "save it as CSV in UTF-8"


@final
@dataclass(frozen=True, kw_only=True)
class Reading:
    """One filled-in line: its number in the file (the header is line 1) and its cells by column."""

    line: int
    cells: Mapping[str, str]
    gold: float
    annotator: str


def sheet(
    rows: Sequence[DrawnRow],
    gold: str,
    shown: Mapping[str, Sequence[Any]],
    second: Sequence[bool] | None = None,
) -> str:
    """CSV of drawn rows with an empty ``gold`` column and one for the annotator's name.

    ``shown`` are further columns by name, one value for each row (the text, the prompt); ``second``
    marks rows to be read twice: their second lines follow all first ones, for another annotator.
    """
    clash = [name for name in (gold, *shown) if name in OWN]
    if clash or gold in shown:
        name = clash[0] if clash else gold
        raise BadOption(f"a column {name!r} cannot be in the sheet twice: rename it")
    columns: dict[str, Sequence[Any]] = {
        LABEL_ID: [row.id for row in rows],
        "prompt_id": [row.prompt_id for row in rows],
    }
    if any(row.group is not None for row in rows):
        columns["group"] = [row.group for row in rows]
    if any(row.candidate_id is not None for row in rows):
        columns["candidate_id"] = [row.candidate_id for row in rows]
    columns |= {"row": [row.row for row in rows], **shown}
    order = sorted(range(len(rows)), key=lambda i: rows[i].id)
    readings = [(i, 1) for i in order]
    if second is not None:
        readings += [(i, 2) for i in order if second[i]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    twice = [] if second is None else ["reading"]
    writer.writerow([*columns, *twice, gold, "annotator"])
    for i, reading in readings:
        cells = [_guarded(values[i]) for values in columns.values()]
        writer.writerow([*cells, *([reading] if twice else []), "", ""])
    return text.getvalue()


def sheet_readings(path: Path, gold: str) -> list[Reading]:
    """The filled-in lines of a sheet that came back, as CSV or any table; others are left out.

    Raises BadSamples for a missing column and for gold that is no finite number, with its line.
    """
    lines = list(_csv_lines(path) if file_kind(path) == "csv" else _table_lines(path))
    if not lines:
        raise BadSamples(f"{path} has no rows: fill in the sheet that labels plan wrote")
    known = lines[0][1]
    if gold not in known:
        raise BadSamples(
            f"no column {gold!r} in {path}: labels belong in that column "
            f"(columns: {', '.join(map(shortened, known))})"
        )
    readings = []
    for line, cells in lines:
        value = _gold(cells[gold], path, line, gold)
        if value is not None:
            name = cells.get("annotator", "").strip()
            readings.append(Reading(line=line, cells=cells, gold=value, annotator=name))
    return readings


def is_same_cell(returned: str, drawn: str | None) -> bool:
    """Whether a cell is what the sheet said, but for guards, spaces and the format of numbers."""
    expected = _plain("" if drawn is None else drawn)
    got = _plain(returned)
    if got == expected:
        return True
    try:
        return float(got) == float(expected)
    except ValueError:
        return False


def _guarded(value: Any) -> str:
    """A cell that no spreadsheet runs as a formula, nor any reader trips over; numbers as is."""
    text = "" if value is None else _readable(str(value))
    if text.startswith(FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _readable(text: str) -> str:
    """Without NUL, and with one kind of line end."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _plain(text: str) -> str:
    text = _readable(text)
    guarded = text.startswith("'") and text[1:].startswith(FORMULA)
    return " ".join(text[guarded:].split())


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _gold(cell: str, path: Path, line: int, name: str) -> float | None:
    """The label in a cell, None where it is empty."""
    word = cell.strip().lower()
    if word in EMPTY:
        return None
    try:
        value = WORDS[word] if word in WORDS else float(word)
    except ValueError:
        raise BadSamples(
            f"{name} is {shortened(cell)} in {path}, line {line}: give a number, or leave it empty"
        ) from None
    if not math.isfinite(value):
        raise BadSamples(f"{name} is infinite in {path}, line {line}: correct it or leave it empty")
    return value


def _csv_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a CSV as spreadsheets write it: all cells text, so that no id loses its zeros."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadSamples(f"{path} is not UTF-8 text: {ENCODING_HINT}") from None
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    usual = csv.field_size_limit(LONGEST_CELL)
    try:
        header = [name.strip() for name in next(reader, [])]
        twice = [name for name in header if header.count(name) > 1]
        if twice:
            raise BadSamples(f"{path} has two columns called {twice[0]!r}: rename one")
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(header):
                raise BadSamples(
                    f"{path}, line {line} has {len(cells)} cells for {len(header)} columns: "
                    f"quote cells that hold a {delimiter!r}"
                )
            if any(cells):
                filled = [*cells, *[""] * (len(header) - len(cells))]
                yield line, dict(zip(header, filled, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadSamples(f"cannot read {path}, line {reader.line_num}: {error}") from None
    finally:
        csv.field_size_limit(usual)


def _table_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a Parquet, Arrow or JSON table as text."""
    part = file_part(path)
    table = part.read(list(part.schema))
    names = table.column_names
    columns = [as_text(table[name]).to_pylist() for name in names]
    for line, cells in enumerate(zip(*columns, strict=True), start=2):
        yield line, {n: "" if c is None else c for n, c in zip(names, cells, strict=True)}
