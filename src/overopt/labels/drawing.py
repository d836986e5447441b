"""Rounds of draws: the chance that a row was ever drawn, and the rows that a new round adds.

The chances of a round are those of ``design`` for a total number of labels, and a row keeps the
largest chance it has had. The total is set so that the expected number of rows added is the budget.
Chances look at proxies only, never at labels, so the chance that a row was ever drawn is exactly
the last one, in however many rounds it was reached. How many rows are drawn varies by chance, by
about the root of the budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.labels.design import chances, label_importance
from overopt.labels.ledger import DrawnRow, Ledger, Round, Target
from overopt.labels.row_keys import RowKeys, row_keys, row_names
from overopt.labels.weights import planning_strengths
from overopt.pressure import BestOfN, BestOfPoisson, ChiSquare, KLTilt, Pressure, Threshold
from overopt.samples import Samples

__all__ = [
    "DrawOptions",
    "checked_keys",
    "cumulative_chances",
    "new_ledger",
    "plannable",
    "with_round",
]

FloatArray = npt.NDArray[np.floating[Any]]
LEAST_UNIFORM = 0.1
PLANNABLE: dict[str, type[Pressure]] = {
    each.id: each for each in (BestOfN, Threshold, KLTilt, BestOfPoisson, ChiSquare)
}


@final
@dataclass(frozen=True, kw_only=True)
class DrawOptions:
    """What a round is for and what it may cost.

    ``budget`` rows to add, expected; ``proxies`` (none: all of the ledger), ``pressures`` and
    ``up_to`` which curves and how far;
    ``uniform_share`` at least a tenth, which bounds the weight of a label by ten times that of an
    even one; ``repeats`` the share of rows that a second annotator reads too.
    """

    budget: float
    proxies: Sequence[str] = ()
    pressures: Sequence[str] = ("best_of_n",)
    up_to: float | None = None
    uniform_share: float = LEAST_UNIFORM
    repeats: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.budget) and self.budget > 0):
            raise BadOption(f"a budget of {self.budget:g} labels: give 1 or more")
        if not LEAST_UNIFORM <= self.uniform_share <= 1:
            raise BadOption(
                f"a uniform share of {self.uniform_share:g}: give {LEAST_UNIFORM:g} to 1, so that "
                "every row keeps a fair chance"
            )
        if not 0 <= self.repeats <= 1:
            raise BadOption(f"repeats for a share of {self.repeats:g} of the rows: give 0 to 1")


def new_ledger(samples: Samples, seed: int = 0, **known: Any) -> Ledger:
    """A ledger without a round, for all proxies of the samples; ``known`` are fields of Ledger."""
    if seed < 0:
        raise BadOption(f"seed {seed}: give a whole number, 0 or more")
    return Ledger(
        seed=seed,
        fingerprint=row_keys(samples, seed).fingerprint,
        table_rows=samples.rows,
        proxies=tuple(samples.proxies),
        **known,
    )


def plannable(name: str) -> Pressure:
    """The pressure called ``name``, with its default options; BadOption where none can be used."""
    if name not in PLANNABLE:
        raise BadOption(
            f"labels cannot be planned for pressure {name!r}: choose from {', '.join(PLANNABLE)} "
            "(those of best_of_n serve soft_best_of_n)"
        )
    return PLANNABLE[name]()


def with_round(ledger: Ledger, samples: Samples, options: DrawOptions) -> Ledger:
    """The ledger with one more round drawn; BadOption when the budget cannot be spent."""
    keys = checked_keys(ledger, samples)
    targets = tuple(_targets(ledger, samples, options))
    importance = _importance(samples, targets)
    before = cumulative_chances(ledger, samples, keys)
    total = _total(importance, before, options)
    after = np.maximum(before, chances(importance, total, options.uniform_share))
    number = len(ledger.rounds) + 1
    added = Round(
        budget=float(options.budget),
        total=total,
        uniform_share=float(options.uniform_share),
        repeats=float(options.repeats),
        targets=targets,
    )
    already = np.isin(keys.id, [row.id for row in ledger.drawn])
    fresh = np.flatnonzero((keys.number < after) & ~already)
    drawn = (*ledger.drawn, *_drawn(samples, keys, fresh, number, after))
    return replace(ledger, rounds=(*ledger.rounds, added), drawn=drawn)


def cumulative_chances(
    ledger: Ledger, samples: Samples, keys: RowKeys, rounds: int | None = None
) -> FloatArray:
    """Chance [rows] that each row was drawn in any of the first ``rounds`` (all); 0 before any.

    Recomputed from the recipes and compared with what the ledger holds for the rows it drew.
    """
    chance = np.zeros(samples.rows)
    by_number: list[FloatArray] = []
    for each in ledger.rounds[:rounds]:
        fresh = chances(_importance(samples, each.targets), each.total, each.uniform_share)
        chance = np.minimum(np.maximum(chance, fresh), 1.0)
        by_number.append(chance)
    position = {name: i for i, name in enumerate(keys.id.tolist())}
    for row in ledger.drawn:
        if row.round <= len(by_number):
            again = by_number[row.round - 1][position[row.id]]
            if not abs(again - row.prob) <= 1e-9:
                raise BadSamples(
                    f"the ledger drew row {row.row} with chance {row.prob:.9g}, which is now "
                    f"{again:.9g}: use the version of overopt that planned it"
                )
    return chance


def checked_keys(ledger: Ledger, samples: Samples) -> RowKeys:
    """Keys of the rows, or BadSamples when the ledger is of another table."""
    keys = row_keys(samples, ledger.seed)
    if samples.rows != ledger.table_rows:
        raise BadSamples(
            f"the ledger is of a table with {ledger.table_rows} rows, {samples.origin} has "
            f"{samples.rows}: give the table it was planned for"
        )
    if keys.fingerprint != ledger.fingerprint:
        raise BadSamples(
            f"the ledger is of another table: ids or scores ({', '.join(ledger.proxies)}) of "
            f"{samples.origin} differ from those it was planned for"
        )
    return keys


def _targets(ledger: Ledger, samples: Samples, options: DrawOptions) -> Iterator[Target]:
    if not options.pressures:
        raise BadOption(f"no pressure to plan for: choose from {', '.join(PLANNABLE)}")
    for proxy in options.proxies or ledger.proxies:
        if proxy not in ledger.proxies:
            raise BadOption(
                f"the ledger was begun for {', '.join(ledger.proxies)}, not for {proxy}: name "
                "every proxy in the first round, or begin another ledger"
            )
        for name in dict.fromkeys(options.pressures):
            grid = planning_strengths(samples, proxy, plannable(name), options.up_to)
            yield Target(proxy=proxy, pressure=name, strengths=tuple(grid.tolist()))


def _importance(samples: Samples, targets: Sequence[Target]) -> FloatArray:
    """Mean over the targets, each normalised, of what a label of a row is worth: [rows]."""
    worth = [
        label_importance(samples, each.proxy, plannable(each.pressure), np.array(each.strengths))
        for each in targets
    ]
    return np.asarray(np.mean(worth, axis=0))


def _total(importance: FloatArray, before: FloatArray, options: DrawOptions) -> float:
    """The total for which the expected number of rows added to ``before`` is the budget."""

    def added(total: float) -> float:
        fresh = chances(importance, total, options.uniform_share)
        return float(np.maximum(fresh - before, 0).sum())

    low, high = 0.0, float(len(importance))
    most = added(high)
    if options.budget > most * (1 + 1e-9):
        raise BadOption(
            f"a budget of {options.budget:,.0f} labels, but only {most:,.0f} of "
            f"{len(importance):,} rows are left to draw: give at most as many"
        )
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if added(middle) < options.budget else (low, middle)
    return high


def _drawn(
    samples: Samples, keys: RowKeys, fresh: npt.NDArray[np.intp], number: int, chance: FloatArray
) -> list[DrawnRow]:
    names = list(row_names(samples))
    return [
        DrawnRow(
            id=str(keys.id[i]),
            round=number,
            prob=min(float(chance[i]), 1.0),
            prompt_id=names[i][0],
            group=names[i][1] if samples.group_value is not None else None,
            candidate_id=names[i][2] if samples.candidate is not None else None,
            row=int(samples.row[i]),
        )
        for i in fresh.tolist()
    ]
