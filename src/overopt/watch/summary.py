"""A batch in one row of numbers, for a page to draw without reading samples."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.watch.batch import Batch
from overopt.watch.values import KindVector, kind_counts

__all__ = ["batch_summary"]

FloatVector = npt.NDArray[np.float64]


def batch_summary(batch: Batch, kinds: Sequence[KindVector | None]) -> tuple[Any, ...]:
    """Columns ``key`` to ``components`` of the store's table of batches."""
    strange: Counter[str] = Counter()
    for each in kinds:
        strange.update(kind_counts(each))
    means = {name: _mean(values) for name, values in batch.components.items()}
    return (
        batch.key,
        batch.step,
        batch.rows,
        len(batch.prompt_ids),
        json.dumps(strange, sort_keys=True),
        *_spread(batch.proxy[batch.finite]),
        None if batch.gold is None else _mean(batch.gold),
        0 if batch.gold is None else int(np.isfinite(batch.gold).sum()),
        None if batch.kl is None else _mean(batch.kl),
        json.dumps(means, allow_nan=False),
    )


def _spread(usable: FloatVector) -> tuple[float | None, ...]:
    """Mean, standard deviation, lowest, median, highest; all None without values."""
    if not len(usable):
        return (None,) * 5
    scale = _scale(usable)
    unit = usable / scale
    low, middle, high = np.quantile(unit, (0, 0.5, 1))
    numbers = (unit.mean(), unit.std(), low, middle, high)
    return tuple(float(number * scale) for number in numbers)


def _mean(values: FloatVector) -> float | None:
    """Mean of the finite values, None without any."""
    usable = values[np.isfinite(values)]
    return _spread(usable)[0]


def _scale(usable: FloatVector) -> float:
    """What to divide by so that no sum or square of values near 1e308 overflows."""
    largest = float(np.abs(usable).max())
    return largest if largest > 1e150 else 1.0
