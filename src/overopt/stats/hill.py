"""Hill's estimate of a tail shape, and how it moves with the origin: to look at, not to decide on.

At k exceedances it is the mean of log(x_i / x_{k+1}) over the k largest values: the maximum
likelihood of an exact power law through the origin (Hill 1975). It is positive whatever the tail,
and another number for every origin, which scores do not have; so nothing here is decided by it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["hill_xi"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


def hill_xi(descending: FloatArray, exceedances: IntArray, origin: float = 0.0) -> FloatArray:
    """Hill's xi at each number of ``exceedances`` [counts], 1 to len(descending) - 1.

    ``descending`` are the largest values; NaN where the value below the exceedances is not above
    ``origin``.

    >>> hill_xi(np.array([8.0, 4.0, 2.0, 1.0]), np.array([1, 3])) / np.log(2)
    array([1., 2.])
    """
    above = descending - origin
    usable = above > 0
    logs = np.log(np.where(usable, above, 1.0))
    mean = np.cumsum(logs)[exceedances - 1] / exceedances
    return np.where(usable[exceedances], mean - logs[exceedances], np.nan)
