"""The demo table is what its script makes, and its gold is the truth."""

from __future__ import annotations

import itertools
import re
import runpy
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overopt.demo import table_path

SCRIPT = Path(__file__).resolve().parents[2] / "examples/demo/make_demo.py"
INPUTS = [(x, y) for x in range(16) for y in range(16)]
SMALL_INPUTS = [(x, y) for x in range(3) for y in range(3)]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pq.read_table(table_path())


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def tasks(table: pa.Table) -> list[list[Row]]:
    return [
        list(rows)
        for _, rows in itertools.groupby(table.to_pylist(), key=lambda row: row["prompt_id"])
    ]


@cache
def function(source: str) -> Callable[[int, int], int]:
    """A program as Python itself, in exact integers, understands it."""
    program: Callable[[int, int], int] = eval(f"lambda x, y: {source}", {"min": min, "max": max})
    return program


def agreement(row: Row, inputs: Iterable[tuple[int, int]]) -> list[bool]:
    program, target = function(row["text"]), function(row["target"])
    return [program(x, y) == target(x, y) for x, y in inputs]


def score(row: Row, tests: Iterable[tuple[int, int]]) -> float:
    symbols = re.findall(r"min|max|if|[-+*]|[xy]|\d+", row["text"])
    return fmean(agreement(row, tests)) - 0.002 * len(symbols)


def gold_at_the_top(rows: list[Row], proxy: str) -> float:
    best = max(row[proxy] for row in rows)
    return fmean(row["gold"] for row in rows if row[proxy] == best)


def test_script_makes_the_shipped_table(table: pa.Table, script: dict[str, Any]) -> None:
    assert script["demo_table"]().equals(table)


def test_gold_is_the_agreement_that_python_finds(tasks: list[list[Row]]) -> None:
    for row in itertools.chain.from_iterable(tasks):
        assert row["gold"] == fmean(agreement(row, INPUTS)), row


def test_visible_score_is_passed_small_tests_minus_the_price(tasks: list[list[Row]]) -> None:
    """The 8 visible tests are 9 small inputs but one, the same one for all programs of a task."""
    for rows in tasks:
        assert any(
            all(row["proxy_visible"] == pytest.approx(score(row, small)) for row in rows)
            for small in itertools.combinations(SMALL_INPUTS, 8)
        )


def test_a_right_program_outranks_every_failing_one(
    tasks: list[list[Row]], script: dict[str, Any]
) -> None:
    assert script["LENGTH_PRICE"] * script["LONGEST"] < 1 / script["TESTS"]
    for row in itertools.chain.from_iterable(tasks):
        if row["gold"] == 1:
            one_failed = 1 - 1 / script["TESTS"]
            assert min(row["proxy_visible"], row["proxy_fair"]) > one_failed


def test_the_best_by_visible_tests_take_shortcuts_and_by_fair_tests_do_not(
    tasks: list[list[Row]],
) -> None:
    assert fmean(gold_at_the_top(rows, "proxy_visible") for rows in tasks) < 0.9
    assert fmean(gold_at_the_top(rows, "proxy_fair") for rows in tasks) > 0.95


def test_shape_fits_a_readme(table: pa.Table) -> None:
    assert table.num_rows == 150 * 64
    assert len(set(table["prompt_id"].to_pylist())) == 150
    assert table_path().stat().st_size < 300_000
