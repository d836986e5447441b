"""The long forms of the spool's and the store's promises."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from counting_monitor import CountingMonitor
from spooled_runs import spooled_run

from overopt.errors import StoreError
from overopt.watch.collector import Collector
from overopt.watch.frame import Frame, frame, frames_in
from overopt.watch.spool import Spool, SpoolOptions
from overopt.watch.spool_file import SpoolFile, spool_files
from overopt.watch.store import DATABASE, Store, opened_for_reading, rows_of

ROWS = [float(x) for x in np.random.default_rng(0).normal(size=64)]
NAMES = [f"prompt-{i // 8}" for i in range(64)]


def memory() -> float:
    """Resident MiB of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def test_r02_a_stopped_collector_is_not_noticed(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        collector = Collector(tmp_path, lambda run: CountingMonitor())
        while True:
            collector.turn()
            time.sleep(0.05)
    try:
        spool = Spool(tmp_path / "spool", "r")
        os.kill(pid, signal.SIGSTOP)
        began, times = time.monotonic(), []
        while time.monotonic() - began < 60:
            before = time.thread_time()
            assert spool.append(0, ROWS, prompt_ids=NAMES) is not None
            times.append(time.thread_time() - before)
            time.sleep(0.005)
        assert spool.close()
        assert np.quantile(times, 0.999) <= 1e-3
        assert spool.counts == {}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_r04_ten_million_records_with_the_disk_away_half_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine, away = SpoolFile.write, threading.Event()

    def write(file: SpoolFile, data: bytes) -> bool:
        if away.is_set():
            raise OSError(28, "away")
        return genuine(file, data)

    monkeypatch.setattr(SpoolFile, "write", write)
    options = SpoolOptions(disk_bytes=64 << 20)
    spool = Spool(tmp_path, "r", options=options)
    for step in range(1000):
        spool.append(step, ROWS, prompt_ids=NAMES)
    before = memory()
    calls = 10_000_000 // 64
    highest = before
    for step in range(calls):
        if step % (calls // 4) == 0:
            (away.clear if away.is_set() else away.set)()
            for file in spool_files(tmp_path / "r")[:-1]:
                file.unlink()
        spool.append(step, ROWS, prompt_ids=NAMES)
        if step % 1000 == 0:
            highest = max(highest, memory())
    assert highest - before <= 64
    assert spool.counts["ring_full"] > 0


def test_r06_five_hundred_power_losses_of_a_spool_file(tmp_path: Path) -> None:
    """Pages that were not synced may be there, missing, zero or garbled; the file may be cut."""
    spool = Spool(tmp_path, "r", options=SpoolOptions(pause=0.001))
    for step in range(50):
        spool.append(step, ROWS, prompt_ids=NAMES)
    assert spool.flush()
    (file,) = spool_files(tmp_path / "r")
    synced = file.stat().st_size
    for step in range(50, 150):
        spool.append(step, ROWS, prompt_ids=NAMES)
    assert spool.close()
    data, rng = file.read_bytes(), np.random.default_rng(0)
    sound = [f.body for f in frames_in(data, 0, complete=True) if isinstance(f, Frame)]
    for _ in range(500):
        tail = bytearray(data[synced : int(rng.integers(synced, len(data) + 1))])
        for start in range(-(synced % 4096), len(tail), 4096):
            if rng.random() < 0.4:
                page = slice(max(start, 0), start + 4096)
                tail[page] = (
                    bytes(len(tail[page])) if rng.random() < 0.5 else rng.bytes(len(tail[page]))
                )
        found = list(frames_in(data[:synced] + bytes(tail), 0, complete=True))
        bodies = [item.body for item in found if isinstance(item, Frame)]
        assert bodies[:50] == sound[:50]
        assert set(bodies) <= set(sound)


def test_r14_a_disk_of_eight_megabytes(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small file system here")
    try:
        spool = Spool(disk / "spool", "r", options=SpoolOptions(ring_bytes=4 << 20))
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(7 << 20))
        began = time.monotonic()
        step = 0
        while not spool.degraded and time.monotonic() - began < 30:
            spool.append(step, ROWS, prompt_ids=NAMES)
            step += 1
        assert time.monotonic() - began < 5
        try:
            collector = Collector(disk, lambda run: CountingMonitor())
        except StoreError:  # no room even to begin
            collector = None
        if collector is not None:
            for _ in range(5):
                try:
                    collector.turn()
                except StoreError:
                    continue
        ballast.unlink()
        deadline = time.monotonic() + 10
        while spool.degraded and time.monotonic() < deadline:
            time.sleep(0.05)
        assert spool.close()
        collector = collector or Collector(disk, lambda run: CountingMonitor())
        while collector.turn():
            pass
        collector.close()
        reader = opened_for_reading(disk)
        (found,) = rows_of(reader, "SELECT count(*) AS n FROM batches")
        (writer,) = rows_of(reader, "SELECT lost FROM writers")
        reader.close()
        assert found["n"] + writer["lost"] == step
        assert spool.counts["ring_full"] == writer["lost"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


TAKE = """
import sys, time
from overopt.errors import StoreError
from overopt.watch.store import Store
won = refused = 0
while time.time() < float(sys.argv[2]):
    try:
        store = Store(sys.argv[1])
    except StoreError:
        refused += 1
        continue
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO runs (run, state, document, assembly)"
                   " VALUES (?, '', '', '')", sys.argv[3:])
        db.execute("UPDATE runs SET batches = batches + 1 WHERE run = ?", sys.argv[3:])
    won += 1
    store.close()
print(won, refused)
"""


def test_r15_two_collectors_for_a_minute(tmp_path: Path) -> None:
    end = str(time.time() + 60)
    processes = [
        subprocess.Popen([sys.executable, "-c", TAKE, tmp_path, end, run], stdout=subprocess.PIPE)
        for run in ("a", "b")
    ]
    counts = [list(map(int, process.communicate()[0].split())) for process in processes]
    reader = opened_for_reading(tmp_path)
    batches = [row["batches"] for row in rows_of(reader, "SELECT batches FROM runs ORDER BY run")]
    assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    reader.close()
    assert batches == [won for won, _ in counts]
    assert sum(refused for _, refused in counts) > 0


def test_r17_ten_thousand_bit_flips_and_five_hundred_damaged_stores(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = b"".join(frame("scored", seq, rng.bytes(100)) for seq in range(50))
    size = len(data) // 50
    for _ in range(10_000):
        place = int(rng.integers(len(data)))
        broken = bytearray(data)
        broken[place] ^= 1 << int(rng.integers(8))
        found = [f.seq for f in frames_in(bytes(broken), 0, complete=True) if isinstance(f, Frame)]
        assert found == [seq for seq in range(50) if seq != place // size]
    spooled_run(tmp_path, steps=300)
    collector = Collector(tmp_path, lambda run: CountingMonitor())
    collector.turn()
    collector.close()
    path, told = tmp_path / DATABASE, 0
    sound = path.read_bytes()
    for _ in range(500):
        broken = bytearray(sound)
        for place in rng.integers(0, len(sound), 20):
            broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            Store(tmp_path).close()
        except StoreError:
            told += 1
            assert path.read_bytes() == broken
    assert told > 250


def test_r18_a_thousand_forks_under_eight_threads(tmp_path: Path) -> None:
    spool, stop = Spool(tmp_path, "r", writer="w"), threading.Event()

    def work() -> None:
        while not stop.is_set():
            spool.append(0, [1.0])
            time.sleep(0.0005)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(1000):
        pid = os.fork()
        if pid == 0:
            written = number % 20 or (spool.append(1, [1.0]) is not None and spool.close())
            os._exit(0 if written else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert spool.close()
    assert len(spool_files(tmp_path / "r")) == 51
