"""The doctor names what is wrong, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from counting_monitor import CountingMonitor
from spooled_runs import spooled_run

import overopt.watch.doctor as doctor
from overopt.watch.collector import Collector
from overopt.watch.doctor import Symptom, symptoms, wal_reset_fault
from overopt.watch.frame import frame
from overopt.watch.spool_file import spool_files
from overopt.watch.store import DATABASE

FAULTY = ["3.7.0", "3.40.1", "3.44.5", "3.50.6", "3.51.2", "3.45.0", "3.49.9"]
SOUND = ["3.6.23", "3.44.6", "3.44.9", "3.50.7", "3.51.3", "3.52.0", "4.0.0"]


@pytest.mark.parametrize("version", FAULTY + SOUND)
def test_versions_with_the_known_fault(version: str) -> None:
    major, minor, patch = map(int, version.split("."))
    assert wal_reset_fault((major, minor, patch)) == (version in FAULTY)


def told(folder: Path, what: str) -> list[Symptom]:
    return [each for each in symptoms(folder) if each.what == what]


def collect(folder: Path) -> Collector:
    collector = Collector(folder, lambda run: CountingMonitor())
    collector.turn()
    return collector


def test_a_sound_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK", 0)
    spooled_run(tmp_path)
    collector = collect(tmp_path)
    found = symptoms(tmp_path, thorough=True)
    assert {each.severity for each in found if each.what != "sqlite"} == {"fine"}
    assert "at work: process" in told(tmp_path, "collector")[0].sentence
    collector.close()
    assert "none is at work" in told(tmp_path, "collector")[0].sentence


def test_nothing_there(tmp_path: Path) -> None:
    found = symptoms(tmp_path / "nowhere")
    assert found[0].severity == "bad"
    assert "does not exist" in found[0].sentence


def test_losses_are_told_with_the_reasons_of_the_writer(tmp_path: Path) -> None:
    spooled_run(tmp_path)
    (file,) = spool_files(tmp_path / "spool" / "r")
    with file.open("ab") as stream:
        stream.write(frame("drops", 30, b'{"ring_full": 9, "bad": "x"}'))
        stream.write(frame("scored", 29, b""))
        stream.write(b"rubbish")
    collect(tmp_path).close()
    (loss,) = told(tmp_path, "losses")
    assert loss.sentence == "run r: 9 calls never arrived; its writers tell of 9 ring_full"
    events = [each.sentence for each in told(tmp_path, "events")]
    assert len(events) == 2
    assert events[0].startswith("run r: 7 damaged bytes in 1 places, first w0.000000.frames:")
    assert symptoms(tmp_path)[0].severity == "bad"


def test_what_waits_in_the_spool_is_counted(tmp_path: Path) -> None:
    spooled_run(tmp_path / "a")
    collect(tmp_path / "a").close()
    spooled_run(tmp_path / "a", writers=("w9",), steps=2000)
    (backlog,) = told(tmp_path / "a", "backlog")
    waiting = sum(file.stat().st_size for file in spool_files(tmp_path / "a" / "spool" / "r"))
    assert backlog.sentence == f"{waiting / 1e6:.1f} MB wait in the spool"
    assert waiting > 100_000


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    spooled_run(tmp_path)
    collect(tmp_path).close()
    path = tmp_path / DATABASE
    data = bytearray(path.read_bytes())
    data[4096:-4096] = bytes(len(data) - 8192)
    path.write_bytes(data)
    assert symptoms(tmp_path)[0].what == "store"
    assert symptoms(tmp_path)[0].severity == "bad"
    assert path.read_bytes() == data
