"""The queue: rows that were drawn for a label, handed out blind, and answers taken in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from overopt.dashboard.answering import answer, told_as_json
from overopt.dashboard.answers import Answers, answers_in, checked_answer, labels_csv
from overopt.dashboard.panels import run_or_refusal
from overopt.dashboard.store_view import StoreView
from overopt.errors import BadOption

__all__ = ["Labelling"]

MOST_HANDED_OUT = 100
MOST_IN_A_FILE = 100_000
SOURCE = "human"


@final
class Labelling:
    """Endpoints of the queue."""

    def __init__(self, view: StoreView, answers: Answers) -> None:
        self._view, self._answers = view, answers

    def queue(self, run: str, most: int = 20, after: int = -1) -> Any:
        """The next rows to label after draw ``after``, and what gold may be."""
        found = run_or_refusal(self._view, run)
        rows = self._view.waiting(run, min(max(most, 1), MOST_HANDED_OUT), after)
        low, high = _gold_range(found)
        counts = self._view.label_counts(run)
        waiting = counts.get("waiting", 0)
        return told_as_json({"rows": rows, "waiting": waiting, "low": low, "high": high})

    def queue_csv(self, run: str) -> Any:
        """All rows that wait, to be labelled elsewhere."""
        run_or_refusal(self._view, run)
        text = labels_csv(self._view.waiting(run, MOST_IN_A_FILE))
        name = f'attachment; filename="{run}-labels.csv"'
        return answer(text, "text/csv", headers={"content-disposition": name})

    def ask(self, run: str, asked: Mapping[str, Any]) -> Any:
        """Somebody sits down: have rows drawn."""
        run_or_refusal(self._view, run)
        rows = asked.get("rows")
        if isinstance(rows, bool) or not isinstance(rows, int):
            raise BadOption("rows: a whole number is needed")
        self._answers.ask(run, rows, _person(asked))
        return told_as_json({"asked": rows})

    def labels(self, run: str, given: Mapping[str, Any]) -> Any:
        """Answers to some rows; a null gold is a final refusal."""
        found = run_or_refusal(self._view, run)
        listed = given.get("answers")
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise BadOption("answers: a list of number and gold is needed")
        answers = [
            checked_answer(each.get("number"), each.get("gold"), _gold_range(found), f"answer {i}")
            for i, each in enumerate(listed, 1)
        ]
        self._answers.give(run, answers, SOURCE, _person(given))
        return told_as_json({"taken": len(answers)})

    def labels_csv(self, run: str, given: Mapping[str, Any]) -> Any:
        """A filled file, taken in whole or not at all."""
        found = run_or_refusal(self._view, run)
        text = given.get("csv")
        if not isinstance(text, str):
            raise BadOption("csv: the text of a file is needed")
        known = {row["number"] for row in self._view.waiting(run, MOST_IN_A_FILE)}
        answers = answers_in(text, known, _gold_range(found))
        self._answers.give(run, answers, SOURCE, _person(given))
        return told_as_json({"taken": len(answers)})


def _gold_range(found: Mapping[str, Any]) -> tuple[float, float]:
    low, high = found["document"].get("gold_range") or (0.0, 1.0)
    return float(low), float(high)


def _person(given: Mapping[str, Any]) -> str:
    return str(given.get("person") or "somebody")
