"""Critical values of the ladder test: how far from 0 may z be on an exponential tail?

Exceedances of exponential draws over one of their order statistics are again exponential, whatever
the threshold (Rényi 1953), so the law of z at every rung of a ladder is known and depends on the
counts only. One rung: the quantile of z is the normal one, u, plus c_ij u^j / count^(i/2), with
coefficients fitted to simulated quantiles (``benchmarks/ladder_table.py``; at 50 exceedances they
differ from the simulated ones by at most .03). Several rungs: z is, in the limit, the sum of the
Laguerre polynomials 1 - 2e + e^2 / 2 of the exceedances over the root of their number, and such
sums over nested sets have the covariance of Brownian motion. So along a ladder that halves, the
normal scores of z are a first-order autoregression with correlation 1 / sqrt(2), and the share
of ladders with a rung beyond u follows by integration, rung by rung. Simulated ladders down to 50
exceedances have this joint level to within a twentieth of it.

Exact for independent draws from one law. Under clusters it is approximate.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["critical_values", "joint_score", "root_quantile"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

# Made by benchmarks/ladder_table.py: [power of 1 / sqrt(count), power of u].
COEFFICIENTS = np.array([[-2.6561, 0.014, 0.0041], [1.9978, 1.4875, -0.1764]])
CORRELATION = 0.5**0.5  # of normal scores of z, one rung to the next
GRID = np.linspace(-8.0, 8.0, 641)
RAREST = 1e-12  # chance that the grid can still tell from none


def critical_values(exceedances: IntArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Values of z [rungs] below and above which a rung is significant, jointly over the ladder.

    An exponential tail goes below one of the first in (1 - level) / 2 of all tables, and above one
    of the second likewise. ``exceedances`` [rungs], each half of the one before.
    """
    score = joint_score(len(exceedances), (1 - level) / 2)
    return root_quantile(exceedances, score), root_quantile(exceedances, -score)


def root_quantile(exceedances: IntArray, score: float) -> FloatArray:
    """Quantile of z under an exponential tail [rungs] whose normal score is ``score``."""
    inverse_root = 1 / np.sqrt(np.asarray(exceedances, dtype=float))
    shift = np.polynomial.polynomial.polyval(score, COEFFICIENTS.T)
    quantile: FloatArray = score + shift[0] * inverse_root + shift[1] * inverse_root**2
    return quantile


@lru_cache(maxsize=256)
def joint_score(rungs: int, side: float) -> float:
    """Normal score that the lowest of ``rungs`` scores undercuts with probability ``side``.

    >>> round(joint_score(1, 0.025), 2), round(joint_score(6, 0.025), 2)
    (-1.96, -2.55)
    """
    from scipy.optimize import brentq

    side = max(side, RAREST)
    return float(brentq(lambda score: _undercut(rungs, score) - side, -7.5, 3.0, xtol=1e-5))


def _undercut(rungs: int, score: float) -> float:
    """Probability that one of ``rungs`` autocorrelated normal scores lies below ``score``."""
    step = GRID[1] - GRID[0]
    inside = np.clip((GRID - score) / step + 0.5, 0, 1)
    density = np.exp(-(GRID**2) / 2) / np.sqrt(2 * np.pi) * inside
    for _ in range(rungs - 1):
        density = (density @ _transition()) * inside
    return float(1 - density.sum() * step)


@lru_cache(maxsize=1)
def _transition() -> FloatArray:
    """Density of the next score given this one, times the step: [this, next]."""
    variance = 1 - CORRELATION**2
    gap = GRID[None, :] - CORRELATION * GRID[:, None]
    density = np.exp(-(gap**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    chance: FloatArray = density * (GRID[1] - GRID[0])
    return chance
