"""Gold against strength, the strength between fits and the budget of labels (docs/lab.md)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from overopt.lab.document import SCHEMA
from overopt.lab.iteration import Iteration, Landscape, iterated

__all__ = ["iteration_document"]

DOUBLINGS = 6


def iteration_document(
    landscape: Landscape, *, to: float, every: Sequence[float], labels: Sequence[float]
) -> dict[str, Any]:
    """One run for each budget and strength between fits, as plain data, schema overopt.lab/1.

    Infinite ``every`` (never again) and ``labels`` (endless) are null in JSON.
    """
    strengths = [to / 2**k for k in range(DOUBLINGS, -1, -1)]
    return {
        "schema": SCHEMA,
        "kind": "iteration",
        **asdict(landscape),
        "most_gold": landscape.most_gold,
        "turn": 1 / landscape.curvature,
        "cheapest_every": (math.sqrt(2) - 1) / landscape.curvature,
        "strength": strengths,
        "runs": [
            _run(iterated(landscape, to=to, every=stride, labels=budget), strengths)
            for budget, stride in itertools.product(labels, every)
        ],
    }


def _run(run: Iteration, strengths: Sequence[float]) -> dict[str, Any]:
    reached = [run.reached(strength) for strength in strengths]
    peak = run.peak()
    return {
        "every": run.every,
        "labels": run.labels,
        "fits": len(run.strides),
        "labels_per_fit": run.labels_per_fit,
        "labels_per_fit_needed": run.landscape.labels_needed(min(run.every, run.to)),
        "gold": [one.gold for one in reached],
        "error": [one.error for one in reached],
        "kl": [one.kl for one in reached],
        "peak": asdict(peak) if peak else None,
        "overtaken": run.overtaken(),
        "growth": run.growth(),
        "limit": run.limit(),
    }
