"""Do annotators agree? Krippendorff's alpha for numbers, mean difference, and who reads high.

alpha = 1 - (observed disagreement) / (disagreement of readings paired at random), with squared
differences; 1 is perfect, 0 what chance gives, below 0 worse (Krippendorff 2011). Only rows with
two readings or more count. Disagreement makes intervals wider, which they show by themselves; what
no figure here can show is annotators who are fooled alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["agreement"]

FloatArray = npt.NDArray[np.floating[Any]]


def agreement(readings: Mapping[str, Mapping[str, float]]) -> dict[str, Any] | None:
    """Agreement of readings, row -> annotator -> gold; None where no row was read twice.

    ``rows`` and ``labels`` counted; ``alpha`` (None when all readings are equal);
    ``mean_difference`` between two annotators of a row, in units of gold; ``annotators``: the
    ``bias`` of each, the mean of own reading less the mean of the others', over ``rows`` shared.
    """
    shared = [row for row in readings.values() if len(row) > 1]
    if not shared:
        return None
    values = [np.array(list(row.values())) for row in shared]
    return {
        "rows": len(shared),
        "labels": sum(map(len, values)),
        "alpha": _alpha(values),
        "mean_difference": float(np.mean([_mean_difference(row) for row in values])),
        "annotators": _annotators(shared),
    }


def _alpha(values: list[FloatArray]) -> float | None:
    every = np.concatenate(values)
    expected = float(np.var(every, ddof=1))
    if not expected > 0:
        return None
    # The mean over pairs of a row of their squared difference is twice its variance (ddof 1).
    observed = sum(len(row) * float(np.var(row, ddof=1)) for row in values) / len(every)
    return 1 - observed / expected


def _mean_difference(row: FloatArray) -> float:
    """Mean absolute difference over the pairs of one row."""
    first, second = np.triu_indices(len(row), k=1)
    return float(np.abs(row[first] - row[second]).mean())


def _annotators(shared: list[Mapping[str, float]]) -> list[dict[str, Any]]:
    excess: dict[str, list[float]] = {}
    for row in shared:
        total = sum(row.values())
        for name, value in row.items():
            others = (total - value) / (len(row) - 1)
            excess.setdefault(name, []).append(value - others)
    return [
        {"annotator": name, "rows": len(gaps), "bias": float(np.mean(gaps))}
        for name, gaps in sorted(excess.items())
    ]
