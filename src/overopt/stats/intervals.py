"""Intervals for means over prompts: t quantiles, joint (max-t) critical values, Wilson intervals.

Assumptions: prompts are independent draws; the mean over them is near normal. Few prompts are
covered by t quantiles; bounded gold near its limits by the Wilson interval (Wilson 1927), because
there the sample spread can be zero by luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["max_t_quantile", "t_quantile", "wilson_interval"]

FloatArray = npt.NDArray[np.floating[Any]]

# The joint critical value is simulated. A fixed stream keeps every result reproducible, and 2^14
# draws put its Monte Carlo error (about 1 %) far below the rounding of a reported interval. What
# is rarer than 64 of them is not read off the draws.
DRAWS = 1 << 14
RESOLVED = 64 / DRAWS
STREAM = 20240714


def t_quantile(level: float, df: float | FloatArray) -> FloatArray:
    """Two-sided Student t critical value: P(|T| <= value) = level; NaN where df < 1."""
    from scipy.special import stdtrit

    degrees = np.asarray(df, dtype=float)
    safe = np.where(degrees >= 1, degrees, 1.0)
    value = stdtrit(safe, (1 + level) / 2)
    return np.where(degrees >= 1, value, np.nan)


def max_t_quantile(covariance: FloatArray, df: float, level: float, sides: int = 2) -> float:
    """Critical value for all coordinates at once: P(max_k T_k <= value) = level.

    ``covariance`` [k, k] of the estimates, multivariate t with ``df`` degrees of freedom;
    ``sides`` 2 takes |T_k|, 1 takes T_k. Coordinates without spread are certain and left out.
    With one coordinate this is the plain t quantile. Correlations seen in few observations are too
    strong (two make all of them 1), so they are shrunk by df / (df + 1). Above 99.6 % the
    coordinates count for as many claims that exclude each other as they do there.
    """
    from scipy.special import stdtr

    if df < 1:
        return float("nan")
    spread = np.sqrt(np.maximum(np.diag(covariance), 0))
    moving = spread > 1e-12 * max(float(spread.max(initial=0.0)), 1e-300)
    if not moving.any():
        return float(t_quantile(level if sides == 2 else 2 * level - 1, df))
    correlation = covariance[np.ix_(moving, moving)] / np.outer(spread[moving], spread[moving])
    correlation = (df * correlation + np.eye(len(correlation))) / (df + 1)
    values, vectors = np.linalg.eigh(correlation)
    kept = values > 1e-8 * values[-1]
    root = vectors[:, kept] * np.sqrt(values[kept])
    draws, scale = root @ _normal_draws(int(kept.sum()))[0], _scale_draws(int(kept.sum()), df)
    extreme = draws.max(axis=0) if sides == 1 else np.maximum(draws.max(axis=0), -draws.min(axis=0))
    seen = max(1 - level, RESOLVED)
    alone = sides * stdtr(df, -np.quantile(extreme / scale, 1 - seen))
    claims = max(seen / alone, 1.0)
    return float(t_quantile(1 - 2 / sides * (1 - level) / claims, df))


@lru_cache(maxsize=8)
def _normal_draws(count: int) -> tuple[FloatArray, Mapping[str, Any]]:
    """Standard normal draws [count, DRAWS], and the state of the stream after them.

    Kept, because drawing them costs more than all that is done with them. One coordinate a row:
    the largest of few is found faster along the long axis.
    """
    rng = np.random.default_rng(STREAM)
    normal = np.ascontiguousarray(rng.standard_normal((DRAWS, count)).T)
    normal.flags.writeable = False
    return normal, rng.bit_generator.state


@lru_cache(maxsize=4)
def _scale_draws(count: int, df: float) -> FloatArray:
    """Draws [DRAWS] of the scale of a t with ``df``, after ``count`` normal ones.

    Kept, because several critical values of a curve share them.
    """
    rng = np.random.default_rng()
    rng.bit_generator.state = _normal_draws(count)[1]
    scale = np.sqrt(rng.chisquare(df, DRAWS) / df)
    scale.flags.writeable = False
    return scale


def wilson_interval(
    share: FloatArray, size: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Wilson score interval for a mean in [0, 1] from ``size`` effective observations.

    Exact in form for 0/1 values and conservative for values in between, whose variance is smaller
    than share * (1 - share). Size 0 gives the whole range.
    """
    from scipy.special import ndtri

    z2 = float(ndtri((1 + level) / 2)) ** 2
    clipped = np.clip(share, 0, 1)
    total = size + z2
    centre = (clipped * size + z2 / 2) / total
    half = np.sqrt(z2 * (clipped * (1 - clipped) * size + z2 / 4)) / total
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
