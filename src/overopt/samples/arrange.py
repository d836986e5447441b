"""Rows of an Arrow table in any order -> Samples with prompts and groups contiguous."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.errors import BadSamples
from overopt.samples.arrow import ArrowColumn, ArrowTable, encoded, numbers, texts
from overopt.samples.columns import Roles
from overopt.samples.table import Category, FloatVector, IntVector, Samples

__all__ = ["Place", "arranged", "category", "stable_order"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What was read, for messages: parts by name, and the number of each part's first row."""

    names: Sequence[str]
    starts: Sequence[int] = (0,)

    @property
    def origin(self) -> str:
        """The whole table in words."""
        more = len(self.names) - 1
        return self.names[0] + (f" and {more} more file{'s' * (more > 1)}" if more else "")

    def where(self, row: int) -> str:
        """A row (from 0, over all parts) as ``in rollouts.parquet, row 17``."""
        part = int(np.searchsorted(self.starts, row, side="right")) - 1
        return f"in {self.names[part]}, row {row - self.starts[part]} (from 0)"


def arranged(table: ArrowTable, roles: Roles, place: Place, *, first_row: int = 0) -> Samples:
    """Samples of a table's rows, those of a prompt brought together, within it those of a group.

    Prompts, groups and the rows of a group keep the order in which they first appear.
    ``first_row`` is the number of the table's first row. Raises BadSamples for a missing prompt id,
    for text in a number column and for a label probability outside (0, 1].
    """
    if table.num_rows == 0:
        raise BadSamples(f"{place.origin} has no rows: nothing to audit")
    row = first_row + np.arange(table.num_rows)
    if roles.row is not None:
        row = numbers(table[roles.row], roles.row, place.where).astype(np.int64)

    def where(position: int) -> str:
        return place.where(int(row[position]))

    if roles.prompt_id is None:
        prompt, prompt_ids = np.arange(table.num_rows, dtype=np.int32), row.copy()
    else:
        prompt, prompt_ids = _prompts(table[roles.prompt_id], roles.prompt_id, where)
    groups = category([table[name] for name in roles.group]) if roles.group else None
    key = prompt if groups is None else prompt * np.int64(len(groups.names)) + groups.codes
    order = slice(None) if (key[1:] >= key[:-1]).all() else stable_order(key)

    def scores(name: str) -> FloatVector:
        values: FloatVector = _frozen(numbers(table[name], name, where)[order])
        return values

    def maybe(name: str | None) -> FloatVector | None:
        return None if name is None else scores(name)

    def names(name: str | None) -> Category | None:
        return None if name is None else category([table[name]]).take(order)

    prompt = _frozen(prompt[order])
    samples = Samples(
        prompt=prompt,
        group=prompt if groups is None else _frozen(_gapless(key[order])),
        prompt_ids=_frozen(prompt_ids),
        proxies={name: scores(column) for name, column in roles.proxies.items()},
        features={name: scores(column) for name, column in roles.features.items()},
        row=_frozen(row[order]),
        gold=maybe(roles.gold),
        label_prob=maybe(roles.label_prob),
        label_planned=maybe(roles.label_planned),
        prediction=maybe(roles.prediction),
        candidate=names(roles.candidate_id),
        source=names(roles.source),
        text=None if roles.text is None else _frozen(texts(table[roles.text])[order]),
        group_value=None if groups is None else groups.take(order),
        gold_name=roles.gold_name,
        origin=place.origin,
    )
    _check_gold(samples, place)
    _check_label_prob(samples, place)
    _check_label_planned(samples, place)
    return samples


def category(columns: Sequence[ArrowColumn]) -> Category:
    """The names in one column, or the combinations in several; in several, null is a name too."""
    codes, values = encoded(columns[0])
    names = _names(values)
    for column in columns[1:]:
        more, values = encoded(column)
        width = len(values) + 1
        pairs, codes = np.unique((codes + 1) * np.int64(width) + more + 1, return_inverse=True)
        left, right = ["", *names], ["", *_names(values)]
        names = [f"{left[pair // width]}, {right[pair % width]}" for pair in pairs.tolist()]
    return Category(codes=_frozen(codes), names=tuple(names))


def stable_order(keys: IntVector) -> npt.NDArray[np.int64]:
    """Positions that sort non-negative keys, equal keys in their order.

    Sorting key and position as one number is several times faster than a stable argsort.
    """
    rows = len(keys)
    if int(keys.max()) >= np.iinfo(np.int64).max // rows:
        return np.argsort(keys, kind="stable")
    return np.sort(keys * np.int64(rows) + np.arange(rows)) % rows


def _prompts(
    column: ArrowColumn, name: str, where: Callable[[int], str]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
    """Codes and ids of prompts; BadSamples for the first null, NaN or empty id."""
    codes, ids = encoded(column)
    empty = [-1]
    if ids.dtype == object:
        empty += [code for code, value in enumerate(ids) if value == "" or value != value]
        _check_digits(ids, name, where)
    missing = np.isin(codes, empty) if len(empty) > 1 else codes < 0
    if missing.any():
        first = int(np.argmax(missing))
        raise BadSamples(
            f"column {name!r} has no prompt id {where(first)} (in {int(missing.sum())} of "
            f"{len(codes)} rows): fill it in or remove the rows"
        )
    return codes, ids


def _check_digits(ids: npt.NDArray[Any], name: str, where: Callable[[int], str]) -> None:
    """BadSamples for ids that were read as floats and have more digits than floats hold."""
    large = [value for value in ids if isinstance(value, float) and abs(value) > 2**53]
    if large:
        raise BadSamples(
            f"prompt ids of column {name!r}, such as {int(large[0])}, are too large for numbers "
            f"{where(0).partition(', row')[0]}: store them as text"
        )


def _check_gold(samples: Samples, place: Place) -> None:
    """BadSamples for infinite gold, which no mean survives."""
    if samples.gold is None:
        return
    wrong = np.flatnonzero(np.isinf(samples.gold))
    if len(wrong):
        first = wrong[np.argmin(samples.row[wrong])]
        raise BadSamples(
            f"gold is infinite {place.where(int(samples.row[first]))} (and {len(wrong) - 1} more "
            "rows): correct it, or leave it empty where there is no label"
        )


def _check_label_prob(samples: Samples, place: Place) -> None:
    """BadSamples when a row that is labelled or planned has a probability outside (0, 1]."""
    if samples.label_prob is None or samples.gold is None:
        return
    inside = (samples.label_prob > 0) & (samples.label_prob <= 1)
    concerned = ~np.isnan(samples.gold)
    if samples.label_planned is not None:
        concerned |= samples.label_planned == 1
    wrong = np.flatnonzero(~inside & concerned)
    if len(wrong):
        first = wrong[np.argmin(samples.row[wrong])]
        raise BadSamples(
            f"label probability {samples.label_prob[first]:g} "
            f"{place.where(int(samples.row[first]))} (and {len(wrong) - 1} more "
            "labelled or planned rows) is outside (0, 1]: "
            "give the chance with which each labelled row was drawn"
        )


def _check_label_planned(samples: Samples, place: Place) -> None:
    """BadSamples when only some rows have gold, one of them although no label was planned."""
    if samples.label_planned is None or samples.labelled in (0, samples.rows):
        return
    assert samples.gold is not None
    wrong = np.flatnonzero(~np.isnan(samples.gold) & (samples.label_planned != 1))
    if len(wrong):
        first = wrong[np.argmin(samples.row[wrong])]
        raise BadSamples(
            f"gold {place.where(int(samples.row[first]))} (and in {len(wrong) - 1} more rows) "
            "where label_planned is not true, so that its chance of a label is unknown: leave "
            "such gold empty, or plan it"
        )


def _gapless(keys: IntVector) -> npt.NDArray[np.int64]:
    """Non-decreasing keys as codes 0, 1, 2, ..."""
    return np.cumsum(np.append(False, keys[1:] != keys[:-1]), dtype=np.int64)


def _names(values: npt.NDArray[Any]) -> list[str]:
    """Values as names; 5.0, which is 5 in a column with gaps, is 5."""
    plain = values.tolist()
    if any(isinstance(value, float) for value in plain[:1]):
        return [str(int(value)) if value.is_integer() else str(value) for value in plain]
    return list(map(str, plain))


def _frozen(array: Any) -> Any:
    """The array, made read-only."""
    array.flags.writeable = False
    return array
