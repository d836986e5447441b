"""Which rows to label: chances that make the whole gold curve cheap to estimate.

For one strength the best chance of labelling row i is proportional to its weight w_i. For a curve
it is proportional to the root of the sum over strengths of squared weights (Neyman allocation with
constant residual spread). A uniform part keeps every row possible, so that no weight explodes and
drift can be seen anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.pressure import Pressure
from overopt.samples import Samples

__all__ = ["label_probabilities"]

FloatArray = npt.NDArray[np.floating[Any]]
UNIFORM_SHARE = 0.10


def label_probabilities(
    samples: Samples,
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray,
    budget: float,
    uniform_share: float = UNIFORM_SHARE,
) -> FloatArray:
    """Chance [rows] that each row is labelled, for an expected number ``budget`` of labels.

    ``uniform_share`` of the budget is spread evenly; the rest follows the weights at ``strengths``,
    capped at certainty. Raises BadOption for a budget outside (0, rows].
    """
    if not 0 < budget <= samples.rows:
        rows = samples.rows
        raise BadOption(f"a budget of {budget} labels for {rows} rows: give 1 to {rows}")
    scores = samples.proxies[proxy]
    importance = np.zeros(samples.rows)
    smallest = int(np.ceil(float(np.max(strengths)))) if pressure.no_pressure == 1 else 1
    for batch in samples.batches(smallest):
        weights = pressure.weights(batch.gather(scores), strengths)
        importance[batch.rows] = np.sqrt(np.einsum("gsm,gsm->gm", weights, weights))
    floor = uniform_share * budget / samples.rows
    return floor + _capped(importance, budget - floor * samples.rows, 1 - floor)


def _capped(importance: FloatArray, total: float, cap: float) -> FloatArray:
    """Values proportional to importance, at most ``cap``, summing to ``total`` if possible."""
    chance = np.zeros_like(importance)
    free = importance > 0
    for _ in range(60):
        left = total - cap * np.count_nonzero((importance > 0) & ~free)
        scale = max(left, 0.0) / max(float(importance[free].sum()), 1e-300)
        over = free & (importance * scale > cap)
        if not over.any():
            break
        free &= ~over
    chance[importance > 0] = cap
    chance[free] = importance[free] * scale
    return chance
