"""What watching costs: training for taking note, the machine for collecting it.

On the training side the floor is one pass of NumPy over the same values, turned into bytes; what is
promised is absolute, in CPU time of the calling thread. How long a call took to return is shown
beside packing the same frames for nobody: what happens there too is the machine's scheduling, not
ours. The collector is given more than it must bear, with a monitor
that only counts, for what detectors cost is theirs.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from measurement import Measurement, Used, used_by

from overopt.watch.batch import Batch
from overopt.watch.collector import Collector
from overopt.watch.draw import Draw
from overopt.watch.frame import packed
from overopt.watch.reward_call import scored_rows
from overopt.watch.saved_state import read_state, state_text
from overopt.watch.spool import Spool

__all__ = ["measurements", "sustained"]

ROWS, CALLS = 64, 20_000
MOST_CPU = 100e-6
LONGEST = 1e-3
RATE, SECONDS, SHARE = 20_000, 10.0, 0.6
PAUSE = 0.3  # seconds between two turns


@dataclass(frozen=True, kw_only=True)
class Count:
    """Batches and rows seen."""

    batches: int = 0
    rows: int = 0
    drawn: int = 0
    consumed: int = 0
    alarms: tuple[Any, ...] = ()
    ambers: tuple[Any, ...] = ()


class Counter:
    """The least that a monitor can do."""

    def start(self) -> Count:
        """Nothing seen."""
        return Count()

    def observe(self, state: Count, batch: Batch) -> tuple[Count, tuple[Draw, ...]]:
        """One more batch."""
        return replace(state, batches=state.batches + 1, rows=state.rows + batch.rows), ()

    def sat_down(
        self, state: Count, batches: Sequence[Batch], rows: int
    ) -> tuple[Count, tuple[Draw, ...]]:
        """Nobody does."""
        return state, ()

    def labelled(self, state: Count, labels: Iterable[tuple[int, float | None]]) -> Count:
        """The same: nothing was drawn."""
        return state

    def text(self, state: Count) -> str:
        """The state as text."""
        return state_text(state)

    def read(self, text: str) -> Count:
        """The state of a text."""
        return read_state(Count, text)

    def document(self, run: str, state: Count) -> dict[str, Any]:
        """Nothing to say."""
        return {"runs": [{"run": run, "rows": state.rows}]}


def measurements() -> Iterator[Measurement]:
    """Cost of a call in CPU and in waiting, and a short form of sustained collecting."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _calls(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield sustained(Path(folder), SECONDS)


def sustained(folder: Path, seconds: float) -> Measurement:
    """Samples at a steady rate in calls of 64 from another process, collected in this one.

    The backlog is the age of the newest sample that a reader could see, at its oldest.
    """
    calls = int(RATE * seconds / ROWS)
    trainer = os.fork()
    if trainer == 0:
        _train(folder, calls)
        os._exit(0)
    collector = Collector(folder, lambda run: Counter())
    ages: list[float] = []
    used = used_by(lambda: _collect(collector, ages, calls))
    os.waitpid(trainer, 0)
    collector.close()
    highest = max(ages)
    return Measurement(
        name=f"{RATE:,} samples/s for {seconds:g} s",
        used=used,
        floor_name="one core",
        floor=Used(cpu=seconds, wall=seconds, megabytes=0.0),
        promise=f"{SHARE} core, none lost, backlog {highest:.2f} of 1 s",
        kept=highest <= 1.0 and used.cpu <= SHARE * seconds,
    )


def _train(folder: Path, calls: int) -> None:
    spool = Spool(folder / "spool", "r")
    values, names = _call()
    began = time.perf_counter()
    for step in range(calls):
        spool.append(step, values, prompt_ids=names)
        ahead = began + (step + 1) * ROWS / RATE - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
    spool.close()


def _collect(collector: Collector, ages: list[float], calls: int) -> None:
    """Turns until every call is in the store."""
    newest, batches = time.time(), 0
    while batches < calls:
        collector.turn()
        ages.append(time.time() - newest)
        for row in collector.store.rows("SELECT time, batches FROM runs WHERE batches > 0"):
            newest, batches = row["time"], row["batches"]
        time.sleep(PAUSE)


def _calls(folder: Path) -> Iterator[Measurement]:
    values, names = _call()
    spool = Spool(folder, "r")
    floor, _ = _timed(lambda step: np.array(values).tobytes())
    _, plain_waits = _timed(
        lambda step: packed(scored_rows(step, values, names, None, None, None, None))
    )
    cpu, waits = _timed(lambda step: spool.append(step, values, prompt_ids=names))
    spool.close()
    yield _measured("taking note of 64 samples, CPU", cpu, floor, MOST_CPU)
    # However busy the machine is: no longer than the same arithmetic without a spool waits on it.
    most = max(LONGEST, 2 * _late(plain_waits))
    yield _measured(
        "the same, longest wait in 1,000", _late(waits), _late(plain_waits), most, "not handed over"
    )


def _call() -> tuple[list[float], list[str]]:
    values = np.random.default_rng(0).normal(size=ROWS).tolist()
    return values, [f"prompt-{row // 8}" for row in range(ROWS)]


def _timed(call: Any) -> tuple[float, list[float]]:
    """CPU seconds of one call on this thread, and the time each took to return."""
    waits = []
    before = time.thread_time()
    for step in range(CALLS):
        began = time.perf_counter()
        call(step)
        waits.append(time.perf_counter() - began)
    return (time.thread_time() - before) / CALLS, waits


def _late(waits: list[float]) -> float:
    return float(np.quantile(waits, 0.999))


def _measured(
    name: str, value: float, floor: float, most: float, floor_name: str = "array to bytes"
) -> Measurement:
    used, least = (Used(cpu=1e6 * v, wall=1e6 * v, megabytes=0.0) for v in (value, floor))
    return Measurement(
        name=f"{name} (us)",
        used=used,
        floor_name=floor_name,
        floor=least,
        promise=f"at most {1e6 * most:.0f} us",
        kept=value <= most,
    )
