"""The 100,000 largest of twenty million scores, in blocks as a reader gives them.

The floor is one sort of all scores, which is what the sketch saves; it also needs them in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from measurement import Measurement, median, used_by

from overopt.stats.top_sketch import Top, TopSketch

__all__ = ["measurements"]

ROWS, BLOCK, RUNS = 20_000_000, 1 << 16, 5
MOST_TIMES = 0.2


def measurements(rows: int = ROWS) -> Iterator[Measurement]:
    """Medians over alternating runs of sort and sketch."""
    values = np.random.default_rng(0).normal(size=rows)
    ids = np.arange(rows)
    scores = Top(values=values, rows=ids, prompts=ids // 16)
    floor, used = zip(
        *((used_by(partial(np.sort, values)), used_by(lambda: _top(scores))) for _ in range(RUNS)),
        strict=True,
    )
    yield Measurement(
        name=f"100,000 largest of {rows:,} scores",
        used=median(used),
        floor_name="sort all",
        floor=median(floor),
        promise=f"at most {MOST_TIMES} times the floor",
        kept=median(used).cpu <= MOST_TIMES * median(floor).cpu,
    )


def _top(scores: Top) -> Top:
    sketch = TopSketch.of(scores.values[:BLOCK], scores.rows[:BLOCK], scores.prompts[:BLOCK])
    for start in range(BLOCK, len(scores), BLOCK):
        block = slice(start, start + BLOCK)
        sketch = sketch.add(scores.values[block], scores.rows[block], scores.prompts[block])
    return sketch.top()
