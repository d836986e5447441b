"""How a run went, in as many points as a chart shows: proxies in steps, gold in blocks of labels.

Summaries of batches are averaged by the store over stretches of batches, so a long run costs one
pass over a narrow table. Gold is known where rows were drawn: a block's mean weighs each label by
one over the chance of its draw, and its interval is that of a weighted mean clustered by prompt,
joined with Wilson's on as many labels as the weights are worth. It is a picture of one block at a
time; what is decided, and its guarantee, stands in the states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.dashboard.store_view import StoreView
from overopt.stats.intervals import t_quantile, wilson_interval

__all__ = ["components_over_steps", "gold_blocks", "proxies_over_steps"]

FloatVector = npt.NDArray[np.float64]

MOST_POINTS = 300
MOST_LABELS = 200_000  # of a picture; older ones are left out
BLOCK_LABELS, FEWEST_LABELS, MOST_BLOCKS = 25, 8, 30
LEVEL = 0.95
MOST_COMPONENTS = 6
MOST_READ = 20_000  # batches whose components are read

_STRETCHES = (
    "SELECT min(step) AS first, max(step) AS last, sum(rows) AS rows,"
    " total(proxy * rows) / nullif(total((proxy IS NOT NULL) * rows), 0) AS proxy,"
    " avg(proxy_sd) AS sd,"
    " avg((proxy_high - proxy_median) / nullif(proxy_sd, 0)) AS tail,"
    " avg(kl) AS kl, sum(non_finite != '{}') AS non_finite"
    " FROM batches WHERE run = ? GROUP BY number * ? / ? ORDER BY min(number)"
)
_COMPONENTS = (
    "SELECT min(step) AS first, max(step) AS last, part.key AS name, avg(part.value) AS value"
    " FROM batches, json_each(components) AS part WHERE run = ? AND number % ? = 0"
    " GROUP BY part.key, number * ? / ? ORDER BY part.key, min(number)"
)
_LABELS = (
    "SELECT draws.number AS number, draws.step AS step, prompt_id, gold,"
    " 1.0 / (prob * json_extract(draw, '$.rows')) AS weight FROM draws"
    " JOIN labels ON labels.run = draws.run AND labels.number = draws.number"
    " WHERE draws.run = ? AND used = 1 AND gold IS NOT NULL ORDER BY draws.number DESC LIMIT ?"
)


def proxies_over_steps(view: StoreView, run: str, batches: int) -> list[dict[str, Any]]:
    """Stretches of batches in order: ``step`` in the middle, mean ``proxy`` and its ``sd``.

    ``tail`` is the mean distance from a batch's median to its largest proxy, in standard deviations
    of the batch; ``kl`` in nats; ``non_finite`` counts batches with scores that are no number. All
    but the step are None where there is nothing to average.
    """
    points = min(MOST_POINTS, batches)
    found = view.rows(_STRETCHES, run, points, max(batches, 1))
    return [_in_the_middle(row) for row in found]


def components_over_steps(view: StoreView, run: str, batches: int) -> list[dict[str, Any]]:
    """Mean ``value`` of each logged number of a sample (``name``) over stretches of batches.

    Of a long run every k-th batch is read.
    """
    points = min(MOST_POINTS // 3, batches)
    found = view.rows(_COMPONENTS, run, 1 + batches // MOST_READ, points, max(batches, 1))
    names = list(dict.fromkeys(row["name"] for row in found))[:MOST_COMPONENTS]
    return [_in_the_middle(row) for row in found if row["name"] in names]


def gold_blocks(view: StoreView, run: str, gold_range: Sequence[float]) -> list[dict[str, Any]]:
    """Blocks of consecutive labels: ``step``, mean ``gold`` with ``lower`` and ``upper`` limits."""
    rows = view.rows(_LABELS, run, MOST_LABELS)[::-1]
    if len(rows) < FEWEST_LABELS:
        return []
    count = min(MOST_BLOCKS, max(1, len(rows) // BLOCK_LABELS))
    edges = np.linspace(0, len(rows), count + 1).astype(int)
    low, high = gold_range
    return [_block(rows[start:end], low, high) for start, end in pairwise(edges)]


def _block(rows: Sequence[Mapping[str, Any]], low: float, high: float) -> dict[str, Any]:
    steps = [row["step"] for row in rows]
    weight = np.array([row["weight"] for row in rows])
    gold = (np.clip([row["gold"] for row in rows], low, high) - low) / (high - low)
    _, prompt = np.unique([row["prompt_id"] for row in rows], return_inverse=True)
    mean, lower, upper = _weighted_mean(gold, weight, prompt)
    told = {"gold": mean, "lower": lower, "upper": upper}
    return {
        "first": steps[0],
        "last": steps[-1],
        "step": float(np.median(steps)),
        "labels": len(rows),
    } | {name: low + (high - low) * value for name, value in told.items()}


def _weighted_mean(
    gold: FloatVector, weight: FloatVector, prompt: npt.NDArray[np.int64]
) -> tuple[float, float, float]:
    """Mean of gold in [0, 1] with limits: wide where all labels agree by luck."""
    share = weight / weight.sum()
    mean = min(max(float(share @ gold), 0.0), 1.0)
    by_prompt = np.bincount(prompt, weights=share * (gold - mean))
    prompts = len(by_prompt)
    size = 1 / float(np.bincount(prompt, weights=share) @ np.bincount(prompt, weights=share))
    lower, upper = (
        float(limit) for limit in wilson_interval(np.array(mean), np.array(size), LEVEL)
    )
    if prompts > 1:
        error = float(np.sqrt(by_prompt @ by_prompt * prompts / (prompts - 1)))
        half = error * float(t_quantile(LEVEL, prompts - 1))
        lower, upper = min(lower, mean - half), max(upper, mean + half)
    return mean, max(lower, 0.0), min(upper, 1.0)


def _in_the_middle(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {"step": (row["first"] + row["last"]) / 2}
