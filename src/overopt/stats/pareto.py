"""Pareto k of importance weights: can a weighted mean of these samples be trusted?

The shape of a generalised Pareto law fitted to the largest weights; above 0.7 the mean is ruled by
samples that were not drawn. Fit: Zhang and Stephens (2009), with the weak prior and the tail size
of Vehtari, Simpson, Gelman, Yao and Gabry (2024, JMLR 25).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.stats.generalised_pareto import zhang_stephens_xi

__all__ = ["pareto_k", "pareto_shape"]

FloatVector = npt.NDArray[np.floating[Any]]
FEWEST_EXCEEDANCES = 5


def pareto_k(weights: FloatVector) -> float:
    """Pareto k of positive weights [samples]; NaN when the tail is too short or has no spread."""
    positive = weights[weights > 0]
    tail = int(np.ceil(min(0.2 * len(positive), 3 * np.sqrt(len(positive)))))
    if tail < FEWEST_EXCEEDANCES or tail >= len(positive):
        return float("nan")
    ordered = np.partition(positive, len(positive) - tail - 1)
    cut = ordered[len(positive) - tail - 1]
    excess = np.sort(ordered[len(positive) - tail :] - cut)
    return pareto_shape(excess)


def pareto_shape(excess: FloatVector) -> float:
    """Shape of a generalised Pareto law from ascending exceedances [count] above a threshold.

    NaN when the exceedances have no spread. The estimate of Zhang and Stephens is shrunk towards
    0.5 with the weight of ten observations, as in PSIS.
    """
    count = len(excess)
    return (count * zhang_stephens_xi(excess) + 5.0) / (count + 10.0)
