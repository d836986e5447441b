"""Processes killed at random moments: nothing acknowledged is lost, no state differs by a bit."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from counting_monitor import CountingMonitor
from spooled_runs import spooled_run, tables_of

from overopt.watch.collector import Collector
from overopt.watch.parts import PartOptions
from overopt.watch.spool import Spool, SpoolOptions
from overopt.watch.store import DATABASE, opened_for_reading, rows_of

COLLECTOR_KILLS, TRAINER_KILLS = 200, 50


def in_child(work: Callable[[], None]) -> int:
    """Pid of a child that does ``work`` and ends."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return pid


def killed(pid: int, seconds: float) -> bool:
    """Whether the child had to be killed after ``seconds`` of its CPU; it must not have failed."""
    ran = Path(f"/proc/{pid}/schedstat")
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if int(ran.read_text().split()[0]) > 1e9 * seconds:
            os.kill(pid, signal.SIGKILL)
            ended = os.waitpid(pid, 0)
            break
        time.sleep(0.002)
    assert os.WIFSIGNALED(ended[1]) or os.waitstatus_to_exitcode(ended[1]) == 0
    return os.WIFSIGNALED(ended[1])


def collect_all(folder: Path) -> None:
    """Turns until nothing is left, rolling parts on the way."""
    parts = PartOptions(rows=1000, kept_rows=500)
    collector = Collector(folder, lambda run: CountingMonitor(), parts=parts)
    while collector.turn():
        pass
    collector.close()


def test_r05_r07_r08_two_hundred_kills_of_the_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("overopt.watch.collector.FRAMES_PER_TURN", 100)
    spooled_run(tmp_path / "whole", steps=1000, writers=("w0", "w1"))
    shutil.copytree(tmp_path / "whole", tmp_path / "spooled")
    collect_all(tmp_path / "whole")  # here, so that children find every library imported
    whole = tables_of(tmp_path / "whole")
    assert whole["runs"][0]["batches"] == 1000
    rng, kills, runs = np.random.default_rng(1), 0, 0
    while kills < COLLECTOR_KILLS:
        folder = tmp_path / f"cut{runs}"
        shutil.copytree(tmp_path / "spooled", folder)
        while killed(in_child(lambda folder=folder: collect_all(folder)), rng.uniform(0.01, 0.2)):
            kills += 1
            if (folder / DATABASE).stat().st_size:
                with sqlite3.connect(folder / DATABASE) as db:
                    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert tables_of(folder) == whole
        shutil.rmtree(folder)
        runs += 1


def train(folder: Path, first: int) -> None:
    """Calls until killed; what a flush acknowledged is noted outside the spool."""
    spool = Spool(folder / "spool", "r", options=SpoolOptions(pause=0.003))
    note = os.open(folder / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for step in range(first, first + 100_000):
        spool.append(step, [0.0, float(step)], prompt_ids=["a", "a"])
        if step % 7 == 0 and spool.flush():
            os.write(note, f"{step}\n".encode())


def test_r05_fifty_kills_of_the_trainer(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    collecting = in_child(lambda: collect_for_ever(tmp_path))
    for number in range(TRAINER_KILLS):
        first = number * 100_000
        assert killed(in_child(lambda first=first: train(tmp_path, first)), rng.uniform(0.02, 0.2))
    assert killed(collecting, 0.1)
    collect_all(tmp_path)
    acknowledged = {int(line) for line in (tmp_path / "acknowledged").read_text().split()}
    reader = opened_for_reading(tmp_path)
    steps = [row["step"] for row in rows_of(reader, "SELECT step FROM batches")]
    lost = rows_of(reader, "SELECT sum(lost) AS lost FROM writers")
    reader.close()
    assert len(steps) == len(set(steps))
    stored = set(steps)
    # A flush covers every call before it, not only the one that asked.
    covered = {s for a in acknowledged for s in range(a - a % 100_000, a + 1)}
    assert covered <= stored
    assert lost == [{"lost": 0}]


def collect_for_ever(folder: Path) -> None:
    collector = Collector(folder, lambda run: CountingMonitor())
    while True:
        collector.turn()
        time.sleep(0.01)
