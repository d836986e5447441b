"""Permanent random numbers: even on [0, 1), and a row's own wherever the row lies."""

from __future__ import annotations

import numpy as np
import pytest
from tables import noise, table

from overopt.labels.row_keys import row_keys
from overopt.samples import Samples, read_samples


def rows(order: list[int] | None = None, **change: list[object]) -> Samples:
    """Six rows of two prompts, in some order, read as a user's table would be."""
    columns: dict[str, list[object]] = {
        "prompt_id": ["a", "a", "a", "b", "b", "b"],
        "candidate_id": ["0", "1", "2", "0", "1", "2"],
        "proxy": [0.1, 0.2, 0.3, 0.1, 0.2, 0.3],
        **change,
    }
    if "candidate_id" in change and change["candidate_id"] == []:
        del columns["candidate_id"]
    chosen = range(6) if order is None else order
    return read_samples({name: [values[i] for i in chosen] for name, values in columns.items()})


def test_numbers_are_even_on_the_unit_interval() -> None:
    keys = row_keys(table(a=noise(0, 500, 8)), seed=7)
    for values in (keys.number, keys.second):
        assert values.min() >= 0
        assert values.max() < 1
        assert abs(values.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 4000)
        counts = np.histogram(values, bins=10, range=(0, 1))[0]
        assert np.abs(counts - 400).max() < 5 * 19
    assert len(set(keys.id.tolist())) == 4000
    assert abs(np.corrcoef(keys.number, keys.second)[0, 1]) < 5 / np.sqrt(4000)


@pytest.mark.parametrize("ids", [["0", "1", "2", "0", "1", "2"], []])
def test_a_row_keeps_its_key_in_any_order_of_rows(ids: list[object]) -> None:
    order = [5, 2, 0, 4, 1, 3]
    here, there = rows(candidate_id=ids), rows(order, candidate_id=ids)
    one, two = row_keys(here, 3), row_keys(there, 3)
    by_row = dict(zip(here.row.tolist(), one.id.tolist(), strict=True))
    moved = {order[row]: key for row, key in zip(there.row.tolist(), two.id.tolist(), strict=True)}
    assert by_row == moved
    assert one.fingerprint == two.fingerprint


def test_rows_alike_in_everything_are_told_apart_by_their_number() -> None:
    keys = row_keys(rows(proxy=[0.5] * 6, candidate_id=[]), 0)
    assert len(set(keys.id.tolist())) == 6


def test_the_seed_changes_numbers_and_ids() -> None:
    one, two = row_keys(rows(), 0), row_keys(rows(), 1)
    assert not np.isin(one.id, two.id).any()
    assert not np.isin(one.number, two.number).any()


@pytest.mark.parametrize(
    "change",
    [
        {"proxy": [0.1, 0.2, 0.3, 0.1, 0.2, 0.4]},
        {"candidate_id": ["0", "1", "2", "0", "1", "3"]},
        {"prompt_id": ["a", "a", "a", "c", "c", "c"]},
    ],
)
def test_another_table_has_another_fingerprint(change: dict[str, list[object]]) -> None:
    assert row_keys(rows(**change), 0).fingerprint != row_keys(rows(), 0).fingerprint


def test_gold_leaves_keys_and_fingerprint_alone() -> None:
    labelled = rows(gold=[1.0, None, None, 0.0, None, 1.0])
    one, two = row_keys(rows(), 0), row_keys(labelled, 0)
    assert one.id.tolist() == two.id.tolist()
    assert one.fingerprint == two.fingerprint
