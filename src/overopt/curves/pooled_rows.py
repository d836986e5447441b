"""All rows as one large group: each proxy less its group's median, prompts as clusters.

Pooled gold under best-of-n is a U-statistic of the pooled rows. Its errors are those of the
projection, summed within prompts: row i of M in ascending order has influence
w_i y_i + sum over k > i of w_k y_k (n - 1) / (k - 1)  less its mean, times M / (M - n) as in a
jackknife (Hoeffding 1948; Efron and Stein 1981). Because every group is centred by itself, the
noise of the medians is inside these errors; the blur that it causes is a bias and is not.

Gold is centred too, as far as labels allow: a prompt's level is no part of the gain from selecting
within it, and where few rows carry the estimate the levels of their prompts would be noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import CompletedGold
from overopt.samples import Samples

__all__ = ["Pool", "imbalance", "pool", "pseudo_values"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
NEGLIGIBLE = 40.0


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Rows of all kept groups, ascending in centred proxy.

    ``centred``, ``gold``, ``inverse``, ``prompt`` are [rows]; ``first``, ``count`` [runs] say where
    each run of equal proxies starts and how long it is; ``level`` [prompts] is the part of the
    prompts' pseudo-values that centring took out of gold; ``size`` [prompts] counts rows.
    """

    centred: FloatArray
    gold: FloatArray
    inverse: FloatArray
    prompt: IntArray
    first: IntArray
    count: IntArray
    level: FloatArray
    size: FloatArray

    def shared(self, values: FloatArray) -> FloatArray:
        """Values of the highest rows, each replaced by the mean over its run of ties.

        The lowest of those rows must start a run.
        """
        low = len(self.gold) - len(values)
        run = int(np.searchsorted(self.first, low))
        if len(self.first) - run == len(values):
            return values
        count = self.count[run:]
        return np.repeat(np.add.reduceat(values, self.first[run:] - low) / count, count)


def pool(samples: Samples, proxy: str, completed: CompletedGold, smallest: int) -> Pool:
    """The rows of all groups of at least ``smallest`` candidates, at least two."""
    scores = samples.proxies[proxy]
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    for batch in samples.batches(smallest):
        proxies, gold = batch.gather(scores), batch.gather(completed.value)
        centred = proxies - np.median(proxies, axis=1, keepdims=True)
        parts.append((batch.rows.ravel(), centred.ravel(), *_levels(gold)))
    row, centred, others, means, noise = (np.concatenate(part) for part in zip(*parts, strict=True))
    value, grand = completed.value[row], float(completed.value[row].mean())
    prompt = np.unique(samples.prompt[row], return_inverse=True)[1]
    size = np.bincount(prompt).astype(float)
    trust = _trust(means, noise)
    score = _rounded(centred)
    order = np.argsort(score, kind="stable")
    first = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    inverse = np.ones(len(row)) if completed.inverse is None else completed.inverse[row]
    return Pool(
        centred=score[order],
        gold=(value - trust * (others - grand))[order],
        inverse=inverse[order],
        prompt=prompt[order],
        first=first,
        count=np.diff(first, append=len(row)),
        level=trust * len(size) / len(row) * np.bincount(prompt, weights=value - grand),
        size=size,
    )


def _levels(gold: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean gold of each row's companions [rows]; mean of each group and its sampling variance.

    The companions' mean, not the group's: a row's own gold in its centre would shrink every gain.
    """
    size = gold.shape[1]
    mean = gold.mean(axis=1, keepdims=True)
    companions = mean + (mean - gold) / (size - 1)
    return companions.ravel(), mean[:, 0], gold.var(axis=1, ddof=1) / size


def _trust(means: FloatArray, noise: FloatArray) -> float:
    """Share of the spread of group means that is not noise: how much of the level to remove.

    Unbiased for any share. With few labels the means are noise and removing them would add it.
    """
    spread = float(np.var(means, ddof=1))
    return max(0.0, 1 - float(noise.mean()) / spread) if spread > 0 else 0.0


def _rounded(centred: FloatArray) -> FloatArray:
    """Centred proxies in steps of 1e-9 of their spread: equal differences must tie exactly."""
    scale = float(np.median(np.abs(centred))) or float(np.abs(centred).max())
    return np.rint(centred / (scale * 1e-9)) if scale > 0 else centred


def pseudo_values(pooled: Pool, strengths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pseudo-values [prompts, S] whose mean is pooled gold at n = ``strengths`` [S].

    And the Kish effective number of labels (rows, where all are labelled) behind each: [S].
    """
    columns = [_pseudo_values(pooled, n) for n in strengths.tolist()]
    values, labels = zip(*columns, strict=True)
    return np.stack(values, axis=1), np.array(labels)


def _pseudo_values(pooled: Pool, n: float) -> tuple[FloatArray, float]:
    rows, prompts = len(pooled.gold), len(pooled.size)
    weight = _top_weights(rows, n)
    low = pooled.first[np.searchsorted(pooled.first, rows - len(weight), side="right") - 1]
    weight = np.concatenate([np.zeros(rows - low - len(weight)), weight])
    gold, prompt = pooled.gold[low:], pooled.prompt[low:]
    carried = pooled.shared(weight)
    # Products are summed without BLAS, whose threads wait longer for each other than they work.
    own = carried * gold
    estimate = float(own.sum())
    # Where k is selected the other n - 1 lie among the k - 1 below it: the chance that i is one.
    rival = weight * pooled.shared(gold) * (n - 1) / np.maximum(np.arange(low, rows), 1)
    below = np.cumsum(rival)  # up to and with the row: what the lowest rows have in common less own
    influence = np.bincount(prompt, own - pooled.shared(below), minlength=prompts)
    influence += pooled.size * (below[-1] - n / rows * estimate)
    label = carried * pooled.inverse[low:]
    values = estimate + influence * (prompts * rows / (rows - n)) + pooled.level
    return values, float(label.sum() ** 2 / np.square(label).sum())


def _top_weights(rows: int, n: float) -> FloatArray:
    """Best-of-n weights of the highest ranks, ascending; those below carry less than exp(-40)."""
    depth = min(rows - int(n) + 1, math.ceil(NEGLIGIBLE * rows / n))
    rank = np.arange(rows, rows - depth + 1, -1)
    # From one rank to the next lower one C(i - 1, n - 1) shrinks by (i - n) / (i - 1).
    falling = np.cumprod(np.concatenate([[n / rows], (rank - n) / (rank - 1)]))
    return falling[::-1]


def imbalance(pooled: Pool, n: float) -> tuple[float, float]:
    """Relative spread between prompts of their share of the top 1 / n of rows, beyond chance.

    And the chance of as much among equal prompts (chi-square test of equal binomial shares).
    """
    from scipy.special import chdtrc

    cut = pooled.centred[-max(1, round(len(pooled.centred) / n))]
    top = np.bincount(pooled.prompt, weights=(pooled.centred >= cut).astype(float))
    share = float(top.sum()) / len(pooled.centred)
    if share >= 1:
        return 0.0, 1.0
    expected, df = pooled.size * share, len(top) - 1
    dispersion = float(np.sum((top - expected) ** 2 / (expected * (1 - share))))
    extra = max(0.0, dispersion / df - 1) * (1 - share) / float(expected.mean())
    return math.sqrt(extra), float(chdtrc(df, dispersion))
