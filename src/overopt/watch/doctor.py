"""What may be wrong with a watch: library versions with known faults, losses, damage, the disk.

Nothing here writes. Each symptom is a line of text with its number and what to do about it; what
was lost on the way to the store is told per run, for a monitor that misses samples must say so.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from overopt.errors import StoreError
from overopt.watch.spool_file import spool_files, writer_of
from overopt.watch.store import DATABASE, LEASE, opened_for_reading, rows_of

__all__ = ["Symptom", "symptoms", "wal_reset_fault"]

LOW_DISK = 1 << 30  # bytes


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Symptom:
    """One thing that was looked at: ``fine``, worth a ``note``, or ``bad``."""

    severity: Literal["fine", "note", "bad"]
    what: str
    sentence: str


def symptoms(folder: str | Path, *, thorough: bool = False) -> list[Symptom]:
    """Everything that can be said about the watch of a folder, worst first.

    ``thorough`` reads the whole store (SQLite's integrity check) instead of its structure only.
    """
    path = Path(folder)
    found = [_sqlite(), _disk(path), _lease(path)]
    try:
        db = opened_for_reading(path)
    except StoreError as error:
        found.append(Symptom(severity="bad", what="store", sentence=str(error)))
    else:
        try:
            found += [_integrity(db, thorough), _backlog(db, path), *_losses(db), *_events(db)]
        except sqlite3.Error as error:
            found.append(_bad("store", f"the store cannot be read ({error}): salvage a copy"))
        finally:
            db.close()
    order = ("bad", "note", "fine")
    return sorted(found, key=lambda symptom: order.index(symptom.severity))


def wal_reset_fault(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite may lose commits when two connections write or checkpoint one file.

    From 3.7.0 to 3.51.2, except 3.44.6 and 3.50.7 with later patches of their series.
    """
    series, patch = version[:2], version[2]
    if series in ((3, 44), (3, 50)):
        return patch < (6 if series == (3, 44) else 7)
    return (3, 7, 0) <= version < (3, 51, 3)


def _sqlite() -> Symptom:
    version = sqlite3.sqlite_version
    if not wal_reset_fault(sqlite3.sqlite_version_info):
        return Symptom(severity="fine", what="sqlite", sentence=f"SQLite {version}")
    return Symptom(
        severity="note",
        what="sqlite",
        sentence=f"SQLite {version} has the WAL-reset fault (fixed in 3.44.6, 3.50.7, 3.51.3): "
        "harmless while only the collector writes; never open the store for writing elsewhere",
    )


def _disk(folder: Path) -> Symptom:
    free = shutil.disk_usage(folder if folder.exists() else folder.absolute().parent).free
    sentence = f"{free / 1e9:.1f} GB free"
    if free < LOW_DISK:
        return _bad("disk", f"{sentence}: the collector stops when the disk is full; make room")
    return Symptom(severity="fine", what="disk", sentence=sentence)


def _lease(folder: Path) -> Symptom:
    """Whether a collector is at work: the lock says so, not the text beside it."""
    try:
        fd = os.open(folder / LEASE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return Symptom(severity="note", what="collector", sentence="no collector has run here yet")
    try:
        text = os.pread(fd, 200, 0).decode("utf-8", "replace").strip()
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return Symptom(severity="fine", what="collector", sentence=f"at work: {text}")
    finally:
        os.close(fd)
    sentence = f"none is at work (the last was {text}): start one, or alarms will not come"
    return Symptom(severity="note", what="collector", sentence=sentence)


def _integrity(db: sqlite3.Connection, thorough: bool) -> Symptom:
    check = "integrity_check(1)" if thorough else "quick_check(1)"
    (answer,) = db.execute(f"PRAGMA {check}").fetchone()
    size = (db.execute("PRAGMA page_count").fetchone()[0]) * 4096
    if answer != "ok":
        return _bad("store", f"{DATABASE} is damaged ({answer}): salvage a copy, keep the file")
    return Symptom(severity="fine", what="store", sentence=f"sound, {size / 1e6:.1f} MB")


def _backlog(db: sqlite3.Connection, folder: Path) -> Symptom:
    """Bytes that the spools hold and the store has not taken in."""
    offsets = {(run, file): offset for run, file, offset in db.execute("SELECT * FROM files")}
    waiting = 0
    spool = folder / "spool"
    for run in sorted(spool.iterdir()) if spool.is_dir() else ():
        for file in spool_files(run) if run.is_dir() else ():
            if writer_of(file) is not None:
                waiting += os.stat(file).st_size - offsets.get((run.name, file.name), 0)
    return Symptom(
        severity="note" if waiting > (64 << 20) else "fine",
        what="backlog",
        sentence=f"{waiting / 1e6:.1f} MB wait in the spool",
    )


def _losses(db: sqlite3.Connection) -> list[Symptom]:
    """Frames that never arrived, by run, beside what the writers themselves say they dropped."""
    lost: Counter[str] = Counter()
    told: dict[str, Counter[str]] = {}
    for row in rows_of(db, "SELECT run, lost, dropped FROM writers"):
        lost[row["run"]] += row["lost"]
        told.setdefault(row["run"], Counter()).update(_counts(row["dropped"]))
    found = []
    for run, count in sorted(lost.items()):
        reasons = ", ".join(f"{n} {why}" for why, n in sorted(told[run].items()) if n)
        if count or reasons:
            sentence = f"run {run}: {count} calls never arrived; its writers tell of "
            found.append(
                _bad("losses", f"{sentence}{reasons or 'nothing: a crash, or lost files'}")
            )
    return found


def _events(db: sqlite3.Connection) -> list[Symptom]:
    """What the collector counted, summed over places."""
    query = (
        "SELECT run, what, sum(count) AS count, count(*) AS places, min(place) AS place"
        " FROM events GROUP BY run, what ORDER BY run, what"
    )
    return [
        _bad(
            "events",
            f"run {row['run']}: {row['count']} {row['what'].replace('_', ' ')} "
            f"in {row['places']} places, first {row['place']}",
        )
        for row in rows_of(db, query)
    ]


def _counts(text: str) -> dict[str, int]:
    """Counts that a writer told; nothing when it told nonsense."""
    try:
        plain = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(plain, dict):
        return {}
    return {str(why)[:80]: n for why, n in plain.items() if isinstance(n, int)}


def _bad(what: str, sentence: str) -> Symptom:
    return Symptom(severity="bad", what=what, sentence=sentence)
