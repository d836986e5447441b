"""The signals without gold, batch by batch: what a run of 64 scores a step costs its collector.

The floor is what every one of them must do at least: sort the scores within their prompts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from measurement import Measurement, median, used_by

from overopt.watch.batch import Batch
from overopt.watch.detectors.audited_range import AuditedRange, PromptScores
from overopt.watch.detectors.component_share import ComponentShare
from overopt.watch.detectors.detector import ProxyDetector
from overopt.watch.detectors.kl_budget import KLBudget
from overopt.watch.detectors.non_finite import NonFinite
from overopt.watch.detectors.tail_shape import TailShape

__all__ = ["measurements"]

STEPS, RUNS, LEARNT = 3000, 3, 200
MOST_MICROSECONDS = 100.0
GROUP = np.repeat(np.arange(8), 8)
PROMPTS = tuple(f"p{i}" for i in range(8))


def measurements() -> Iterator[Measurement]:
    """CPU of 3,000 batches under each signal, once its reference is learnt."""
    rng = np.random.default_rng(0)
    batches = [_batch(rng, step) for step in range(LEARNT + STEPS)]
    reference = PromptScores.of({name: rng.normal(size=24) for name in PROMPTS})
    detectors: tuple[ProxyDetector[Any], ...] = (
        TailShape(),
        ComponentShare(component="length"),
        KLBudget(budget=1.0),
        AuditedRange(reference=reference, supported=8),
        NonFinite(),
    )
    floor = median([used_by(lambda: _sorted(batches[LEARNT:])) for _ in range(RUNS)])
    for detector in detectors:
        state = _folded(detector, detector.start(), batches[:LEARNT])
        used = median(
            [used_by(lambda: _folded(detector, state, batches[LEARNT:])) for _ in range(RUNS)]  # noqa: B023
        )
        yield Measurement(
            name=f"{STEPS:,} batches of 64: {detector.name}",
            used=used,
            floor_name="sort within prompts",
            floor=floor,
            promise=f"at most {MOST_MICROSECONDS:.0f} µs CPU a batch",
            kept=1e6 * used.cpu / STEPS <= MOST_MICROSECONDS,
        )


def _batch(rng: np.random.Generator, step: int) -> Batch:
    return Batch(
        run="run",
        key=f"w:{step}",
        step=step,
        proxy=rng.normal(size=64),
        group=GROUP,
        prompt_ids=PROMPTS,
        kl=0.1 * rng.exponential(size=64),
        components={"length": rng.normal(size=64)},
    )


def _folded(detector: ProxyDetector[Any], state: Any, batches: list[Batch]) -> Any:
    for batch in batches:
        state = detector.update(state, batch)
    return state


def _sorted(batches: list[Batch]) -> None:
    for batch in batches:
        np.lexsort((batch.proxy, batch.group))
