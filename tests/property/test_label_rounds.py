"""Rounds of labels nest and do not depend on the order of rows, whatever the table."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings, strategies as st

from overopt.labels.drawing import (
    DrawOptions,
    checked_keys,
    cumulative_chances,
    new_ledger,
    with_round,
)
from overopt.labels.ledger import Ledger
from overopt.samples import Samples, read_samples

OPTIONS = st.fixed_dictionaries(
    {
        "budget": st.floats(0.5, 4),
        "pressures": st.sampled_from([("best_of_n",), ("kl_tilt",), ("threshold", "best_of_n")]),
        "uniform_share": st.floats(0.1, 1),
    }
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Ragged groups with ties, with or without names for the candidates."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=4, max_size=8))
    score = st.one_of(st.integers(-2, 2), st.floats(-1e6, 1e6))
    rows = sum(sizes)
    table: dict[str, list[Any]] = {
        "prompt_id": [f"p{i}" for i, size in enumerate(sizes) for _ in range(size)],
        "proxy": draw(st.lists(score.map(float), min_size=rows, max_size=rows)),
    }
    if draw(st.booleans()):
        table["candidate_id"] = [f"c{i}" for size in sizes for i in range(size)]
    return table


def after(samples: Samples, seed: int, rounds: list[dict[str, Any]]) -> list[Ledger]:
    """The ledger after each round that the table has rows for."""
    ledgers = [new_ledger(samples, seed)]
    for options in rounds:
        spent = sum(each.budget for each in ledgers[-1].rounds)
        if spent + options["budget"] <= samples.rows / 2:
            ledgers.append(with_round(ledgers[-1], samples, DrawOptions(**options)))
    return ledgers


@settings(deadline=None, max_examples=40)
@given(tables(), st.integers(0, 2**40), st.lists(OPTIONS, min_size=1, max_size=3))
def test_every_round_holds_the_one_before(
    table: dict[str, list[Any]], seed: int, rounds: list[dict[str, Any]]
) -> None:
    samples = read_samples(table)
    ledgers = after(samples, seed, rounds)
    keys = checked_keys(ledgers[0], samples)
    chance, drawn = np.zeros(samples.rows), set[str]()
    for ledger in ledgers:
        now = cumulative_chances(ledger, samples, keys)
        assert np.all((chance <= now) & (now <= 1))
        rows = {row.id for row in ledger.drawn}
        assert drawn <= rows == set(keys.id[keys.number < now].tolist())
        chance, drawn = now, rows


@settings(deadline=None, max_examples=40)
@given(tables(), st.integers(0, 2**40), st.lists(OPTIONS, min_size=1, max_size=2), st.randoms())
def test_rows_in_any_order_are_drawn_alike(
    table: dict[str, list[Any]], seed: int, rounds: list[dict[str, Any]], shuffle: Any
) -> None:
    order = list(range(len(table["proxy"])))
    shuffle.shuffle(order)
    moved = {name: [values[i] for i in order] for name, values in table.items()}
    here = after(read_samples(table), seed, rounds)[-1]
    there = after(read_samples(moved), seed, rounds)[-1]
    assert here.fingerprint == there.fingerprint
    assert {(row.id, row.prompt_id, round(row.prob, 9)) for row in here.drawn} == {
        (row.id, row.prompt_id, round(row.prob, 9)) for row in there.drawn
    }
