"""The labelling loop: plan a round, have it labelled, merge what came back, audit, plan again.

Each step takes a ledger and returns the next; writing files is left to the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from overopt.errors import BadOption, BadSamples
from overopt.labels.drawing import DrawOptions, checked_keys, new_ledger, with_round
from overopt.labels.joined import METADATA, shown_columns, source_table, with_labels
from overopt.labels.ledger import DrawnRow, Ledger
from overopt.labels.promise import KnownSpread, Promise, promises
from overopt.labels.returns import label_summary, with_returns
from overopt.labels.sheet import sheet, sheet_readings
from overopt.samples import Samples, read_samples
from overopt.samples.arrow import ArrowTable

__all__ = ["Campaign", "Merged", "PlannedRound", "merged_labels", "missing_sheet", "planned_round"]


@final
@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What stays the same in all rounds on one table: how it is read, and what gold is called."""

    proxies: Sequence[str] = ()
    columns: Mapping[str, str] | None = None
    by: str | None = None
    gold: str = "gold"
    gold_source: str | None = None
    seed: int = 0


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedRound:
    """A round: the ``ledger`` that now holds it, the ``sheet`` (CSV) of its ``rows``.

    ``promises`` say what its labels will tell. Nothing was written.
    """

    ledger: Ledger
    samples: Samples
    rows: tuple[DrawnRow, ...]
    sheet: str
    promises: Sequence[Promise]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Merged:
    """A merge: the ``ledger`` with its labels, the ``table`` with label columns, a ``summary``.

    ``added`` counts the labels that were new.
    """

    ledger: Ledger
    table: ArrowTable
    summary: Mapping[str, Any]
    added: int


def planned_round(
    source: Any,
    ledger: Ledger | None,
    options: DrawOptions,
    *,
    campaign: Campaign | None = None,
    known: KnownSpread | None = None,
    level: float = 0.95,
    show: Sequence[str] = (),
) -> PlannedRound:
    """One more round of labels for a table, the first where ``ledger`` is None.

    Parameters
    ----------
    source
        What ``read_samples`` reads; the same table in every round.
    ledger
        Of the rounds so far. ``campaign`` is used in the first round only.
    options, known, level
        What the round is for and may cost; what is known of gold's spread, for the promises.
    show
        Further columns of the table that annotators see.

    Raises
    ------
    BadOption, BadSamples
        The budget cannot be spent, the table is not that of the ledger or has gold of its own.
    """
    begun = campaign or Campaign()
    samples = _samples(source, ledger, begun)
    table = source_table(source, samples)
    if ledger is None:
        _check_free(table, begun.gold)
        reading = {"columns": dict(begun.columns or {}), "by": begun.by}
        gold = {"gold": begun.gold, "gold_source": begun.gold_source}
        ledger = new_ledger(samples, begun.seed, **reading, **gold)
    after = with_round(ledger, samples, options)
    rows = after.drawn[len(ledger.drawn) :]
    return PlannedRound(
        ledger=after,
        samples=samples,
        rows=rows,
        sheet=_sheet(table, samples, after, rows, show),
        promises=promises(after, samples, known or KnownSpread(), level),
    )


def missing_sheet(source: Any, ledger: Ledger, show: Sequence[str] = ()) -> str:
    """The sheet of all rows that were drawn and have no label yet, once more."""
    samples = _samples(source, ledger, Campaign())
    checked_keys(ledger, samples)
    return _sheet(source_table(source, samples), samples, ledger, ledger.outstanding, show)


def merged_labels(
    source: Any, returned: Path, ledger: Ledger, *, accept_unplanned: bool = False
) -> Merged:
    """The labels of a sheet that came back, in the ledger and joined to the table.

    Raises BadSamples for whatever does not fit: see ``with_returns`` and ``sheet_readings``.
    """
    samples = _samples(source, ledger, Campaign())
    readings = sheet_readings(returned, ledger.gold)
    after = with_returns(ledger, samples, readings, str(returned), accept_unplanned)
    return Merged(
        ledger=after,
        table=with_labels(source_table(source, samples), samples, after),
        summary=label_summary(after),
        added=len(after.labels) - len(ledger.labels),
    )


def _samples(source: Any, ledger: Ledger | None, begun: Campaign) -> Samples:
    """The table without gold and chances: neither may have a say in what is drawn."""
    proxies = begun.proxies if ledger is None else ledger.proxies
    columns = begun.columns if ledger is None else ledger.columns
    by = begun.by if ledger is None else ledger.by
    try:
        samples = read_samples(source, proxies=tuple(proxies), columns=dict(columns or {}), by=by)
    except (BadOption, BadSamples) as error:
        if ledger is None:
            raise
        told = " ".join(f"--proxy {name}" for name in ledger.proxies)
        raise BadSamples(f"read as the ledger was begun, with {told}: {error}") from None
    return replace(samples, gold=None, gold_name=None, label_prob=None)


def _check_free(table: ArrowTable, gold: str) -> None:
    """BadOption where the labels' columns are taken: better now than when labels are paid for."""
    if METADATA in (table.schema.metadata or {}):
        raise BadOption("the table has labels of another ledger: plan with that ledger")
    taken = [n for n in (gold, "label_prob", "label_planned", "labels") if n in table.column_names]
    if taken == [gold]:
        raise BadOption(
            f"the table has a column {gold!r} already: name that of the labels to come, --gold NAME"
        )
    if taken:
        raise BadOption(
            f"the table has a column {taken[0]!r}, where merging labels would write: rename it"
        )


def _sheet(
    table: ArrowTable,
    samples: Samples,
    ledger: Ledger,
    rows: Sequence[DrawnRow],
    show: Sequence[str],
) -> str:
    """The sheet of some rows, with their text and the columns to show."""
    columns = samples.notes["columns"]
    missing = [name for name in show if name not in table.column_names]
    if missing:
        raise BadOption(
            f"no column {missing[0]!r} to show: choose from {', '.join(table.column_names)}"
        )
    wanted = ["prompt", *show] if "prompt" in table.column_names else list(show)
    if "text" in columns:
        wanted.append(columns["text"])
    taken = {columns["prompt_id"], columns.get("candidate_id"), "prompt_id", "row"}
    names = [name for name in dict.fromkeys(wanted) if name not in taken]
    shown = shown_columns(table, [row.row for row in rows], names)
    second = _second_readings(samples, ledger, rows)
    return sheet(rows, ledger.gold, shown, second)


def _second_readings(
    samples: Samples, ledger: Ledger, rows: Sequence[DrawnRow]
) -> list[bool] | None:
    """Which rows are to be read twice; None where no round asks for that."""
    if not any(each.repeats for each in ledger.rounds):
        return None
    keys = checked_keys(ledger, samples)
    number = dict(zip(keys.id.tolist(), keys.second.tolist(), strict=True))
    return [number[row.id] < ledger.rounds[row.round - 1].repeats for row in rows]
