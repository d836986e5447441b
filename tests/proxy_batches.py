"""Batches of scores alone, for tests of the signals that need no gold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from overopt.watch.batch import Batch
from overopt.watch.detectors.detector import ProxyDetector

__all__ = ["batch_of", "exploited", "folded", "normal_batches"]


def batch_of(
    proxy: Iterable[float],
    size: int | None = None,
    *,
    step: int = 0,
    kl: np.ndarray | None = None,
    components: Mapping[str, np.ndarray] | None = None,
    names: tuple[str, ...] | None = None,
) -> Batch:
    """Scores in groups of ``size`` candidates, all of one prompt without it."""
    values = np.array(list(proxy), dtype=float)
    group = np.arange(len(values)) // (size or max(len(values), 1))
    prompts = int(group.max(initial=-1)) + 1
    return Batch(
        run="run",
        key=f"w:{step}",
        step=step,
        proxy=values,
        group=group,
        prompt_ids=names or tuple(f"p{i}" for i in range(prompts)),
        kl=kl,
        components=components or {},
    )


def normal_batches(
    steps: int, seed: int, rows: int = 64, size: int | None = None, first: int = 0
) -> Iterator[Batch]:
    """Honest batches: normal scores around the level of their prompt."""
    rng = np.random.default_rng(seed)
    groups = -(-rows // (size or rows))
    for step in range(first, first + steps):
        level = np.repeat(rng.normal(scale=3, size=groups), size or rows)[:rows]
        yield batch_of(level + rng.normal(size=rows), size, step=step)


def exploited(batches: Iterable[Batch], seed: int, share: float = 0.01) -> Iterator[Batch]:
    """The same batches with a share of scores 6 standard deviations up."""
    rng = np.random.default_rng(seed)
    for batch in batches:
        lifted = batch.proxy + 6 * (rng.random(batch.rows) < share)
        yield batch_of(lifted, batch.rows // len(batch.prompt_ids), step=batch.step)


def folded(detector: ProxyDetector[Any], batches: Iterable[Batch], state: Any = None) -> Any:
    """State of a detector after the batches."""
    now = detector.start() if state is None else state
    for batch in batches:
        now = detector.update(now, batch)
    return now
