"""Would gold under pressure be better if one thing about the proxy were different?

The same best-of-n, once on the table as it is and once on a changed one: without some candidates,
or with adjusted scores. Both are means over the same prompts, so their difference is paired.
An improvement is proven where at some strength gold is higher after the change and so is the gain
over no pressure (the change did not merely remove bad candidates); all strengths 2, 4, ... are
tested together, one-sided (max-t). One below a tenth of the within-prompt sd of gold is proven by
large tables and of no use to anybody, and after one that leaves a proven loss the reason must be
another; neither matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.mechanisms.mechanism import FEWEST_PROMPTS, NEGLIGIBLE, Inspection
from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.fold import largest_common_size, prompt_vectors
from overopt.pressure import BestOfN
from overopt.samples import Samples
from overopt.stats.intervals import max_t_quantile
from overopt.stats.moments import Moments

__all__ = ["Changed", "Comparison", "comparison"]

FloatArray = npt.NDArray[np.floating[Any]]
FEWEST_LABELS = 10.0  # effective ones at a strength


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Changed:
    """The changed table; ``prompts`` [prompts of it] are their codes in the table as it is."""

    samples: Samples
    completed: CompletedGold
    prompts: npt.NDArray[np.int64]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Gains at ``strength`` [S] with limits at each alone, [S, 3] each, as it is and changed.

    ``at`` is the position of the strength that the largest improvement is proven at; there
    ``improvement`` of gold, with its joint lower limit.
    """

    strength: FloatArray
    gain: FloatArray
    gain_changed: FloatArray
    at: int
    improvement: float
    improvement_lower: float
    least: float

    @property
    def matters(self) -> bool:
        """Whether the improvement is proven, at least ``least``, and leaves no proven loss."""
        proven = self.improvement_lower > 0 and self.improvement >= self.least
        return bool(proven and self.gain_changed[self.at, 2] > 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: lists over strengths, estimates with limits."""
        columns = ("gain", "lower", "upper")
        return {
            "strength": self.strength,
            **{name: self.gain[:, k] for k, name in enumerate(columns)},
            **{f"{name}_changed": self.gain_changed[:, k] for k, name in enumerate(columns)},
            "at": self.strength[self.at],
            "improvement": self.improvement,
            "improvement_lower": self.improvement_lower,
        }


def comparison(case: Inspection, changed: Changed, claims: int = 1) -> Comparison | None:
    """Best-of-n before and after a change; None where groups or labels are too few to compare.

    ``claims`` is how many such comparisons share the level.
    """
    size = min(case.size, largest_common_size(changed.samples))
    strengths = 2.0 ** np.arange(int(np.log2(size)) + 1)
    if size > strengths[-1]:
        strengths = np.append(strengths, float(size))
    if size < 2 or changed.samples.labelled == 0:
        return None
    before = case.curve(BestOfN(), strengths)
    after = case.curve(BestOfN(), strengths, changed.samples, changed.completed)
    labels = np.minimum(before.labels_effective, after.labels_effective)
    used = int(np.count_nonzero(np.minimum.accumulate(labels) >= FEWEST_LABELS))
    difference = _differences(case, changed, strengths, size)
    if used < 2 or len(difference) < FEWEST_PROMPTS:
        return None
    level = 1 - (1 - case.claim) / claims
    df = min(len(difference), float(labels[:used].min())) - 1
    at, value, lower = _largest(difference[:, :used], df, level)
    return Comparison(
        strength=strengths[:used],
        gain=_gain(before, used),
        gain_changed=_gain(after, used),
        at=at,
        improvement=value,
        improvement_lower=lower,
        least=NEGLIGIBLE * case.spread,
    )


def _differences(
    case: Inspection, changed: Changed, strengths: FloatArray, size: int
) -> FloatArray:
    """Gold after less gold before, of the prompts that have groups of ``size`` in both: [p, S]."""
    name, rule = case.view.name, BestOfN()
    codes, before = prompt_vectors(
        case.samples, name, rule, strengths, smallest=size, gold=case.completed.value
    )
    part, after = prompt_vectors(
        changed.samples, name, rule, strengths, smallest=size, gold=changed.completed.value
    )
    _, first, second = np.intersect1d(codes, changed.prompts[part], return_indices=True)
    return np.asarray(after[second] - before[first])


def _largest(difference: FloatArray, df: float, level: float) -> tuple[int, float, float]:
    """Position of the largest lower limit, the improvement of gold there, and that limit.

    The limit is below 0 where that of the gain is.
    """
    gold = difference[:, 1:]
    both = np.concatenate([gold, gold - difference[:, :1]], axis=1)
    moments = Moments.of(both)
    covariance = moments.covariance_of_mean()
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    critical = max_t_quantile(covariance, df, level, sides=1)
    lower = (moments.mean - critical * error).reshape(2, -1).min(axis=0)
    at = int(np.argmax(lower))
    return at + 1, float(moments.mean[at]), float(lower[at])


def _gain(curve: EstimatedCurve, used: int) -> FloatArray:
    """Gain, lower and upper limit: [S, 3]."""
    return np.stack(curve.gain(), axis=1)[:used]
