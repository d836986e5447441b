"""What the page of a watch costs where ten million samples have been seen.

The store is filled as the collector would have filled it: a summary for every batch of 64, a draw
and a label for one sample in a hundred. The floor is SQLite counting the batches, which no answer
about all of them can do without; the table of states does not even need that.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measurement import Measurement, Used, used_by

from overopt.dashboard.panels import Panels
from overopt.dashboard.store_view import StoreView
from overopt.watch.store import Store

__all__ = ["measurements"]

ROWS, BATCHES, LABELS = 64, 156_250, 100_000
SECONDS = 1.0

_COUNT = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
_BATCHES = f"""{_COUNT} INSERT INTO batches SELECT 'r', i, 'w:' || i, i, {ROWS}, 8, '{{}}',
    i / 1e5, 1.0, -2.0, i / 1e5, 3.0, NULL, 0, 0.1, '{{"length": 200.0, "style": 0.5}}', i FROM n"""
_DRAWS = f"""{_COUNT} INSERT INTO draws
    SELECT 'r', i, 'w:' || i, i, 3, 0.02, 0.02, 1.0, '{{"number": ' || i || ', "rows": {ROWS}}}',
    'p' || (i % 5000), NULL, NULL, 'labelled', 0 FROM n"""
_LABELS = f"""{_COUNT} INSERT INTO labels (run, number, gold, source, person, used)
    SELECT 'r', i, i % 2, 'judge', NULL, 1 FROM n"""


def measurements() -> Iterator[Measurement]:
    """The table of states, one run, and its charts, each from a store just opened."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder)
        floor = used_by(lambda: StoreView(folder).rows("SELECT count(*) FROM batches"))
        yield _measured("states of all runs, 1e7 samples", folder, lambda page: page.runs(), floor)
        yield _measured("states of one run", folder, lambda page: page.run("r"), floor)
        yield _measured("its charts", folder, lambda page: page.charts("r"), floor)


def _measured(
    name: str, folder: Path, answered: Callable[[Panels], Any], floor: Used
) -> Measurement:
    used = used_by(lambda: answered(Panels(StoreView(folder))))
    return Measurement(
        name=name,
        used=used,
        floor_name="count of batches",
        floor=floor,
        promise=f"<= {SECONDS:g} s CPU",
        kept=used.cpu <= SECONDS,
    )


def _fill(folder: Path) -> None:
    signal: dict[str, Any] = {"name": "rank_gain", "state": "undecided", "labels_used": LABELS}
    signal |= {"gain": 0.1, "gain_lower": 0.0, "gain_upper": 0.2, "sentence": "undecided"}
    told = {"gold_range": [0, 1], "runs": [{"signals": [signal], "amber": []}]}
    values = (json.dumps(told), BATCHES, BATCHES * ROWS, BATCHES, LABELS, LABELS)
    store = Store(folder, durable=False)
    with store.transaction() as db:
        db.execute(_BATCHES, (BATCHES,))
        db.execute(_DRAWS, (LABELS,))
        db.execute(_LABELS, (LABELS,))
        db.execute(
            "INSERT INTO runs (run, state, document, assembly, batches, rows, step, drawn,"
            " consumed) VALUES ('r', '{}', ?, '{}', ?, ?, ?, ?, ?)",
            values,
        )
    store.close()
