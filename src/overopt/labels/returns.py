"""Labels that came back, checked against the ledger and joined to the table they are about.

Every label must be of a row that was drawn. A row whose label did not come back stays planned and
without gold: an audit treats it as nonresponse, and it may still come with a later merge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadSamples
from overopt.labels.agreement import agreement
from overopt.labels.drawing import checked_keys, cumulative_chances
from overopt.labels.ledger import Label, Ledger
from overopt.labels.row_keys import RowKeys, row_names
from overopt.labels.sheet import LABEL_ID, Reading, is_same_cell
from overopt.samples import Samples
from overopt.samples.arrow import shortened

__all__ = ["LabelColumns", "label_columns", "label_summary", "labelled_samples", "with_returns"]

FloatArray = npt.NDArray[np.floating[Any]]
NAMES = ("prompt_id", "group", "candidate_id")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LabelColumns:
    """What labels add to a table, in the order of the samples: [rows] each.

    ``gold`` is the mean over a row's annotators, NaN where there is none; ``label_prob`` the chance
    that the row was ever drawn; ``planned`` whether it was; ``labels`` how many came back.
    """

    gold: FloatArray
    label_prob: FloatArray
    planned: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.int64]


def with_returns(
    ledger: Ledger,
    samples: Samples,
    readings: Sequence[Reading],
    origin: str,
    accept_unplanned: bool = False,
) -> Ledger:
    """The ledger with the readings of one more sheet.

    Readings that it has already are left out, so that a sheet may be merged twice. Labels of rows
    that were never drawn are refused or, with ``accept_unplanned``, set aside. Raises BadSamples
    for a row that is not in the table, ids that do not belong together, and an annotator with two
    different readings of one row.
    """
    keys = checked_keys(ledger, samples)
    drawn = {row.id for row in ledger.drawn}
    rows = _Rows.of(samples, keys, origin)
    before = (*ledger.labels, *(label for label in ledger.aside if label.id not in drawn))
    have = {(label.id, label.annotator): label for label in before}
    merge = max((label.merge for label in (*ledger.labels, *ledger.aside)), default=0) + 1
    added: list[Label] = []
    for reading in readings:
        name = rows.id_of(reading)
        label = Label(id=name, annotator=reading.annotator, gold=reading.gold, merge=merge)
        if name not in drawn and not accept_unplanned:
            raise BadSamples(
                f"{origin}, line {reading.line} labels {rows.described(name)}, which was never "
                "drawn: remove it, or set such labels aside with --accept-unplanned"
            )
        known = have.setdefault((name, reading.annotator), label)
        if known.gold != label.gold:
            raise _contradiction(label, known, reading, origin)
        if known is label:
            added.append(label)
    return replace(
        ledger,
        labels=(*ledger.labels, *(label for label in added if label.id in drawn)),
        aside=(*ledger.aside, *(label for label in added if label.id not in drawn)),
    )


def label_columns(ledger: Ledger, samples: Samples) -> LabelColumns:
    """Gold, chances and counts for every row of the table.

    Rounds of which nothing came back yet are left out: rounds nest, so those before stand alone.
    """
    keys = checked_keys(ledger, samples)
    begun = ledger.rounds_begun
    chance = cumulative_chances(ledger, samples, keys, begun)
    total: dict[str, list[float]] = {}
    for label in ledger.labels:
        total.setdefault(label.id, []).append(label.gold)
    ids = keys.id.tolist()
    drawn = {row.id for row in ledger.drawn if row.round <= begun}
    return LabelColumns(
        gold=np.array([np.mean(total[name]) if name in total else np.nan for name in ids]),
        label_prob=chance,
        planned=np.array([name in drawn for name in ids]),
        labels=np.array([len(total.get(name, ())) for name in ids]),
    )


def labelled_samples(ledger: Ledger, samples: Samples) -> Samples:
    """The table with the labels in hand as its gold, and the chances with which they were drawn."""
    columns = label_columns(ledger, samples)
    return replace(
        samples,
        gold=columns.gold,
        label_prob=columns.label_prob,
        gold_name=ledger.gold,
        gold_source=ledger.gold_source,
    )


def label_summary(ledger: Ledger) -> dict[str, Any]:
    """What an audit must know of the labels (``overopt.labels/1``): counts, looks, agreement."""
    begun = ledger.rounds_begun
    planned = sum(row.round <= begun for row in ledger.drawn)
    by_row: dict[str, dict[str, float]] = {}
    for label in ledger.labels:
        by_row.setdefault(label.id, {})[label.annotator] = label.gold
    return {
        "schema": "overopt.labels/1",
        "round": begun,
        "looks": ledger.looks,
        "gold": ledger.gold,
        "gold_source": ledger.gold_source,
        "planned": planned,
        "returned": len(by_row),
        "missing": planned - len(by_row),
        "aside": len(ledger.aside),
        "annotators": len({label.annotator for label in ledger.labels}),
        "agreement": agreement(by_row),
    }


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """Finds the row that a line of a sheet is about: ``names`` are its ids as the sheet has them.

    ``by_names`` finds a row by them where all rows of the table have a candidate id.
    """

    names: dict[str, tuple[str, str, str]]
    by_names: dict[tuple[str, str, str], str]
    origin: str

    @classmethod
    def of(cls, samples: Samples, keys: RowKeys, origin: str) -> _Rows:
        names = dict(zip(keys.id.tolist(), row_names(samples), strict=True))
        named = samples.candidate is not None and bool((samples.candidate.codes >= 0).all())
        by_names = {name: key for key, name in names.items()} if named else {}
        return cls(names=names, by_names=by_names, origin=origin)

    def id_of(self, reading: Reading) -> str:
        """Id of the row; BadSamples where there is none, or where cells of two rows were mixed."""
        if LABEL_ID not in reading.cells:
            return self._by_names(reading)
        name = reading.cells[LABEL_ID].strip()
        if name not in self.names:
            raise BadSamples(
                f"{self.origin}, line {reading.line} has {LABEL_ID} {shortened(name)}, which no "
                "row of this table has: use the sheet that was planned with this ledger"
            )
        for column, expected in zip(NAMES, self.names[name], strict=True):
            if column in reading.cells and not is_same_cell(reading.cells[column], expected):
                raise BadSamples(
                    f"{self.origin}, line {reading.line} has {column} "
                    f"{shortened(reading.cells[column])} beside {LABEL_ID} {name}, which was drawn "
                    f"with {shortened(expected)}: sort whole lines only, and where a spreadsheet "
                    f"changed the column, remove it ({LABEL_ID} is enough)"
                )
        return name

    def described(self, name: str) -> str:
        prompt, group, candidate = self.names[name]
        parts = [f"prompt {shortened(prompt)}"]
        parts += [f"group {shortened(group)}"] if group else []
        parts += [f"candidate {shortened(candidate)}"] if candidate else []
        return ", ".join(parts)

    def _by_names(self, reading: Reading) -> str:
        needed = [column for column in NAMES if column != "group"]
        missing = [column for column in needed if column not in reading.cells]
        if missing or not self.by_names:
            raise BadSamples(
                f"{self.origin} has no column {LABEL_ID!r}, and rows cannot be told by "
                f"{' and '.join(needed)} instead: keep that column of the sheet"
            )
        wanted = tuple(reading.cells.get(column, "").strip() for column in NAMES)
        if wanted in self.by_names:
            return self.by_names[wanted]
        near = next((n for n in self.by_names if all(map(is_same_cell, wanted, n))), None)
        hint = (
            f"the table has {', '.join(map(shortened, filter(None, near)))}, so a spreadsheet "
            "changed the format: import ids as text"
            if near
            else f"keep the column {LABEL_ID} of the sheet"
        )
        shown = ", ".join(map(shortened, filter(None, wanted)))
        raise BadSamples(f"{self.origin}, line {reading.line}: no row {shown} in the table; {hint}")


def _contradiction(label: Label, known: Label, reading: Reading, origin: str) -> BadSamples:
    who = f"annotator {label.annotator!r}" if label.annotator else "a nameless annotator"
    return BadSamples(
        f"{origin}, line {reading.line}: {who} read the row as {label.gold:g}, and as "
        f"{known.gold:g} elsewhere: keep one, or fill in who read it in the column annotator"
    )
