"""The client is never in the way: it raises nothing, waits for nothing, grows by nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import overopt.watch.spool as spool_module
from overopt.errors import BadOption
from overopt.watch.frame import Frame, Scored, frames_in, unpacked
from overopt.watch.spool import Spool, SpoolOptions
from overopt.watch.spool_file import SpoolFile, spool_files, writer_is_gone

QUICK = SpoolOptions(pause=0.005)


def frames(folder: Path, run: str = "r") -> list[Frame]:
    """Frames of every file of a run, which must be sound."""
    found = []
    for file in spool_files(folder / run):
        items = list(frames_in(file.read_bytes(), 0, complete=True))
        assert all(isinstance(item, Frame) for item in items)
        found += [item for item in items if isinstance(item, Frame)]
    return found


def calls(folder: Path) -> list[Scored]:
    return [unpacked(item.body) for item in frames(folder) if item.kind == "scored"]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    client = Spool(tmp_path, "r", writer="w", options=QUICK)
    yield client
    client.close()


def test_a_call_is_on_disk_after_a_flush(spool: Spool, tmp_path: Path) -> None:
    key = spool.append(
        3, [1.0, None, 2], prompt_ids=["a", "b", "a"], components={"length": [1, 2, 3]}
    )
    assert key == "w:0"
    assert spool.flush()
    (call,) = calls(tmp_path)
    assert (call.step, call.prompt_ids, call.group.tolist()) == (3, ("a", "b"), [0, 1, 0])
    np.testing.assert_array_equal(call.proxy, [1, np.nan, 2])
    assert call.components["length"].tolist() == [1, 2, 3]
    assert (tmp_path / "r" / "w.000000.frames").stat().st_mode & 0o777 == 0o600


def test_prompts_are_kept_as_hashes_unless_text_is_wanted(tmp_path: Path) -> None:
    for keep in (False, True):
        folder = tmp_path / str(keep)
        options = SpoolOptions(pause=0.005, keep_text=keep)
        with_text = Spool(folder, "r", options=options)
        with_text.append(0, [1, 2, 3], prompts=["one", "two", "one"], completions=list("xyz"))
        assert with_text.close()
        (call,) = calls(folder)
        assert call.group.tolist() == [0, 1, 0]
        assert all(len(name) == 24 for name in call.prompt_ids)
        assert call.prompts == (("one", "two") if keep else None)
        assert call.completions == (("x", "y", "z") if keep else None)
        assert (b"one" in b"".join(f.read_bytes() for f in spool_files(folder / "r"))) == keep


def test_columns_that_do_not_fit_are_left_out(spool: Spool, tmp_path: Path) -> None:
    spool.append(0, [1.0, 2.0], gold=[1.0], kl=[0.1, 0.2], components={"x": [1], "y": [1, 2]})
    assert spool.append(0, [1.0, 2.0], prompt_ids=["a"]) is None  # rows without their prompts
    assert spool.counts == {"error_ValueError": 1}
    spool.flush()
    (call,) = calls(tmp_path)
    assert call.gold is None
    assert list(call.components) == ["y"]


def test_s06_many_components_long_names_and_many_rows(spool: Spool, tmp_path: Path) -> None:
    spool.append(0, [1.0], components={f"c{i}": [float(i)] for i in range(1000)})
    spool.append(1, np.arange(40_000.0), prompt_ids=[f"{i}" + "x" * 500 for i in range(40_000)])
    spool.flush()
    first, *others = calls(tmp_path)
    assert len(first.components) == 256
    assert len(others) == 3
    assert np.concatenate([call.proxy for call in others]).tolist() == list(range(40_000))
    names = [call.prompt_ids[group] for call in others for group in call.group]
    assert len(set(names)) == 40_000
    assert max(map(len, names)) == 24


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", "x" * 65, "a\0", "é", "a.b"])
def test_s02_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadOption, match="use 1 to 64 of"):
        Spool(tmp_path, name)


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("no text either")

    __repr__ = __hash__ = __iter__ = __len__ = __float__ = __str__  # type: ignore[assignment]


NONSENSE: list[dict[str, Any]] = [
    {"step": None, "proxy": [1.0]},
    {"step": 2**80, "proxy": [1.0]},
    {"step": 0, "proxy": Hostile()},
    {"step": 0, "proxy": [Hostile()], "prompt_ids": [Hostile()]},
    {"step": 0, "proxy": [1.0], "prompts": [Hostile()]},
    {"step": 0, "proxy": [1.0], "prompt_ids": 5},
    {"step": 0, "proxy": [1.0], "components": {Hostile: [1.0], "x": Hostile()}},
    {"step": 0, "proxy": [1.0], "components": Hostile()},
    {"step": Hostile(), "proxy": []},
    {"step": 0, "proxy": [[1.0, 2.0], [3.0]]},
    {"step": 0, "proxy": "text"},
]


@pytest.mark.parametrize("call", NONSENSE, ids=range(len(NONSENSE)))
def test_r01_nonsense_is_not_an_error(spool: Spool, call: dict[str, Any]) -> None:
    spool.append(call.pop("step"), call.pop("proxy"), **call)
    spool.label(1, float("nan"), source="x")
    assert spool.append(1, [1.0]) is not None


def failing(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


SITES: list[tuple[Any, str]] = [
    (spool_module, "scored_rows"),
    (spool_module, "packed"),
    (spool_module, "pieces_of"),
    (spool_module, "frame"),
    (spool_module.json, "dumps"),
    (spool_module.threading.Thread, "start"),
    (SpoolFile, "open"),
    (SpoolFile, "write"),
    (SpoolFile, "sync"),
    (SpoolFile, "close"),
    (os, "write"),
    (os, "open"),
    (os, "fsync"),
    (os, "ftruncate"),
    (Path, "mkdir"),
]


@pytest.mark.parametrize(("owner", "name"), SITES, ids=lambda site: getattr(site, "__name__", site))
@pytest.mark.parametrize("error", [OSError(errno.EIO, "no"), ValueError("no"), MemoryError()])
def test_r01_no_internal_failure_reaches_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, failing(error))
        client = Spool(tmp_path, "r", options=SpoolOptions(pause=0.001))
        for step in range(50):
            client.append(step, [1.0, 2.0], prompt_ids=["a", "b"])
        client.label(0, 1.0, source="x")
        client.flush(timeout=0.01)
    client.append(50, [1.0])
    assert client.close()
    assert [call.step for call in calls(tmp_path)][-1] == 50


def test_r02_a_disk_that_hangs_holds_nothing_up(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(os, "write", lambda *_: stuck.wait(30) and 0)
    began = time.monotonic()
    for step in range(2000):
        assert spool.append(step, [1.0] * 64) is not None
    assert not spool.flush(timeout=0.05)
    assert time.monotonic() - began < 5
    monkeypatch.undo()
    stuck.set()


def test_r04_the_ring_drops_the_oldest_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 100_000
    client = Spool(tmp_path, "r", options=SpoolOptions(pause=0.001, ring_bytes=limit))
    with monkeypatch.context() as patch:
        patch.setattr(SpoolFile, "write", failing(OSError(errno.ENOSPC, "full")))
        for step in range(1000):
            client.append(step, [0.0] * 64)
            assert client._bytes <= limit
        assert not client.flush(timeout=0.05)
        assert client.degraded
    assert client.close()
    assert not client.degraded
    steps = [call.step for call in calls(tmp_path)]
    dropped = client.counts["ring_full"]
    assert dropped > 0
    assert len(steps) == 1000 - dropped
    assert steps[-40:] == list(range(960, 1000))  # the newest are there, in order
    told = [json.loads(item.body) for item in frames(tmp_path) if item.kind == "drops"]
    assert told[-1]["ring_full"] == dropped


def test_r14_a_full_disk_leaves_whole_frames_and_is_survived(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes half of a chunk, then nothing, then everything again."""
    genuine, room = os.write, [700]

    def write(fd: int, data: bytes) -> int:
        if room[0] <= 0:
            raise OSError(errno.ENOSPC, "full")
        taken = genuine(fd, data[: room[0]])
        room[0] -= taken
        return taken

    assert spool.flush()
    monkeypatch.setattr(os, "write", write)
    for step in range(100):
        spool.append(step, [float(step)] * 8)
    assert not spool.flush(timeout=0.1)
    monkeypatch.undo()
    assert spool.flush()
    assert [call.step for call in calls(tmp_path)] == list(range(100))


def test_a_failed_fsync_begins_a_new_file(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append(0, [1.0])
    assert spool.flush()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(OSError(errno.EIO, "no")))
        spool.append(1, [1.0])
        assert not spool.flush(timeout=0.05)
    spool.append(2, [1.0])
    assert spool.flush()
    assert len(spool_files(tmp_path / "r")) > 1
    assert [call.step for call in calls(tmp_path)] == [0, 1, 2]


def test_files_rotate_and_their_share_of_disk_is_kept(tmp_path: Path) -> None:
    limits = SpoolOptions(pause=0.001, file_bytes=2_000, disk_bytes=20_000)
    client = Spool(tmp_path, "r", writer="w", options=limits)
    for step in range(200):
        client.append(step, [0.0] * 16)
        assert client.flush()
    files = spool_files(tmp_path / "r")
    assert len(files) > 3
    assert sum(file.stat().st_size for file in files) < 20_000 + 2_000 + 1_000
    kept = [call.step for call in calls(tmp_path)]
    assert kept == list(range(len(kept)))
    assert client.counts["disk_share_full"] == 200 - len(kept)
    for file in files[:-1]:
        file.unlink()  # as a collector does
    client.append(200, [0.0])
    assert client.close()
    assert [call.step for call in calls(tmp_path)][-1] == 200


def test_r18_threads_share_a_spool(spool: Spool, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for step in range(100):
            spool.append(step, [float(number)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spool.flush()
    assert [item.seq for item in frames(tmp_path)] == list(range(800))


def test_r18_a_fork_writes_files_of_its_own(spool: Spool, tmp_path: Path) -> None:
    spool.append(0, [1.0])
    for step in range(1, 6):
        pid = os.fork()
        if pid == 0:
            kept = spool.append(step, [2.0]) is not None and spool.close()
            os._exit(0 if kept and spool.writer != "w" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    idle = os.fork()
    if idle == 0:
        os._exit(0)
    os.waitpid(idle, 0)
    spool.append(6, [1.0])
    assert spool.flush()
    by_writer = [file.name for file in spool_files(tmp_path / "r")]
    assert len(by_writer) == 6  # five children that wrote, one parent; none for the idle child
    assert sorted(call.step for call in calls(tmp_path)) == list(range(7))
    own = tmp_path / "r" / "w.000000.frames"
    assert [writer_is_gone(file) for file in (own, tmp_path / "r" / by_writer[0])] == [False, True]


ENDING = """
import os, signal, sys
from overopt.watch.spool import Spool
spool = Spool(sys.argv[1], "r")
for step in range(500):
    spool.append(step, [1.0] * 8)
{end}
"""


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise RuntimeError", "spool.close()"])
def test_r19_an_ending_process_leaves_everything(tmp_path: Path, end: str) -> None:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", ENDING.format(end=end), tmp_path], capture_output=True)
    assert time.monotonic() - began < 20
    assert [call.step for call in calls(tmp_path)] == list(range(500))
    assert frames(tmp_path)[-1].kind == "end"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_r19_a_killed_process_loses_less_than_a_second(
    tmp_path: Path, number: signal.Signals
) -> None:
    end = f"import time; time.sleep(0.5); os.kill(os.getpid(), {int(number)})"
    subprocess.run([sys.executable, "-c", ENDING.format(end=end), tmp_path], capture_output=True)
    assert [call.step for call in calls(tmp_path)] == list(range(500))
    (file,) = spool_files(tmp_path / "r")
    assert writer_is_gone(file)


def test_r03_the_client_imports_no_framework(tmp_path: Path) -> None:
    code = (
        "import sys; from overopt.watch.spool import Spool; s = Spool(sys.argv[1], 'r');"
        "s.append(0, [1.0]); s.close();"
        "heavy = {'torch', 'pyarrow', 'scipy.stats', 'pandas', 'sqlite3'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)
