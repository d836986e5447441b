"""Answers of people: checked, written down, taken in by the collector; and their CSV files."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest
from watched_store import TellingMonitor, collected, watched

from overopt.dashboard.answers import Answers, answers_in, checked_answer, labels_csv
from overopt.errors import BadOption

UNIT = (0.0, 1.0)


def test_answers_reach_the_store_through_the_collector(tmp_path: Path) -> None:
    monitor = TellingMonitor(every=1)
    watched(tmp_path, monitor, steps=6, labelled=[0, 1])
    answers = Answers(tmp_path)
    answers.give("exp7", [(2, 0.5), (3, None)], "human", "ada")
    answers.close()
    collected(tmp_path, monitor)
    db = sqlite3.connect(tmp_path / "watch.db")
    rows = db.execute("SELECT number, gold, source, person FROM labels WHERE source = 'human'")
    assert rows.fetchall() == [(2, 0.5, "human", "ada"), (3, None, "human", "ada")]
    states = dict(db.execute("SELECT number, status FROM draws"))
    assert (states[2], states[3], states[4]) == ("labelled", "refused", "waiting")


@pytest.mark.parametrize("number", [None, -1, True, 1.0, "3", 2**53])
def test_what_is_no_draw_is_refused(number: object) -> None:
    with pytest.raises(BadOption, match="is not the number of a draw"):
        checked_answer(number, 0.5, UNIT, "answer 1")


@pytest.mark.parametrize("gold", [1.01, -0.01, float("nan"), float("inf"), True, "1", [1]])
def test_gold_out_of_range_is_refused(gold: object) -> None:
    with pytest.raises(BadOption, match="is not a number from 0 to 1"):
        checked_answer(3, gold, UNIT, "answer 1")


def row(number: int = 0, **texts: str) -> dict[str, object]:
    return {"number": number, "step": 7, "prompt_id": "p", "prompt": "q", "completion": "a"} | texts


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "+1-2"])
def test_s4_text_that_starts_a_formula_is_marked_as_text(start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    told = labels_csv([row(prompt=text, completion=text, prompt_id=text)])
    (read,) = csv.DictReader(io.StringIO(told, newline=""))
    assert [read[name] for name in ("prompt_id", "prompt", "completion")] == [f"'{text}"] * 3
    assert (read["number"], read["step"], read["gold"]) == ("0", "7", "")


def test_other_text_stays_as_it_is() -> None:
    text = 'a "quoted", text\nof = two lines'
    (read,) = csv.DictReader(io.StringIO(labels_csv([row(completion=text)]), newline=""))
    assert read["completion"] == text


def test_a_filled_file_comes_back_as_answers() -> None:
    lines = labels_csv([row(number, completion="x,\ny") for number in range(4)])
    table = list(csv.reader(io.StringIO(lines, newline="")))
    for line, gold in zip(table[1:], ("1", "", " Refused ", ".25"), strict=True):
        line[-1] = gold
    out = io.StringIO()
    csv.writer(out).writerows(table)
    assert answers_in("\ufeff" + out.getvalue(), set(range(4)), UNIT) == [
        (0, 1.0),
        (2, None),
        (3, 0.25),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs a header"),
        ("number,gold\n", "needs a header"),
        ("a,b\n1,2\n", "needs a header"),
        ("number,gold\n0,1\n9,1\n", "row 3: draw 9 does not wait"),
        ("number,gold\n0,1\n0,0\n", "row 3: draw 0 stands in the file twice"),
        ("number,gold\n0,2\n", "row 2: gold '2.0' is not a number from 0 to 1"),
        ("number,gold\n0,yes\n", "row 2: gold 'yes' is neither a number nor refused"),
        ("number,gold\n0,nan\n", "row 2: gold 'nan' is not a number"),
        ("number,gold\n-1,1\n", "row 2: '-1' is not the number of a draw"),
        ("number,gold\n" + "9" * 5000 + ",1\n", "is not the number of a draw"),
        ("number,gold\n0\n1,1\n", None),
        ('number,gold\n0,"1\n', "this is no CSV file"),
        ("number,gold\n0," + "1" * 200_000 + "\n", "this is no CSV file"),
    ],
)
def test_a_file_is_taken_in_whole_or_not_at_all(text: str, told: str | None) -> None:
    if told is None:
        assert answers_in(text, {0, 1}, UNIT) == [(1, 1.0)]
        return
    with pytest.raises(BadOption, match=told):
        answers_in(text, {0, 1}, UNIT)
