"""Runs written to a spool and collected, for tests that compare what the store then holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from counting_monitor import Counted, CountingMonitor

from overopt.watch.collector import Collector
from overopt.watch.spool import Spool, SpoolOptions
from overopt.watch.store import opened_for_reading, rows_of

TABLES = ("runs", "batches", "draws", "labels", "alarms")


def spooled_run(
    folder: Path, steps: int = 20, writers: tuple[str, ...] = ("w0",), file_bytes: int = 1 << 24
) -> None:
    """Calls of 8 samples of 2 prompts per writer and step, with gold, then a clean end."""
    rng = np.random.default_rng(7)
    options = SpoolOptions(pause=0.002, file_bytes=file_bytes)
    spools = [Spool(folder / "spool", "r", writer=writer, options=options) for writer in writers]
    for step in range(steps):
        for spool in spools:
            proxy = rng.normal(size=8)
            names = [f"p{step}-{i // 4}" for i in range(8)]
            gold = (rng.random(8) < 0.2).astype(float)
            key = spool.append(step, proxy, prompt_ids=names, gold=gold, kl=proxy * 0)
            assert key == f"{spool.writer}:{step}"
            assert file_bytes > 10_000 or spool.flush()
    assert all(spool.close() for spool in spools)


def collected(folder: Path, turns: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Tables of the store after some turns of a fresh collector."""
    collector = Collector(folder, lambda run: CountingMonitor())
    for _ in range(turns):
        collector.turn()
    collector.close()
    return tables_of(folder)


def tables_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every table whose rows must not depend on how often or when something was read."""
    reader = opened_for_reading(folder)
    found = {name: rows_of(reader, f"SELECT * FROM {name}") for name in TABLES}
    reader.close()
    for name in ("runs", "batches"):
        for row in found[name]:
            row.pop("time")  # a remark of the writer's clock
    return found


class Watched:
    """A collector in the same process, with a spool of its own, turned by hand."""

    def __init__(self, folder: Path, monitor: CountingMonitor, **options: Any) -> None:
        self.spool = Spool(
            folder / "spool", "r", writer="w", options=SpoolOptions(pause=0.001, keep_text=True)
        )
        self.collector = Collector(folder, lambda run: monitor, **options)
        self.turn = self.collector.turn

    def calls(self, first: int, last: int) -> None:
        for step in range(first, last):
            self.spool.append(
                step, [0.0, 1.0], prompts=["ask", "ask"], completions=["left", "right"]
            )
        assert self.spool.flush()
        self.turn()

    def label(self, *labels: tuple[int, float | None]) -> None:
        for number, gold in labels:
            self.spool.label(number, gold, source="human", person="ann")
        assert self.spool.flush()
        self.turn()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.collector.store.rows(query)]

    def state(self) -> Counted:
        (text,) = self.rows("SELECT state FROM runs")[0]
        return CountingMonitor().read(text)

    def close(self) -> None:
        self.spool.close()
        self.collector.close()
