"""The client in the training process: it takes note of reward calls and is never in the way.

A call is packed into a frame on the calling thread and put into a bounded ring in memory; a thread
writes the ring to the spool. Nothing here raises into training, waits for a disk or grows: when the
ring is full the oldest frames are dropped, counted by reason, and the count is written down as soon
as it can be. Each process, and each child that it forks, writes files of its own.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from overopt.watch.frame import FrameKind, Scored, frame, packed
from overopt.watch.reward_call import pieces_of, scored_rows, with_texts
from overopt.watch.spool_file import SpoolFile, checked_name

__all__ = ["Spool", "SpoolOptions"]

CHUNK_BYTES = 1 << 20
LONGEST_WAIT = 1.0  # seconds between two attempts to write to a disk that refuses


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class SpoolOptions:
    """Limits of a spool, in bytes and seconds.

    ``ring_bytes`` of memory and ``disk_bytes`` of uncollected files are never exceeded; a file is
    followed by the next after ``file_bytes``. The ring is written every ``pause`` seconds, so that
    is what a killed process loses. With ``keep_text`` prompts and completions are kept, each up to
    8 Ki characters; without it only their hashes.
    """

    ring_bytes: int = 32 << 20
    file_bytes: int = 16 << 20
    disk_bytes: int = 4 << 30
    pause: float = 0.05
    keep_text: bool = False


@final
class Spool:
    """Frames of one process on their way to disk, under ``folder/run/``.

    No method raises after construction, whatever it is given. ``writer`` names this process among
    all that ever write to the run; None makes a name of host, process and time.

    Raises
    ------
    BadOption
        At construction, when ``run`` or ``writer`` cannot be part of a path.
    """

    def __init__(
        self,
        folder: str | Path,
        run: str,
        *,
        writer: str | None = None,
        options: SpoolOptions | None = None,
    ) -> None:
        self.run = checked_name(run, "run")
        self._folder = Path(folder) / run
        self._options = options or SpoolOptions()
        self._begin(_own_name() if writer is None else checked_name(writer, "writer"))
        _ALIVE.add(self)
        with suppress(Exception):  # no thread now: the next call tries again
            self._ensure_thread()

    def append(
        self,
        step: int,
        proxy: Any,
        *,
        prompt_ids: Sequence[Any] | None = None,
        prompts: Sequence[Any] | None = None,
        completions: Sequence[Any] | None = None,
        gold: Any = None,
        kl: Any = None,
        components: Mapping[str, Any] | None = None,
    ) -> str | None:
        """Take note of one reward call: ``proxy`` [rows] and what belongs to its rows.

        Rows of one prompt share a name in ``prompt_ids``; without names, equal ``prompts`` do;
        without either all rows are of one prompt. Returns the key of the batch, None when it could
        not be taken (``counts`` says why).
        """
        try:
            if self._closed:
                self.counts["closed"] += 1
                return None
            if self._thread is None:
                self._ensure_thread()
            scored = scored_rows(step, proxy, prompt_ids, prompts, gold, kl, components)
            if self._options.keep_text:
                scored = with_texts(scored, prompts, completions)
            return self._take(scored)
        except Exception as error:
            self.counts[f"error_{type(error).__name__[:40]}"] += 1
            return None

    def label(
        self, number: int, gold: float | None, *, source: str, person: str | None = None
    ) -> None:
        """Hand in the gold of draw ``number``, None for a final refusal."""
        self._note("label", {"number": number, "gold": gold, "source": source, "person": person})

    def ask(self, rows: int, *, person: str | None = None) -> None:
        """Say that somebody sits down to label ``rows`` samples, which are drawn now."""
        self._note("ask", {"rows": rows, "person": person})

    def flush(self, timeout: float = 2.0) -> bool:
        """Whether everything appended so far is on disk, after waiting ``timeout`` seconds at most.

        After True no crash of this process or of the machine loses it.
        """
        return self._served_in(timeout, closing=False)

    def close(self, timeout: float = 2.0) -> bool:
        """Flush, say that this writer has ended, and stop; whether all of it is on disk."""
        _ALIVE.discard(self)
        return self._closed or self._served_in(timeout, closing=True)

    # -- the calling thread

    def _begin(self, writer: str) -> None:
        """A fresh start under a name of its own: at construction and in a forked child."""
        limits = self._options
        self.writer = writer
        self.counts: Counter[str] = Counter()
        self._file = SpoolFile(
            self._folder, writer, file_bytes=limits.file_bytes, disk_bytes=limits.disk_bytes
        )
        self._ring: deque[bytes] = deque()
        self._in_hand: list[bytes] = []
        self._bytes = 0
        self._next_seq = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._served_changed = threading.Condition()
        self._asked = self._served = 0
        self._closing = self._closed = False
        self.degraded = False
        self._noted: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def _reborn(self) -> None:
        """In a forked child: the parent's file, ring and thread are not ours.

        Nothing is begun on disk before the child's first call, for most children never make one.
        """
        self._file.close()
        self._begin(_own_name())

    def _served_in(self, timeout: float, *, closing: bool) -> bool:
        """Whether the writing thread gets to a request made now within ``timeout`` seconds."""
        if self._thread is None and not self._ring:
            self._closed |= closing
            return True
        try:
            with self._served_changed:
                self._asked += 1
                ticket = self._asked
                self._closing |= closing
            self._ensure_thread()
            self._wake.set()
            with self._served_changed:
                return self._served_changed.wait_for(lambda: self._served >= ticket, timeout)
        except Exception:
            return False

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._work, name="overopt-spool", daemon=True)
            thread.start()
            self._thread = thread

    def _take(self, scored: Scored) -> str:
        """The call into the ring, in several frames if it is large; the key of the first."""
        seqs = [self._put("scored", packed(piece)) for piece in pieces_of(scored)]
        return f"{self.writer}:{seqs[0]}"

    def _note(self, kind: FrameKind, content: Mapping[str, Any]) -> None:
        try:
            self._put(kind, json.dumps(content, allow_nan=False).encode())
        except Exception as error:
            self.counts[f"error_{type(error).__name__[:40]}"] += 1

    def _put(self, kind: FrameKind, body: bytes) -> int:
        with self._lock:
            seq = self._next_seq
            self._next_seq += 1
            data = frame(kind, seq, body)
            self._ring.append(data)
            self._bytes += len(data)
            while self._bytes > self._options.ring_bytes and self._ring:
                self._bytes -= len(self._ring.popleft())
                self.counts["ring_full"] += 1
        return seq

    # -- the writing thread

    def _work(self) -> None:
        """Turns until closed. A disk that refuses is tried again after a while."""
        while not self._closed:
            try:
                self._turn()
                self.degraded = False
            except Exception as error:
                self.degraded = True
                self.counts[f"retried_{type(error).__name__[:40]}"] += 1
                time.sleep(min(LONGEST_WAIT, 10 * self._options.pause))
            self._wake.wait(0 if self._closed else self._options.pause)
            self._wake.clear()

    def _turn(self) -> None:
        """Write what is there, and serve who waits for it."""
        file = self._file
        with self._served_changed:
            asked, closing = self._asked, self._closing
        file.open()
        self._drain(file)
        self._write_counts(file)
        if closing:
            file.write(frame("end", self._next_seq, b"{}"))
        if asked > self._served:
            file.sync()
        if closing:
            self._closed = True
            file.close()
        with self._served_changed:
            self._served = asked
            self._served_changed.notify_all()

    def _drain(self, file: SpoolFile) -> None:
        """Write the frames that are in the ring now, a chunk at a time."""
        last = self._next_seq  # later ones wait for the next turn, so that a flush ends
        while self._in_hand or self._ring:
            if not self._in_hand:
                self._grasp()
            if not file.write(b"".join(self._in_hand)):
                self.counts["disk_share_full"] += len(self._in_hand)
            with self._lock:
                self._bytes -= sum(map(len, self._in_hand))
                self._in_hand = []
                if self._next_seq - len(self._ring) >= last:
                    return

    def _grasp(self) -> None:
        """Move up to a chunk from the ring into the hand, where nothing is dropped."""
        size, most = 0, min(CHUNK_BYTES, self._options.ring_bytes // 8)
        with self._lock:
            while self._ring and size < most:
                size += len(self._ring[0])
                self._in_hand.append(self._ring.popleft())

    def _write_counts(self, file: SpoolFile) -> None:
        """Write down what was lost so far and why, whenever that has changed."""
        counts = dict(self.counts)
        if counts != self._noted:
            body = json.dumps(counts, sort_keys=True).encode()
            if file.write(frame("drops", self._next_seq, body)):
                self._noted = counts


def _own_name() -> str:
    host = "".join(c if c.isascii() and c.isalnum() else "-" for c in socket.gethostname())[:24]
    return f"{host}-{os.getpid()}-{time.time_ns():x}"


_ALIVE: set[Spool] = set()


def _close_all() -> None:
    for spool in list(_ALIVE):
        spool.close()


def _after_fork() -> None:
    for spool in list(_ALIVE):
        spool._reborn()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork)
