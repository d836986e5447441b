"""Answers of people, on their way to the collector; and CSV files of them, out and in.

A file may hold anything that a model wrote, so text that a spreadsheet would run as a formula is
marked as text. A file is taken in whole or not at all. The score is never among what is told.
"""

from __future__ import annotations

import csv
import io
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from overopt.errors import BadOption, StoreError
from overopt.watch.collector import SPOOL
from overopt.watch.spool import Spool

__all__ = ["REFUSED", "Answers", "answers_in", "checked_answer", "labels_csv"]

REFUSED = "refused"
HEADER = ("number", "step", "prompt_id", "prompt", "completion", "gold")
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MOST_ASKED = 1_000
PERSON_CHARACTERS = 64

Answer = tuple[int, float | None]
"""Number of a draw and its gold, None when it is refused for good."""


@final
class Answers:
    """Hands answers to the collector of a folder, through one spool for each run."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder) / SPOOL
        self._spools: dict[str, Spool] = {}
        self._lock = threading.Lock()

    def give(self, run: str, answers: Iterable[Answer], source: str, person: str) -> None:
        """Write answers down; StoreError when they did not reach the disk."""
        spool = self._spool(run)
        for number, gold in answers:
            spool.label(number, gold, source=source, person=person[:PERSON_CHARACTERS])
        self._sent(spool)

    def ask(self, run: str, rows: int, person: str) -> None:
        """Say that somebody sits down to label ``rows`` samples, for which they are drawn now."""
        if not 1 <= rows <= MOST_ASKED:
            raise BadOption(f"{rows} rows to label: ask for 1 to {MOST_ASKED} at a time")
        spool = self._spool(run)
        spool.ask(rows, person=person[:PERSON_CHARACTERS])
        self._sent(spool)

    def close(self) -> None:
        """Finish the files."""
        with self._lock:
            for spool in self._spools.values():
                spool.close()
            self._spools.clear()

    def _spool(self, run: str) -> Spool:
        with self._lock:
            if run not in self._spools:
                self._spools[run] = Spool(self._folder, run)
            return self._spools[run]

    def _sent(self, spool: Spool) -> None:
        if not spool.flush() or spool.degraded:
            raise StoreError(
                f"the answers did not reach {self._folder}: is the disk full or read-only? "
                "They are kept in memory and tried again"
            )


def checked_answer(number: Any, gold: Any, gold_range: Sequence[float], where: str) -> Answer:
    """An answer whose number is whole and whose gold, if any, lies in its range."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**53:
        raise BadOption(f"{where}: {str(number)[:40]!r} is not the number of a draw")
    if gold is None:
        return number, None
    low, high = gold_range
    told = isinstance(gold, int | float) and not isinstance(gold, bool) and math.isfinite(gold)
    if not told or not low <= gold <= high:
        raise BadOption(
            f"{where}: gold {str(gold)[:40]!r} is not a number from {low:g} to {high:g}"
        )
    return number, float(gold)


def labels_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows that wait, with an empty column for their gold."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in rows:
        texts = (row["prompt_id"], row["prompt"] or "", row["completion"] or "")
        writer.writerow([row["number"], row["step"], *map(_as_text, texts), ""])
    return out.getvalue()


def answers_in(text: str, known: set[int], gold_range: Sequence[float]) -> list[Answer]:
    """Answers of a CSV file with columns ``number`` and ``gold``; empty gold: not answered yet.

    ``known`` holds the draws that wait for a label.

    Raises
    ------
    BadOption
        For the first row that cannot be used, with its number; then nothing is taken.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise BadOption(
            f"this is no CSV file ({error}): send one with columns number, gold"
        ) from None
    if not rows or not {"number", "gold"} <= set(rows[0]):
        raise BadOption("the file needs a header with the columns number and gold, and rows below")
    answers: dict[int, float | None] = {}
    for place, row in enumerate(rows, 2):
        gold = (row["gold"] or "").strip()
        if not gold:
            continue
        number, value = _answer(row["number"], gold, gold_range, f"row {place}")
        if number not in known:
            raise BadOption(f"row {place}: draw {number} does not wait for a label")
        if number in answers:
            raise BadOption(f"row {place}: draw {number} stands in the file twice")
        answers[number] = value
    return list(answers.items())


def _answer(number: str | None, gold: str, gold_range: Sequence[float], where: str) -> Answer:
    whole = (number or "").strip()
    if not whole.isdecimal() or len(whole) > 15:
        raise BadOption(f"{where}: {whole[:40]!r} is not the number of a draw")
    if gold.lower() == REFUSED:
        return int(whole), None
    try:
        value = float(gold)
    except ValueError:
        raise BadOption(f"{where}: gold {gold[:40]!r} is neither a number nor {REFUSED}") from None
    return checked_answer(int(whole), value, gold_range, where)


def _as_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_A_FORMULA) else text
