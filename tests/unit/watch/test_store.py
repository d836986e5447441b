"""One writer, whole transactions, forward migrations, and readers that cannot do harm."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import overopt.watch.store as store_module
from overopt.errors import StoreError
from overopt.watch.schema import MIGRATIONS
from overopt.watch.store import DATABASE, Store, opened_for_reading, rows_of

ADD_RUN = "INSERT INTO runs (run, state, document, assembly) VALUES (?, '', '', '')"


def filled(folder: Path, runs: int = 3) -> Path:
    """A store with some runs, closed."""
    store = Store(folder)
    with store.transaction() as db:
        db.executemany(ADD_RUN, [(f"r{i}",) for i in range(runs)])
    store.close()
    return folder / DATABASE


def names(folder: Path) -> list[str]:
    reader = opened_for_reading(folder)
    try:
        return [row["run"] for row in rows_of(reader, "SELECT run FROM runs")]
    finally:
        reader.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def add(*runs: str) -> None:
        with store.transaction() as db:
            for run in runs:
                db.execute(ADD_RUN, (run,))
                assert run != "bad"

    with pytest.raises(AssertionError):
        add("a", "bad")
    with pytest.raises(StoreError, match=r"watch\.db: UNIQUE"):
        add("b", "b")
    add("c")
    assert store.rows("SELECT run FROM runs") == [{"run": "c"}]
    store.close()


def test_s08_only_the_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    store = Store(folder)
    with store.transaction() as db:
        db.execute(ADD_RUN, ("a",))
        modes = {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}
    store.close()
    assert set(modes) > {DATABASE, f"{DATABASE}-wal"}
    assert set(modes.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_readers_see_commits_and_cannot_write(tmp_path: Path) -> None:
    store = Store(tmp_path)
    reader = opened_for_reading(tmp_path)
    with store.transaction() as db:
        db.execute(ADD_RUN, ("a",))
        assert rows_of(reader, "SELECT * FROM runs") == []
    assert len(rows_of(reader, "SELECT * FROM runs")) == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM runs")
    reader.close()
    store.close()


def test_a_missing_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist: start a watch"):
        opened_for_reading(tmp_path)


def test_r13_an_old_store_is_copied_and_brought_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)
    newer = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN fresh INTEGER NOT NULL DEFAULT 7")
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", newer)
        store = Store(tmp_path)
        rows = store.rows("SELECT run, fresh FROM runs")
        assert rows == [{"run": f"r{i}", "fresh": 7} for i in range(3)]
        store.close()
    copy = sqlite3.connect(tmp_path / f"{DATABASE}.schema1")
    assert copy.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    copy.close()
    before = (tmp_path / DATABASE).read_bytes()
    for opened in (Store, opened_for_reading):
        with pytest.raises(StoreError, match=r"has schema 2, this overopt knows 1"):
            opened(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


def test_r13_a_migration_is_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)
    broken = (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN fresh INTEGER; SELECT * FROM nowhere")
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", broken)
        with pytest.raises(StoreError, match="no such table: nowhere"):
            Store(tmp_path)
    store = Store(tmp_path)
    assert "fresh" not in store.rows("SELECT * FROM runs")[0]
    store.close()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / DATABASE)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreError, match="database of another program"):
        Store(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


HOLD = """
import sys
from overopt.watch.store import Store
store = Store(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_r15_a_second_writer_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=f"being written by process {holder.pid} on "):
            Store(tmp_path)
        assert names(tmp_path) == []  # reading is free
    finally:
        holder.kill()
        holder.communicate()
    Store(tmp_path).close()


def test_r17_damage_is_told_and_the_file_left_as_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path, runs=2000)
    sound, rng = path.read_bytes(), np.random.default_rng(2)
    found = 0
    for _ in range(40):
        broken = bytearray(sound)
        for place in rng.integers(0, len(sound), 30):
            broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            Store(tmp_path).close()
            names(tmp_path)
        except StoreError:
            found += 1
            assert path.read_bytes() == bytes(broken)
        for rest in tmp_path.glob(f"{DATABASE}-*"):
            rest.unlink()
    assert found > 20  # SQLite checks structure; a changed value inside a row looks like a value


def test_r17_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path, runs=2000)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match=r"malformed|damaged|disk image"):
        Store(tmp_path)
    with pytest.raises(StoreError, match=r"malformed|disk image"):
        names(tmp_path)


def test_r06_a_cut_or_scrambled_log_tail_costs_no_synced_commit(tmp_path: Path) -> None:
    """After a power loss whatever was not synced may be there, missing or garbled."""
    store = Store(tmp_path / "live")
    with store.transaction() as db:
        db.execute(ADD_RUN, ("acknowledged",))
    live = tmp_path / "live" / f"{DATABASE}-wal"
    synced = live.stat().st_size
    with store.transaction() as db:
        db.executemany(ADD_RUN, [(f"later-{i}",) for i in range(400)])
    base, log = (tmp_path / "live" / DATABASE).read_bytes(), live.read_bytes()
    store.close()
    rng = np.random.default_rng(4)
    for case in range(25):
        tail = bytearray(log[synced : int(rng.integers(synced, len(log) + 1))])
        for start in range(0, len(tail), 4096):
            if rng.random() < 0.3:
                page = len(tail[start : start + 4096])
                tail[start : start + 4096] = bytes(page) if rng.random() < 0.5 else rng.bytes(page)
        folder = tmp_path / str(case)
        folder.mkdir()
        (folder / DATABASE).write_bytes(base)
        (folder / f"{DATABASE}-wal").write_bytes(log[:synced] + bytes(tail))
        Store(folder).close()
        assert len(names(folder)) in (1, 401)
        assert "acknowledged" in names(folder)
