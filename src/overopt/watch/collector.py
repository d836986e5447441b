"""The collector: the one process that writes the store.

Each turn reads what the spools have brought, folds it through the monitor of its run and commits
frames, offsets, states, draws and alarms in one transaction. Killed at any moment, it goes on from
the last commit with the same states, bit by bit; what is read again is recognised by its number.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import final

from overopt.errors import StoreError
from overopt.watch.run_fold import FoldOptions, RunFold
from overopt.watch.spool_file import NAME, spool_files, writer_of
from overopt.watch.store import Store
from overopt.watch.tail import spooled
from overopt.watch.watching import Watching

__all__ = ["SPOOL", "Collector"]

SPOOL = "spool"
FRAMES_PER_TURN = 5_000


@final
class Collector:
    """Collects ``folder/spool/*`` into the store of ``folder``.

    ``monitor_of`` gives the monitor of a run by its name; it must be the same after a restart.
    """

    def __init__(
        self,
        folder: str | Path,
        monitor_of: Callable[[str], Watching],
        *,
        options: FoldOptions | None = None,
        durable: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self.store = Store(folder, durable=durable)
        self._monitor_of = monitor_of
        self._options = options or FoldOptions()
        self._folds: dict[str, RunFold] = {}

    def turn(self) -> int:
        """Take in what is there, up to a limit: how many findings that was.

        Raises
        ------
        StoreError
            When the turn could not be committed. Nothing of it is kept; the next one tries again.
        """
        self.store.lease.beat()
        try:
            with self.store.transaction() as db:
                taken = 0
                for run in self._runs():
                    fold = self._folds.get(run)
                    if fold is None:
                        fold = RunFold.read(db, run, self._monitor_of(run), self._options)
                        self._folds[run] = fold
                    count = self._take(db, fold)
                    if count:
                        fold.save(db)
                    taken += count
        except BaseException:
            self._folds.clear()
            raise
        self._remove_finished()
        return taken

    def collect(self, stop: threading.Event, interval: float = 1.0) -> None:
        """Turns until ``stop`` is set, one per ``interval`` seconds while there is little to do.

        A store that refuses (a full disk) is tried again; the spool keeps what it cannot take.
        """
        while not stop.is_set():
            try:
                busy = self.turn() >= FRAMES_PER_TURN
            except StoreError:
                busy = False
            if not busy:
                stop.wait(interval)

    def close(self) -> None:
        """Let another collector take over."""
        self.store.close()

    def _runs(self) -> list[str]:
        spool = self.folder / SPOOL
        if not spool.is_dir():
            return []
        return sorted(each.name for each in spool.iterdir() if NAME.fullmatch(each.name))

    def _take(self, db: sqlite3.Connection, fold: RunFold) -> int:
        files = spool_files(self.folder / SPOOL / fold.run)
        for file in files:
            fold.join((writer_of(file) or ("", 0))[0])
        taken = 0
        for found in spooled(files, fold.offsets):
            fold.take(db, found)
            taken += 1
            if taken >= FRAMES_PER_TURN:
                break
        return taken

    def _remove_finished(self) -> None:
        """Delete files that were read to their end, now that this is committed."""
        for fold in self._folds.values():
            for name in fold.finished:
                (self.folder / SPOOL / fold.run / name).unlink(missing_ok=True)
                fold.offsets.pop(name, None)
            fold.finished.clear()
