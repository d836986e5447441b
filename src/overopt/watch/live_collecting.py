"""The background of a run in its training process: collecting, judging, reading, telling alarms."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, final

from overopt.errors import StoreError
from overopt.watch.collector import SPOOL, Collector
from overopt.watch.live_settings import LiveSettings
from overopt.watch.numbers_told import numbers_told
from overopt.watch.run_judge import Lead, RunJudge
from overopt.watch.run_options import kept_options, monitor_of
from overopt.watch.store import DATABASE, opened_for_reading, rows_of

__all__ = ["LiveCollecting"]

INTERVAL = 0.5  # seconds between two turns
_INHERITED: list[LiveCollecting] = []


@final
class LiveCollecting:
    """A thread that turns what a run's processes spool into states, answers and alarms.

    Where another process collects the folder, this one reads what that one writes. Of the
    processes of a run one leads: it asks the judge and tells alarms.
    """

    def __init__(self, folder: Path, run: str, told: LiveSettings) -> None:
        self.document: Mapping[str, Any] | None = None
        self.numbers: tuple[tuple[str, float], ...] = ()
        self.counts: Counter[str] = Counter()
        self._folder, self._run, self._told = folder, run, told
        self._collector: Collector | None = None
        self._reader: sqlite3.Connection | None = None
        self._lead = Lead(folder / SPOOL / run)
        self._judge: RunJudge | None = None
        self._known: set[tuple[str, str, int]] | None = None
        self._kept = False
        self._done = False
        self._deadline = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="overopt-watch", daemon=True)
        if told.gold is not None:
            source = str((told.options or {}).get("gold_source"))
            self._judge = RunJudge(folder / SPOOL, run, told.gold, source, told.judge)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, timeout: float) -> bool:
        """Go on until nothing is left to do; whether that was within ``timeout`` seconds."""
        self._deadline = time.monotonic() + timeout
        self._stop.set()
        self._thread.join(timeout + INTERVAL)
        return self._done

    def let_go(self) -> None:
        """In a forked child: leave locks and connections to the parent, without finishing them."""
        _INHERITED.append(self)  # a connection that is collected as garbage would be closed
        self._lead.release()
        if self._collector is not None:
            self._collector.store.lease.release()

    def _work(self) -> None:
        while not self._stop.wait(INTERVAL):
            self._try(self._turn)
        while not self._done and time.monotonic() < self._deadline:
            self._done = self._try(self._turn) == 0
            time.sleep(0 if self._done else INTERVAL / 10)
        self._try(self._finish)

    def _try(self, part: Any) -> Any:
        """What ``part`` returns; None when it could not be done now."""
        try:
            return part()
        except Exception as error:
            self.counts[type(error).__name__[:40]] += 1
            return None

    def _turn(self) -> int:
        """Do what there is to do: how much may be left."""
        if not self._kept:
            kept_options(self._folder / SPOOL, self._run, self._told.options or {})
            self._kept = True
        taken = self._collect()
        if self._reader is None:
            if not (self._folder / DATABASE).exists():
                return taken  # nobody collects
            self._reader = opened_for_reading(self._folder)
        rows = rows_of(self._reader, "SELECT document FROM runs WHERE run = ?", (self._run,))
        if not rows:
            return taken
        self.document = json.loads(rows[0]["document"])
        self.numbers = numbers_told(self.document)
        if not self._lead.held():
            return taken
        self._tell(self._reader)
        return taken + (0 if self._judge is None else self._judge.turn(self._reader))

    def _collect(self) -> int:
        """A turn of the collector, if this process may be it."""
        if self._told.collect is False:
            return 0
        if self._collector is None:
            with suppress(StoreError):  # another process collects
                monitor = partial(monitor_of, self._folder / SPOOL)
                self._collector = Collector(self._folder, monitor)
        return 0 if self._collector is None else self._collector.turn()

    def _tell(self, db: sqlite3.Connection) -> None:
        """Tell the alarms that are new since this process began to look."""
        if not self._told.on_alarm:
            return
        query = "SELECT tier, name, step, content FROM alarms WHERE run = ? ORDER BY batch"
        rows = rows_of(db, query, (self._run,))
        keys = [(row["tier"], row["name"], row["step"]) for row in rows]
        if self._known is None:
            self._known = set(keys)
        for key, row in zip(keys, rows, strict=True):
            if key not in self._known:
                self._known.add(key)
                alarm = {"run": self._run, **row, "content": json.loads(row["content"])}
                for each in self._told.on_alarm:
                    self._try(partial(each, alarm))

    def _finish(self) -> None:
        if self._judge is not None:
            self._judge.close()
        if self._reader is not None:
            self._reader.close()
        if self._collector is not None:
            self._collector.turn()
            self._collector.close()
        self._lead.release()
