"""From a reward call to a committed state, and again after every kind of interruption."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting_monitor import Counted, CountingMonitor
from spooled_runs import Watched, collected, spooled_run, tables_of

import overopt.watch.run_fold as run_fold
from overopt.errors import StoreError
from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget
from overopt.watch.collector import Collector
from overopt.watch.frame import Scored, frame, unpacked
from overopt.watch.monitor import Monitor
from overopt.watch.options import WatchOptions
from overopt.watch.spool import Spool
from overopt.watch.spool_file import spool_files
from overopt.watch.store import Store, opened_for_reading, rows_of


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
    reader.close()


def test_r09_segments_replayed_and_shuffled(tmp_path: Path) -> None:
    """Copies of a writer's files under later numbers, once its own have been taken in."""
    spooled_run(tmp_path / "once", steps=60, file_bytes=3000)
    shutil.copytree(tmp_path / "once", tmp_path / "many")
    files = spool_files(tmp_path / "many" / "spool" / "r")
    assert len(files) > 4
    rng = np.random.default_rng(1)
    for place, chosen in enumerate(rng.integers(0, len(files), 3 * len(files))):
        shutil.copy(files[chosen], files[0].with_name(f"w0.{900 + place:06d}.frames"))
    assert collected(tmp_path / "once") == collected(tmp_path / "many")


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Reads frames until it has read so many, and then kills."""

    def __init__(self, frames: int) -> None:
        self._left = frames

    def unpacked(self, body: bytes) -> Scored:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return unpacked(body)


def interrupted(folder: Path, seed: int) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """Tables after collectors that were killed in the middle of turns, and how many were."""
    rng, killed, taken = np.random.default_rng(seed), 0, 1
    while taken:
        collector = Collector(folder, lambda run: CountingMonitor())
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(run_fold, "unpacked", Fuse(int(rng.integers(0, 90))).unpacked)
                while taken:
                    taken = collector.turn()
        except Killed:
            killed += 1
        collector.close()
    return tables_of(folder), killed


@pytest.mark.parametrize("seed", range(6))
def test_r07_killed_at_any_point_it_goes_on_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Also r08: the same rows are drawn, with the same chances, and none again."""
    monkeypatch.setattr("overopt.watch.collector.FRAMES_PER_TURN", 37)
    spooled_run(tmp_path / "whole", steps=100, writers=("w0", "w1"))
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    whole = collected(tmp_path / "whole", turns=12)
    assert whole["runs"][0]["batches"] == 100
    cut, killed = interrupted(tmp_path / "cut", seed)
    assert cut == whole
    assert killed > 2


def test_r07_a_commit_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled_run(tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "full")
    whole = collected(tmp_path / "whole")
    collector = Collector(tmp_path / "full", lambda run: CountingMonitor())
    monkeypatch.setattr("overopt.watch.collector.FRAMES_PER_TURN", 7)
    collector.turn()
    genuine = run_fold.RunFold.save

    def save(fold: run_fold.RunFold, db: sqlite3.Connection) -> None:
        genuine(fold, db)
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(run_fold.RunFold, "save", save)
        for _ in range(2):
            with pytest.raises(StoreError, match="disk is full"):
                collector.turn()
    assert len(spool_files(tmp_path / "full" / "spool" / "r")) == 1  # nothing was removed
    while collector.turn():
        pass
    collector.close()
    assert tables_of(tmp_path / "full") == whole


def test_r16_clocks_are_remarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spooled_run(tmp_path / "steady")
    rng = np.random.default_rng(0)
    monkeypatch.setattr(time, "time", lambda: float(rng.normal(scale=1e5)))
    spooled_run(tmp_path / "jumping")
    assert collected(tmp_path / "steady") == collected(tmp_path / "jumping")


def test_r17_damage_in_the_spool_is_counted_and_passed_over(tmp_path: Path) -> None:
    spooled_run(tmp_path, steps=50)
    (file,) = spool_files(tmp_path / "spool" / "r")
    broken = bytearray(file.read_bytes())
    for place in (len(broken) // 3, 2 * len(broken) // 3):
        broken[place] ^= 255
    file.write_bytes(broken)
    tables = collected(tmp_path)
    assert tables["runs"][0]["rows"] == 48 * 8
    reader = opened_for_reading(tmp_path)
    events = rows_of(reader, "SELECT what, place, count FROM events")
    assert [event["what"] for event in events] == ["damaged_bytes"] * 2
    assert all(event["place"].startswith("w0.000000.frames:") for event in events)
    assert all(100 < event["count"] < 400 for event in events)  # one call each
    assert rows_of(reader, "SELECT lost FROM writers") == [{"lost": 2}]
    reader.close()


def test_r17_a_sound_frame_with_a_senseless_body_is_told(watched: Callable[..., Watched]) -> None:
    run = watched()
    run.spool._put("scored", b"nonsense")
    run.calls(0, 3)
    assert run.rows("SELECT what FROM events") == [("unreadable_frame",)]
    assert run.rows("SELECT rows FROM runs") == [(4,)]


def test_a_writer_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "spool" / "r"
    spooled_run(tmp_path, steps=3)
    (file,) = spool_files(folder)
    data = file.read_bytes()
    file.write_bytes(data[: -len(frame("end", 0, b"{}")) - 5])  # cut within its last call
    tables = collected(tmp_path)
    assert tables["runs"][0]["batches"] == 2
    assert not list(folder.iterdir())


def test_r13_components_may_come_and_go(watched: Callable[..., Watched]) -> None:
    run = watched()
    for step, components in enumerate(
        [{"length": [1, 2]}, {"length": ["long", None]}, {"style": [0.5, 1.5], "length": [3, 4]}]
    ):
        run.spool.append(step, [0.0, 1.0], components=components)
    run.calls(3, 5)
    assert [json.loads(row[0]) for row in run.rows("SELECT components FROM batches")] == [
        {"length": 1.5},
        {"length": None},
        {"style": 1.0, "length": 3.5},
        {},
    ]


def test_r12_huge_and_tiny_values_have_summaries(watched: Callable[..., Watched]) -> None:
    run = watched()
    rows: list[list[Any]] = [
        [1e308, 1e308, -1e308, 1e308],
        [5e-324, 0.0, -5e-324, 5e-324],
        [None, float("nan"), float("inf"), 10**400],
        [2**64, 2**63, -(2**70), 1],
    ]
    for step, values in enumerate(rows):
        run.spool.append(step, values)
    run.calls(4, 6)
    found = run.rows("SELECT proxy, proxy_sd, proxy_low, proxy_high, non_finite FROM batches")
    assert found[0][:4] == (5e307, pytest.approx(8.66e307, rel=1e-3), -1e308, 1e308)
    assert found[1][2:4] == (-5e-324, 5e-324)
    assert found[2][:4] == (None, None, None, None)
    assert json.loads(found[2][4]) == {
        "missing": 1,
        "nan": 1,
        "plus_infinity": 1,
        "too_large": 1,
    }
    assert all(np.isfinite(found[3][:4]))


def test_r15_a_second_collector_is_refused(watched: Callable[..., Watched], tmp_path: Path) -> None:
    watched().calls(0, 2)
    with pytest.raises(StoreError, match=f"being written by process {os.getpid()}"):
        Collector(tmp_path, lambda run: CountingMonitor())


def test_r05_what_a_flush_acknowledged_is_in_the_store(tmp_path: Path) -> None:
    """The trainer dies without a word right after its flush."""
    pid = os.fork()
    if pid == 0:
        spool = Spool(tmp_path / "spool", "r")
        for step in range(30):
            spool.append(step, [0.0, 1.0])
        os._exit(0 if spool.flush() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert collected(tmp_path)["runs"][0]["rows"] == 60
    Store(tmp_path).close()


def test_a_monitor_that_fails_takes_nothing_with_it(tmp_path: Path) -> None:
    class Failing:
        """Refuses the 6th batch, as a bug would."""

        def __getattr__(self, name: str) -> Any:
            return getattr(CountingMonitor(), name)

        def observe(self, state: Counted, batch: Batch) -> Any:
            assert state.batches < 5
            return CountingMonitor().observe(state, batch)

    spooled_run(tmp_path)
    collector = Collector(tmp_path, lambda run: Failing())
    with pytest.raises(AssertionError):
        collector.turn()
    collector.close()
    assert collected(tmp_path)["runs"][0]["batches"] == 20


def test_r07_the_real_monitor_goes_on_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every detector's state through the store, however often the collector begins anew."""
    options = WatchOptions(budget=LabelBudget(label_rate=0.3), kl_budget=1.0)
    spooled_run(tmp_path / "whole", steps=60)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    for folder, most in (("whole", 1000), ("cut", 20)):
        monkeypatch.setattr("overopt.watch.collector.FRAMES_PER_TURN", most)
        taken = 1
        while taken:
            collector = Collector(tmp_path / folder, lambda run: Monitor(options))
            taken = collector.turn()
            collector.close()
    whole = tables_of(tmp_path / "whole")
    assert tables_of(tmp_path / "cut") == whole
    (run,) = whole["runs"]
    assert run["drawn"] == run["consumed"] > 60
    document = json.loads(run["document"])
    assert document["schema"] == "overopt.watch/1"
    assert document["runs"][0]["labels"]["used"] == run["consumed"]
