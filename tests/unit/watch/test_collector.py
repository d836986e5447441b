"""From a reward call to a committed state, and again after every kind of interruption."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from counting_monitor import CountingMonitor

from overopt.watch.collector import Collector
from overopt.watch.spool import Spool
from overopt.watch.store import opened_for_reading, rows_of

TABLES = ("runs", "batches", "draws", "labels", "alarms")


def spooled_run(folder: Path, steps: int = 20, writers: tuple[str, ...] = ("w0",)) -> None:
    """Calls of 8 samples of 2 prompts per writer and step, with gold, then a clean end."""
    rng = np.random.default_rng(7)
    spools = [Spool(folder / "spool", "r", writer=writer) for writer in writers]
    for step in range(steps):
        for spool in spools:
            proxy = rng.normal(size=8)
            names = [f"p{step}-{i // 4}" for i in range(8)]
            gold = (rng.random(8) < 0.2).astype(float)
            key = spool.append(step, proxy, prompt_ids=names, gold=gold, kl=proxy * 0)
            assert key == f"{spool.writer}:{step}"
    assert all(spool.close() for spool in spools)


def collected(folder: Path, turns: int = 3) -> dict[str, list[dict[str, object]]]:
    """Tables of the store after some turns of a fresh collector."""
    collector = Collector(folder, lambda run: CountingMonitor())
    for _ in range(turns):
        collector.turn()
    collector.close()
    reader = opened_for_reading(folder)
    found = {name: rows_of(reader, f"SELECT * FROM {name}") for name in TABLES}
    reader.close()
    for name in ("runs", "batches"):
        for row in found[name]:
            row.pop("time")  # a remark of the writer's clock
    return found


def test_every_step_becomes_a_batch_with_its_draws_and_labels(tmp_path: Path) -> None:
    spooled_run(tmp_path, steps=20)
    tables = collected(tmp_path)
    (run,) = tables["runs"]
    assert (run["batches"], run["rows"], run["step"], run["drawn"]) == (20, 160, 19, 10)
    assert run["consumed"] == 10
    assert [row["step"] for row in tables["batches"]] == list(range(20))
    assert {row["prompts"] for row in tables["batches"]} == {2}
    assert {row["status"] for row in tables["draws"]} == {"labelled"}
    assert json.loads(str(run["state"]))["drawn"] == 10
    assert list((tmp_path / "spool" / "r").iterdir()) == []  # collected files are removed


def test_calls_of_one_step_from_several_processes_are_one_batch(tmp_path: Path) -> None:
    spooled_run(tmp_path, steps=12, writers=("w0", "w1", "w2"))
    tables = collected(tmp_path)
    assert [row["step"] for row in tables["batches"]] == list(range(12))
    assert {row["rows"] for row in tables["batches"]} == {24}


def test_r09_what_comes_twice_counts_once(tmp_path: Path) -> None:
    spooled_run(tmp_path / "once")
    shutil.copytree(tmp_path / "once", tmp_path / "twice")
    (file,) = (tmp_path / "twice" / "spool" / "r").iterdir()
    for number in (3, 5):
        shutil.copy(file, file.with_name(f"w0.{number:06d}.frames"))
    once, twice = collected(tmp_path / "once"), collected(tmp_path / "twice")
    assert once == twice
    reader = opened_for_reading(tmp_path / "twice")
    (writer,) = rows_of(reader, "SELECT duplicates, lost FROM writers")
    assert writer == {"duplicates": 40, "lost": 0}
