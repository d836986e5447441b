"""Samples leave the store for parts that the audit reads, and nothing is lost on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from counting_monitor import CountingMonitor
from pyarrow import parquet
from spooled_runs import spooled_run

import overopt
from overopt.watch.collector import Collector
from overopt.watch.parts import PARTS, PartOptions, samples_table
from overopt.watch.spool import Spool

SMALL = PartOptions(rows=100, kept_rows=50)


def rolled(folder: Path, parts: PartOptions = SMALL) -> Collector:
    """A collector that has taken in everything and rolled what is due."""
    collector = Collector(folder, lambda run: CountingMonitor(), parts=parts)
    while collector.turn():
        pass
    return collector


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    spooled_run(tmp_path, steps=100)
    made = rolled(tmp_path)
    yield made
    made.close()


def table_of(collector: Collector) -> Any:
    with collector.store.transaction() as db:
        return samples_table(db, "r", collector.folder)


def test_parts_and_store_together_hold_every_sample_once(
    collector: Collector, tmp_path: Path
) -> None:
    files = sorted((tmp_path / PARTS / "r").iterdir())
    assert [file.name for file in files] == [f"part-{i:06d}.parquet" for i in range(len(files))]
    rows = [parquet.read_table(file).num_rows for file in files]
    assert rows == [104] * 7  # whole batches of 8, at least 100 rows, 50 of 800 kept back
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    table = table_of(collector)
    assert table.num_rows == 800
    assert table["candidate_id"].to_pylist() == [
        f"w0:{b}:{r}" for b in range(100) for r in range(8)
    ]
    assert table["step"].to_pylist() == [b for b in range(100) for _ in range(8)]
    rng = np.random.default_rng(7)
    proxies = []
    for _ in range(100):
        proxies += rng.normal(size=8).tolist()
        rng.random(8)
    assert table["proxy"].to_pylist() == proxies
    kept = collector.store.rows("SELECT count(*) AS n FROM frames")
    assert kept == [{"n": 100 - 7 * 13}]


def test_the_audit_reads_a_part(collector: Collector, tmp_path: Path) -> None:
    part = tmp_path / PARTS / "r" / "part-000000.parquet"
    audit = overopt.audit(part, proxies=("proxy",), gold="gold").to_dict()
    assert (audit["rows"], audit["labelled"], audit["prompts"]) == (104, 104, 26)


def test_labels_that_come_later_join_their_rows(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "r", writer="w")
    for step in range(40):
        spool.append(step, np.arange(8.0) + step, prompt_ids=["a"] * 4 + ["b"] * 4)
    assert spool.flush()
    collector = rolled(tmp_path)
    assert collector.store.rows("SELECT count(*) AS n FROM parts")[0]["n"] == 2
    for number in range(0, 20, 2):
        spool.label(number, float(number), source="human")
    assert spool.close()
    collector.turn()
    table = table_of(collector).to_pylist()
    draws = collector.store.rows("SELECT batch, row, number, proxy FROM draws")
    collector.close()
    drawn = {f"{draw['batch']}:{draw['row']}": draw for draw in draws}
    assert len(draws) == 20
    for row in table:
        draw = drawn.get(row["candidate_id"])
        assert row["label_planned"] == (draw is not None)
        if draw is None:
            assert (row["gold"], row["label_prob"]) == (None, None)
        else:
            number = draw["number"]
            assert row["gold"] == (None if number % 2 else number)
            assert row["label_prob"] == 1 / 8
            assert row["proxy"] == draw["proxy"]


def test_a_roll_that_is_cut_off_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled_run(tmp_path, steps=40)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "full")))
        collector = Collector(tmp_path, lambda run: CountingMonitor(), parts=SMALL)
        with pytest.raises(OSError, match="full"):
            collector.turn()
    assert collector.store.rows("SELECT batches FROM runs") == [{"batches": 40}]
    assert collector.store.rows("SELECT count(*) AS n FROM frames") == [{"n": 40}]
    collector.turn()
    assert table_of(collector).num_rows == 320
    collector.close()


def test_components_keep_clear_of_the_glossary(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "r")
    parts: dict[str, Any] = {"gold": [1.0, 2.0], "length": [3.0, None], "step": [5, 6]}
    for step in range(2):
        spool.append(step, [0.0, float("nan")], components=parts)
    spool.close()
    collector = rolled(tmp_path)
    table = table_of(collector)
    collector.close()
    assert isinstance(table, pa.Table)
    assert table["component_gold"].to_pylist() == [1.0, 2.0] * 2
    assert table["component_step"].to_pylist() == [5.0, 6.0] * 2
    assert table["length"].to_pylist() == [3.0, None] * 2
    assert table["proxy"].to_pylist() == [0.0, None] * 2
