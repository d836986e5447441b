"""One run as its training process sees it: a spool, and a thread that does all the rest.

The training thread packs calls and goes on. A thread of the same process collects the folder into
its store, unless another process already does; asks the judge about drawn rows; reads what the
store says of the run; and tells alarms. None of this raises into training.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, final

from overopt.errors import BadOption
from overopt.watch.collector import SPOOL
from overopt.watch.live_collecting import LiveCollecting
from overopt.watch.live_settings import LiveSettings
from overopt.watch.run_options import kept_options
from overopt.watch.spool import Spool, SpoolOptions
from overopt.watch.spool_file import checked_name

__all__ = ["FOLDER", "LiveRun", "live_run"]

FOLDER = "overopt-watch"
AT_EXIT = 2.0  # seconds that the end of a process may wait for the last labels


@final
class LiveRun:
    """A run in this process; made by ``live_run``, so that there is one of it."""

    def __init__(self, run: str, folder: Path) -> None:
        self.run, self.folder = checked_name(run, "run"), folder
        self.counts: Counter[str] = Counter()
        self.kl: float | None = None
        self.evaluating: Callable[[], bool] = lambda: False
        self._settings = LiveSettings()
        self._lock = threading.Lock()
        self._spool: Spool | None = None
        self._collecting: LiveCollecting | None = None

    def __reduce__(self) -> Any:
        return _revived, (self.run, self.folder, self._settings)

    def settle(self, told: LiveSettings) -> None:
        """Add settings; BadOption when they contradict earlier ones."""
        with self._lock:
            joined = self._settings.joined(told)
            if self._spool is not None and (joined.gold is None) != (self._settings.gold is None):
                raise BadOption(f"run {self.run!r} has begun without gold: name it before training")
            self._settings = joined

    def begin(self) -> None:
        """Write the run's options down now; BadOption when it was begun with others."""
        kept_options(self.folder / SPOOL, self.run, self._settings.options or {})

    def note(self, step: int, proxy: Any, **columns: Any) -> None:
        """Take note of scored samples, as ``Spool.append`` does. Never raises, never waits."""
        try:
            if self.kl is not None:
                columns.setdefault("kl", [self.kl] * len(proxy))
            self._opened().append(step, proxy, **columns)
        except Exception as error:
            self.counts[type(error).__name__[:40]] += 1

    @property
    def document(self) -> Mapping[str, Any] | None:
        """What the store says of the run, half a second old or so; None before it says anything."""
        return None if self._collecting is None else self._collecting.document

    @property
    def numbers(self) -> tuple[tuple[str, float], ...]:
        """The document's numbers by the names that trackers show; none before it says anything."""
        return () if self._collecting is None else self._collecting.numbers

    @property
    def red(self) -> tuple[str, ...]:
        """Names of the signals that are red now, as far as is known."""
        return tuple(each["name"] for each in self.signals if each.get("state") == "red")

    @property
    def signals(self) -> Sequence[Mapping[str, Any]]:
        """The red signals' states as the document has them; none before the first labels."""
        runs = (self.document or {}).get("runs") or [{}]
        found: Sequence[Mapping[str, Any]] = runs[0].get("signals", ())
        return found

    def close(self, timeout: float = AT_EXIT) -> bool:
        """End the run: whether everything was collected and judged within ``timeout`` seconds.

        A later call of a watched function begins anew.
        """
        with self._lock:
            spool, collecting, self._spool = self._spool, self._collecting, None
        flushed = spool is None or spool.close(timeout)
        return flushed and (collecting is None or collecting.close(timeout))

    def _reborn(self) -> None:
        """In a forked child: what collects is the parent's."""
        if self._collecting is not None:
            self._collecting.let_go()
        self._lock, self._spool, self._collecting = threading.Lock(), None, None

    def _opened(self) -> Spool:
        if self._spool is None:
            with self._lock:
                if self._spool is None:
                    self._spool = self._begun()
        return self._spool

    def _begun(self) -> Spool:
        told = self._settings
        keep = told.gold is not None if told.keep_text is None else told.keep_text
        spool = Spool(self.folder / SPOOL, self.run, options=SpoolOptions(keep_text=keep))
        try:
            self._collecting = LiveCollecting(self.folder, self.run, told)
            self._collecting.start()
        except Exception as error:  # the spool keeps what another process may collect
            self.counts[type(error).__name__[:40]] += 1
        return spool


_RUNS: dict[tuple[str, str], LiveRun] = {}
_LOCK = threading.Lock()


def live_run(run: str, folder: str | Path | None, told: LiveSettings | None = None) -> LiveRun:
    """The run of this name in this process, which also means ``told``.

    ``folder`` None: that of the environment variable OVEROPT_WATCH, else ``overopt-watch``.

    Raises
    ------
    BadOption
        When the name cannot be part of a path, or ``told`` contradicts what the run was told.
    """
    where = Path(folder or os.environ.get("OVEROPT_WATCH") or FOLDER).expanduser().absolute()
    key = (str(where), checked_name(run, "run"))
    with _LOCK:
        found = _RUNS.setdefault(key, LiveRun(run, where))
    if told is not None:
        found.settle(told)
    return found


def _revived(run: str, folder: Path, told: LiveSettings) -> LiveRun:
    return live_run(run, folder, told)


def _close_all() -> None:
    for run in list(_RUNS.values()):
        with suppress(Exception):
            run.close()


def _after_fork() -> None:
    for run in list(_RUNS.values()):
        run._reborn()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_after_fork)
