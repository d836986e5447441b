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
from overopt.watch.judging import Judging, Question
from overopt.watch.parts import PartOptions, roll_part
from overopt.watch.run_fold import RunFold
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
    ``judging`` is asked for the gold of drawn rows whose text is kept, in the name of ``judge``.

    Raises
    ------
    StoreError
        When another collector writes to the folder, or its store cannot be used.
    """

    def __init__(
        self,
        folder: str | Path,
        monitor_of: Callable[[str], Watching],
        *,
        judging: Judging | None = None,
        judge: str = "judge",
        parts: PartOptions | None = None,
        durable: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self.store = Store(folder, durable=durable)
        self._monitor_of = monitor_of
        self._judging, self._judge = judging, judge
        self._parts = parts or PartOptions()
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
                taken = sum(self._take(db, run) for run in self._runs())
                self._hear(db)
                questions = self._questions(db)
                for fold in self._folds.values():
                    if fold.changed:
                        fold.save(db)
        except BaseException:
            self._folds.clear()
            raise
        for question in questions:  # only now that the store knows that they are asked
            if self._judging is not None:
                self._judging.ask(question)
        self._remove_finished()
        self._roll()
        return taken

    def collect(self, stop: threading.Event, interval: float = 1.0) -> None:
        """Turns until ``stop`` is set, one per ``interval`` seconds while there is little to do.

        A disk that refuses is tried again; the spool keeps what the store cannot take.
        """
        while not stop.is_set():
            try:
                busy = self.turn() >= FRAMES_PER_TURN
            except (StoreError, OSError):
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

    def _fold(self, db: sqlite3.Connection, run: str) -> RunFold:
        if run not in self._folds:
            self._folds[run] = RunFold.read(db, run, self._monitor_of(run))
        return self._folds[run]

    def _take(self, db: sqlite3.Connection, run: str) -> int:
        """Fold what the spool of a run has brought: how many findings."""
        fold = self._fold(db, run)
        files = spool_files(self.folder / SPOOL / run)
        for file in files:
            if (named := writer_of(file)) is not None:
                fold.join(named[0])
        taken = 0
        for found in spooled(files, fold.offsets):
            fold.take(db, found)
            taken += 1
            if taken >= FRAMES_PER_TURN:
                break
        return taken

    def _hear(self, db: sqlite3.Connection) -> None:
        """Take in what the judge has answered; the others are asked again later."""
        for verdict in self._judging.verdicts() if self._judging is not None else ():
            if verdict.final:
                fold = self._fold(db, verdict.question.run)
                fold.answer(db, verdict.question.number, verdict.gold, self._judge)

    def _questions(self, db: sqlite3.Connection) -> list[Question]:
        """Rows to ask the judge about now, oldest first, noted as asked once more."""
        if self._judging is None or self._judging.room <= 0:
            return []
        waiting = db.execute(
            "SELECT run, number, prompt, completion, tries FROM draws"
            " WHERE status = 'waiting' AND completion IS NOT NULL ORDER BY run, number LIMIT ?",
            (self._judging.at_once + self._judging.room,),
        )
        questions = [
            Question(run=run, number=number, prompt=prompt, completion=completion, tries=tries + 1)
            for run, number, prompt, completion, tries in waiting
            if not self._judging.asked(run, number)
        ][: self._judging.room]
        db.executemany(
            "UPDATE draws SET tries = ? WHERE run = ? AND number = ?",
            [(each.tries, each.run, each.number) for each in questions],
        )
        return questions

    def _remove_finished(self) -> None:
        """Delete files that were read to their end, now that this is committed."""
        for fold in self._folds.values():
            for name in fold.finished:
                (self.folder / SPOOL / fold.run / name).unlink(missing_ok=True)
                fold.offsets.pop(name, None)
            fold.finished.clear()

    def _roll(self) -> None:
        """Move old samples into parts, apart from the turn: it must not fail with them."""
        for fold in self._folds.values():
            while fold.kept_rows >= self._parts.rows + self._parts.kept_rows:
                with self.store.transaction() as db:
                    rolled = roll_part(db, fold.run, self.folder, self._parts)
                if not rolled:
                    break
                fold.kept_rows -= rolled
