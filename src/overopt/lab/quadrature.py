"""Adaptive integrals of exp(log integrand) over many sets of panels at once.

Every panel carries Gauss-Legendre nodes; what its last Legendre coefficients show decides whether
it is resolved or halved. Integrands come as logarithms and are scaled by the largest value of their
integral, so tails of any size keep their digits. Assumes integrands that are smooth but for the
points given as edges; elsewhere a kink costs halvings, not accuracy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "Integrals", "PanelRule", "integrals"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
MOST_HALVINGS = 60
LEAST_LOG = -1e6  # stands for the logarithm of 0


@final
class PanelRule:
    """Gauss-Legendre on [-1, 1] with ``size`` nodes.

    ``coefficients`` [size, size] maps values at the nodes to Legendre coefficients;
    ``to_end`` [size, size] maps them to integrals from each node to 1.
    """

    def __init__(self, size: int) -> None:
        from numpy.polynomial import legendre

        self.size = size
        self.nodes, self.weights = legendre.leggauss(size)
        vander = legendre.legvander(self.nodes, size - 1)
        degree = np.arange(size)
        self.coefficients = (vander * self.weights[:, None]).T * (degree[:, None] + 0.5)
        # The integral of P_k is (P_(k+1) - P_(k-1)) / (2 k + 1), and vanishes at 1 for k > 0.
        higher = legendre.legvander(self.nodes, size)
        integral = np.empty((size, size))
        integral[:, 0] = 1 - self.nodes
        integral[:, 1:] = (higher[:, : size - 1] - higher[:, 2:]) / (2 * degree[1:] + 1)
        self.to_end = integral @ self.coefficients

    def points(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """Nodes of panels from ``low`` to ``high`` [panels]: [panels, size]."""
        half = (high - low) / 2
        return np.asarray((low + half)[:, None] + half[:, None] * self.nodes)

    def unresolved(self, values: FloatArray) -> FloatArray:
        """Sizes of the last two Legendre coefficients together [panels]."""
        return np.asarray(np.abs(values @ self.coefficients[-2:].T).sum(axis=-1))


INNER = PanelRule(12)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Integrals:
    """``log_mass`` [k] of each integral, ``mean`` [k] of the location under it, relative error."""

    log_mass: FloatArray
    mean: FloatArray
    error: FloatArray


LogIntegrand = Callable[[IntArray, FloatArray], tuple[FloatArray, FloatArray]]


def integrals(
    log_integrand: LogIntegrand,
    owner: IntArray,
    low: FloatArray,
    high: FloatArray,
    count: int,
    unit: float,
    tolerance: float = 1e-10,
) -> Integrals:
    """Integrals of exp(log integrand), and of a location times it.

    ``log_integrand(panel, points[panels, nodes])`` returns the log integrand and the location at
    the points of the panels numbered ``panel`` in ``owner``, ``low`` and ``high`` [panels]; panels
    of one integral share their ``owner`` in 0 ... count - 1. ``unit`` is the size below which
    locations need not be told apart.
    """
    state = _Sums(count, unit)
    origin = np.arange(len(owner))
    for halving in range(MOST_HALVINGS + 1):
        points = INNER.points(low, high)
        log_value, location = log_integrand(origin, points)
        state.rescale(owner, np.maximum(log_value.max(axis=1), LEAST_LOG))
        value = np.exp(log_value - state.top[owner][:, None])
        half = (high - low) / 2
        largest = value.max(axis=1)
        share = INNER.unresolved(value) / np.where(largest > 0, largest, 1.0)
        error = 2 * half * largest * np.minimum(share, 1.0) ** 1.5
        reach = np.abs(location).max(axis=1) + unit
        mass = half * (value @ INNER.weights)
        first = half * ((value * location) @ INNER.weights)
        spread = half * ((value * (np.abs(location) + unit)) @ INNER.weights)
        total, whole = state.with_pending(owner, mass, spread)
        done = (error <= tolerance * total[owner]) & (error * reach <= tolerance * whole[owner])
        done |= (high - low) <= 1e-14 * (np.abs(low) + np.abs(high)) + 1e-290
        if halving == MOST_HALVINGS:
            done[:] = True
        state.add(owner[done], mass[done], first[done], spread[done], error[done])
        if done.all():
            break
        left = ~done
        owner, origin = np.repeat(owner[left], 2), np.repeat(origin[left], 2)
        low, high = _halved(low[left], high[left])
    return state.finished()


class _Sums:
    """Running sums of each integral, in units of exp(top)."""

    def __init__(self, count: int, unit: float) -> None:
        self.top = np.full(count, LEAST_LOG)
        self.mass, self.first, self.spread, self.error = np.zeros((4, count))
        self.unit = unit

    def rescale(self, owner: IntArray, log_values: FloatArray) -> None:
        top = self.top.copy()
        np.maximum.at(top, owner, log_values)
        shrink = np.exp(self.top - top)
        for total in (self.mass, self.first, self.spread, self.error):
            total *= shrink
        self.top = top

    def with_pending(
        self, owner: IntArray, mass: FloatArray, spread: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        count = len(self.top)
        return (
            self.mass + np.bincount(owner, mass, count),
            self.spread + np.bincount(owner, spread, count),
        )

    def add(
        self,
        owner: IntArray,
        mass: FloatArray,
        first: FloatArray,
        spread: FloatArray,
        error: FloatArray,
    ) -> None:
        count = len(self.top)
        self.mass += np.bincount(owner, mass, count)
        self.first += np.bincount(owner, first, count)
        self.spread += np.bincount(owner, spread, count)
        self.error += np.bincount(owner, error, count)

    def finished(self) -> Integrals:
        some = self.mass > 0
        safe = np.where(some, self.mass, 1.0)
        return Integrals(
            log_mass=np.where(some, np.log(safe) + self.top, -np.inf),
            mean=np.where(some, self.first / safe, 0.0),
            error=np.where(some, self.error / safe, 0.0),
        )


def _halved(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both halves of each panel; one that spans magnitudes is cut at its geometric mean."""
    same_side = low * high > 0
    small, large = np.minimum(np.abs(low), np.abs(high)), np.maximum(np.abs(low), np.abs(high))
    wide = same_side & (large > 4 * small)
    geometric = np.sign(low) * np.sqrt(small) * np.sqrt(large)
    middle = np.where(wide, geometric, low + (high - low) / 2)
    return (
        np.stack([low, middle], axis=1).ravel(),
        np.stack([middle, high], axis=1).ravel(),
    )
