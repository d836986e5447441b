"""A judge that answers the drawn rows of one run, by way of the run's spool.

So the judge may live in the training process while another process collects. Among the processes
of a run only the one that leads it asks its judge, and it leads for as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections import Counter
from math import isfinite
from pathlib import Path
from typing import final

from overopt.watch.judging import Judge, JudgeOptions, Judging, Question
from overopt.watch.spool import Spool

__all__ = ["Lead", "RunJudge"]

LEAD = "lead.lock"
AT_A_TIME = 0.4  # seconds for which a quick judge is asked one row after another
PAUSE = 0.005


@final
class Lead:
    """Whether this process speaks for a run: the first to ask does, until it ends."""

    def __init__(self, folder: Path) -> None:
        self._path, self._fd = folder / LEAD, -1

    def held(self) -> bool:
        """Whether this process leads, trying to if nobody does; OSError without the folder."""
        if self._fd >= 0:
            return True
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        """Let another process lead."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@final
class RunJudge:
    """Asks ``judge`` about the rows of ``run`` that wait with their text, oldest first."""

    def __init__(
        self,
        spool: str | Path,
        run: str,
        judge: Judge,
        source: str,
        options: JudgeOptions | None = None,
    ) -> None:
        self._spool, self._run, self._source = Path(spool), run, source
        self._judging = Judging(judge, options)
        self._answers: Spool | None = None
        self._tries: Counter[int] = Counter()
        self._answered: set[int] = set()

    def turn(self, db: sqlite3.Connection) -> int:
        """Hand in what was answered and ask about more, for a while: how many rows wait then."""
        end = time.monotonic() + AT_A_TIME
        waiting = self._waiting(db)
        while True:
            heard = self._hear()
            waiting = [number for number in waiting if number not in self._answered]
            for number in waiting:
                if self._judging.room <= 0:
                    break
                if not self._judging.asked(self._run, number):
                    self._ask(db, number)
            if not waiting or time.monotonic() > end:
                return len(waiting)
            time.sleep(0 if heard else PAUSE)

    def close(self) -> None:
        """Finish the file of answers."""
        if self._answers is not None:
            self._answers.close()

    def _hear(self) -> int:
        """Hand in the judge's final answers; how many there were."""
        final = [verdict for verdict in self._judging.verdicts() if verdict.final]
        for verdict in final:
            self._answer(verdict.question.number, verdict.gold)
        return len(final)

    def _waiting(self, db: sqlite3.Connection) -> list[int]:
        """Rows that have no answer yet, as far as the store and this judge know."""
        query = (
            "SELECT number FROM draws WHERE run = ? AND status = 'waiting'"
            " AND completion IS NOT NULL ORDER BY number"
        )
        numbers = [number for (number,) in db.execute(query, (self._run,))]
        self._answered.intersection_update(numbers)
        return [number for number in numbers if number not in self._answered]

    def _ask(self, db: sqlite3.Connection, number: int) -> None:
        query = "SELECT prompt, completion FROM draws WHERE run = ? AND number = ?"
        prompt, completion = db.execute(query, (self._run, number)).fetchone()
        self._tries[number] += 1
        question = Question(
            run=self._run,
            number=number,
            prompt=prompt,
            completion=completion,
            tries=self._tries[number],
        )
        self._judging.ask(question)

    def _answer(self, number: int, gold: float | None) -> None:
        if self._answers is None:
            self._answers = Spool(self._spool, self._run)
        usable = gold if gold is not None and isfinite(gold) else None
        self._answers.label(number, usable, source=self._source)
        self._answered.add(number)
        del self._tries[number]
