"""At one and the same rank by the score, does more of something mean less gold?

A kind of candidate, or a feature, that goes with high scores also goes with whatever high scores do
to gold: leave it out, and gold under pressure may rise for a reason that is not its own. Compared
at equal ranks, only what is its own is left. The slope is the regression of gold on it with a mean
for every rank and every group; its error is clustered by prompt.

Where it and the rank nearly coincide (a source that always wins) there is nothing to compare at
equal ranks, and the two explanations cannot be told apart: ``overlap``, the share of its variation
that its rank leaves, says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.ranks import group_sums
from overopt.auditing.mechanisms.mechanism import Inspection
from overopt.stats.intervals import t_quantile

__all__ = ["AtRank", "gold_at_rank"]

FloatArray = npt.NDArray[np.floating[Any]]
MOST_RANKS = 64  # larger groups have bins of ranks
LEAST_OVERLAP = 0.3


@final
@dataclass(frozen=True, kw_only=True)
class AtRank:
    """Gold per unit at equal ranks, its one-sided upper limit, and ``overlap``, 0 to 1."""

    slope: float
    upper: float
    overlap: float

    @property
    def acquits(self) -> bool:
        """Whether the comparison can be made and does not prove that gold is lower."""
        return self.overlap >= LEAST_OVERLAP and not self.upper < 0


def gold_at_rank(case: Inspection, values: FloatArray, claims: int = 1) -> AtRank:
    """Slope of gold on ``values`` [rows] at equal ranks; ``claims`` such slopes share the level."""
    bins = min(case.size, MOST_RANKS)
    rank = np.minimum((case.view.ranks.position * bins).astype(np.int64), bins - 1)
    x, y = (_within(case, rank, bins, part) for part in (values, case.completed.value))
    among = float(np.square(_of_group(case, values)).sum())
    left = float(x @ x)
    if not left > 1e-9 * among:
        return AtRank(slope=float("nan"), upper=float("nan"), overlap=0.0)
    slope = float(x @ y) / left
    prompts = case.samples.prompts
    pull = np.bincount(case.samples.prompt, weights=x * (y - slope * x), minlength=prompts)
    error = np.sqrt(np.square(pull).sum() * prompts / (prompts - 1)) / left
    one_sided = 1 - 2 * (1 - case.claim) / claims
    critical = float(t_quantile(one_sided, _freedom(case, x)))
    return AtRank(slope=slope, upper=slope + critical * error, overlap=left / among)


def _freedom(case: Inspection, x: FloatArray) -> float:
    """Prompts less one, or effective labels less one where those are fewer."""
    prompts = case.samples.prompts - 1.0
    if case.completed.inverse is None:
        return prompts
    carried = np.abs(x) * case.completed.inverse
    square = float(carried @ carried)
    return min(prompts, max(carried.sum() ** 2 / square - 1, 1.0)) if square > 0 else 1.0


def _within(
    case: Inspection, rank: npt.NDArray[np.int64], bins: int, values: FloatArray
) -> FloatArray:
    """Values [rows] less the mean of their group, and of what is left the mean of their rank."""
    left = _of_group(case, values)
    total = np.bincount(rank, weights=left, minlength=bins)
    count = np.maximum(np.bincount(rank, minlength=bins), 1)
    return np.asarray(left - (total / count)[rank])


def _of_group(case: Inspection, values: FloatArray) -> FloatArray:
    """Values [rows] less the mean of their group."""
    samples = case.samples
    means = group_sums(samples, values) / samples.group_sizes
    return values - np.repeat(means, samples.group_sizes)
