"""Sheets survive spreadsheets: quotes, formulas, encodings, and ids that lose their zeros."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from overopt.errors import BadOption, BadSamples
from overopt.labels.ledger import DrawnRow
from overopt.labels.sheet import is_same_cell, sheet, sheet_readings

HOSTILE = [
    '=HYPERLINK("x")',
    "+1 really",
    "-",
    "@me",
    "\tx",
    'say "hi",\nthen go',
    "-5",
    "plain",
    None,
]


def drawn(count: int, **more: object) -> list[DrawnRow]:
    given: dict[str, object] = {"group": None, "candidate_id": None, **more}
    return [
        DrawnRow(id=f"r{9 - i}", round=1, prob=0.5, prompt_id=f"00{i}", row=i, **given)  # type: ignore[arg-type]
        for i in range(count)
    ]


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "labelled.csv"
    path.write_bytes(text.encode(encoding))
    return path


def parsed(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_lines_are_in_order_of_id_with_gold_and_annotator_to_fill_in() -> None:
    rows = parsed(sheet(drawn(3, candidate_id="c"), "human", {"prompt": ["p", "q", "r"]}))
    assert list(rows[0]) == [
        "label_id", "prompt_id", "candidate_id", "row", "prompt", "human", "annotator",
    ]  # fmt: skip
    assert [row["label_id"] for row in rows] == ["r7", "r8", "r9"]
    assert [row["prompt"] for row in rows] == ["r", "q", "p"]
    assert {row["human"] + row["annotator"] for row in rows} == {""}


def test_second_readings_follow_all_first_ones() -> None:
    rows = parsed(sheet(drawn(3), "gold", {}, second=[True, False, True]))
    assert [(row["label_id"], row["reading"]) for row in rows] == [
        ("r7", "1"), ("r8", "1"), ("r9", "1"), ("r7", "2"), ("r9", "2"),
    ]  # fmt: skip


def test_no_cell_is_run_as_a_formula_and_all_come_back_as_they_were() -> None:
    rows = parsed(sheet(drawn(9), "gold", {"text": HOSTILE}))
    shown = [row["text"] for row in reversed(rows)]
    assert all(not cell.startswith(("=", "+", "@", "\t")) for cell in shown)
    assert shown[6] == "-5"
    for cell, text in zip(shown, HOSTILE, strict=True):
        assert is_same_cell(cell, text)


def test_any_text_survives_the_way_there_and_back(tmp_path: Path) -> None:
    texts = ["\0=x", "a\rb", "\r\n=x", "x" * 200_000, "\u2028", '"', "'", "a,b;c\td"]
    rows = drawn(len(texts), candidate_id="c")
    text = sheet(rows, "gold", {"text": texts}).replace(",,\n", ",1,\n")
    readings = sheet_readings(written(tmp_path, text), "gold")
    assert [r.cells["label_id"] for r in readings] == sorted(row.id for row in rows)
    for reading, shown in zip(reversed(readings), texts, strict=True):
        assert not reading.cells["text"].startswith("=")
        assert is_same_cell(reading.cells["text"], shown)
    assert csv.field_size_limit() == 131072


@pytest.mark.parametrize(
    ("returned", "drawn_as", "same"),
    [
        ("7", "007", True),
        ("7.0", "7", True),
        (" a  b", "a b", True),
        ("'=x", "=x", True),
        ("'x", "x", False),
        ("", None, True),
        ("8", "007", False),
        ("b", "a", False),
    ],
)
def test_cells_are_the_same_but_for_their_format(
    returned: str, drawn_as: str | None, same: bool
) -> None:
    assert is_same_cell(returned, drawn_as) is same


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sheets_as_spreadsheets_save_them(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    lines = [["label_id", "prompt_id", "gold", "annotator"], ["r1", "007", "0.5", " Ann "]]
    lines += [["r2", "008", "", ""], ["r3", "9", "TRUE", ""], ["", "", "", ""]]
    text = end.join(delimiter.join(line) for line in lines) + end
    found = sheet_readings(written(tmp_path, text, encoding), "gold")
    assert [(r.line, r.cells["label_id"], r.gold, r.annotator) for r in found] == [
        (2, "r1", 0.5, "Ann"),
        (4, "r3", 1.0, ""),
    ]
    assert found[0].cells["prompt_id"] == "007"


def test_lines_are_those_of_the_file_even_after_a_cell_of_two_lines(tmp_path: Path) -> None:
    path = written(tmp_path, 'label_id,text,gold\nr1,"a\nb",1\nr2,c,bad\n')
    with pytest.raises(BadSamples, match=r"gold is 'bad' in .*labelled.csv, line 4: give a number"):
        sheet_readings(path, "gold")


def test_short_lines_end_in_empty_cells(tmp_path: Path) -> None:
    (reading,) = sheet_readings(written(tmp_path, "label_id,gold,annotator\nr1,1\n"), "gold")
    assert reading.annotator == ""


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_other_tables_will_do(tmp_path: Path, suffix: str) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / f"labelled.{suffix}"
    if suffix == "jsonl":
        path.write_text('{"label_id": "r1", "gold": 2}\n{"label_id": "r2", "gold": null}\n')
    else:
        parquet.write_table(pa.table({"label_id": ["r1", "r2"], "gold": [2, None]}), path)
    (reading,) = sheet_readings(path, "gold")
    assert (reading.cells["label_id"], reading.gold) == ("r1", 2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label_id,gold\n", "has no rows"),
        ("label_id,score\nr1,1\n", r"no column 'gold' in .* \(columns: 'label_id', 'score'\)"),
        ("label_id,gold\nr1,inf\n", "gold is infinite in .*, line 2"),
        ("label_id,gold\nr1,-1e999\n", "gold is infinite"),
        ("label_id,gold,gold\nr1,1,2\n", "two columns called 'gold'"),
        ("label_id,gold\nr1,1,2\n", "line 2 has 3 cells for 2 columns"),
        ('label_id,gold\nr1,"1\n', "cannot read .*, line"),
    ],
)
def test_broken_sheets_are_refused_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadSamples, match=message):
        sheet_readings(written(tmp_path, text), "gold")


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "label_id,gold,annotator\nr1,1,Zoë\n", "latin-1")
    with pytest.raises(BadSamples, match="not UTF-8 text: save it as CSV in UTF-8"):
        sheet_readings(path, "gold")


def test_columns_of_the_sheet_have_their_names_to_themselves() -> None:
    with pytest.raises(BadOption, match="'annotator' cannot be in the sheet twice"):
        sheet(drawn(1), "annotator", {})
    with pytest.raises(BadOption, match="'gold' cannot be in the sheet twice"):
        sheet(drawn(1), "gold", {"gold": [1]})
