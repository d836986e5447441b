"""Runs of one label a step in which a score of gold plus error is pushed on: what watch must tell.

Gold is standard normal, clipped at three and scaled to [0, 1]; the error is as large (light) or
Student's t with two degrees of freedom (heavy). Runs begin with a quiet stretch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

FloatVector = npt.NDArray[np.floating[Any]]
POOL = 1 << 18


@lru_cache(maxsize=2)
def pool(heavy: bool) -> tuple[FloatVector, FloatVector]:
    """Scores in order and their gold [pool]."""
    rng = np.random.default_rng(5)
    quality = rng.standard_normal(POOL)
    error = rng.standard_t(2, POOL) if heavy else rng.standard_normal(POOL)
    order = np.argsort(quality + error)
    return (quality + error)[order], np.clip(quality[order] / 6 + 0.5, 0, 1)


def best_of(
    n: FloatVector, heavy: bool, rng: np.random.Generator
) -> tuple[FloatVector, FloatVector]:
    """Score and gold of one draw from the best-of-n policy for each n [steps], 1 or more."""
    score, gold = pool(heavy)
    row = np.minimum((rng.random(len(n)) ** (1 / n) * POOL).astype(np.int64), POOL - 1)
    return score[row], gold[row]


def push(
    heavy: bool, quiet: int, steps: int, rng: np.random.Generator, most: float = 256.0
) -> tuple[FloatVector, FloatVector]:
    """Best-of-1 for ``quiet`` steps, then up to best-of-``most``, evenly in log n."""
    progress = np.clip((np.arange(quiet + steps) - quiet) / steps, 0, 1)
    return best_of(most**progress, heavy, rng)


def outliers(
    share: FloatVector, kept: float, rng: np.random.Generator
) -> tuple[FloatVector, FloatVector]:
    """Heavy scores, of which ``share`` [steps] come from the best part ``kept`` of the pool.

    The KL from the pool is share ln(share / kept) + (1 - share) ln(1 - share), nearly.
    """
    score, gold = best_of(np.ones(len(share)), True, rng)
    top = POOL - 1 - rng.integers(0, round(kept * POOL), len(share))
    exploited = rng.random(len(share)) < share
    all_scores, all_gold = pool(True)
    return np.where(exploited, all_scores[top], score), np.where(exploited, all_gold[top], gold)
