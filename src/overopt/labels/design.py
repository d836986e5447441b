"""Which rows to label: chances that make the whole gold curve cheap to estimate.

For one strength the best chance of labelling row i is proportional to its weight w_i. For a curve
it is proportional to the root of the sum over strengths of squared weights (Neyman allocation with
constant residual spread); for several curves, of other scores or pressures, to the mean of theirs.
A uniform part keeps every row possible, so that no weight explodes and drift can be seen anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.labels.weights import curve_weights
from overopt.pressure import Pressure
from overopt.samples import Samples, scored

__all__ = ["UNIFORM_SHARE", "chances", "label_importance", "label_probabilities"]

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
    importance = label_importance(samples, proxy, pressure, strengths)
    return chances(importance, budget, uniform_share)


def label_importance(
    samples: Samples, proxy: str, pressure: Pressure, strengths: FloatArray
) -> FloatArray:
    """What a label of each row is worth to one curve, [rows], summing to 1.

    Rows that the proxy did not score, or whose group is too small for the curve, are worth nothing.
    """
    known = scored(samples, proxy)
    worth = np.zeros(known.rows)
    for batch, weights in curve_weights(known, proxy, pressure, np.asarray(strengths, dtype=float)):
        worth[batch.rows] = np.sqrt(np.einsum("gsm,gsm->gm", weights, weights))
    importance = np.zeros(samples.rows)
    importance[np.isfinite(samples.proxies[proxy])] = worth / worth.sum()
    return importance


def chances(importance: FloatArray, budget: float, uniform_share: float) -> FloatArray:
    """Chances [rows] that sum to ``budget``: an even share, the rest in proportion to importance.

    Rows that reach certainty leave the rest to others. Every chance grows with the budget. Raises
    BadOption for a budget outside (0, rows].
    """
    rows = len(importance)
    if not 0 < budget <= rows:
        raise BadOption(f"a budget of {budget:g} labels for {rows} rows: give 1 to {rows}")
    floor = uniform_share * budget / rows
    return floor + _capped(importance, budget - floor * rows, 1 - floor)


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
