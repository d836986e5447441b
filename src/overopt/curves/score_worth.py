"""What is a score worth: mean gold by rank within the group, and by the raw score.

By rank: tied candidates share their ranks, so that gold under any rank pressure is the weighted sum
of these means. By score: one bin for each value of a coarse score, quantile bins otherwise. See
``binned_gold`` for the intervals, which hold bin by bin, and ``comparable_scale`` for whether a
score may be compared across prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.binned_gold import (
    MeanGold,
    interpolated_gold,
    mean_gold,
    or_none,
    rank_sums,
    row_sums,
)
from overopt.curves.comparable_scale import ComparableScale, comparable_scale
from overopt.curves.completed_gold import CompletedGold
from overopt.samples import Samples

__all__ = ["GoldBins", "ScoreWorth", "score_worth"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
MOST_RANKS, MOST_SCORES = 20, 12
LABELS_PER_BIN = 15


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GoldBins:
    """Mean gold over bins of ``quantity`` ("share" of rank, 0 worst to 1 best, or "score").

    ``centre``, ``first``, ``last`` [bins] place each bin; ``found`` are its estimates.
    """

    quantity: str
    centre: FloatArray
    first: FloatArray
    last: FloatArray
    found: MeanGold

    def at(self, value: float) -> tuple[float, float, float]:
        """Gold and its limits at ``value``, linear between bins; NaN outside the bins' range."""
        ends, found = (float(self.first[0]), float(self.last[-1])), self.found
        return interpolated_gold(value, ends, self.centre, found.gold, found.lower, found.upper)

    def to_dicts(self) -> list[dict[str, float | int | None]]:
        """One plain row for each bin."""
        found = self.found
        return [
            {
                self.quantity: float(self.centre[i]),
                "from": float(self.first[i]),
                "to": float(self.last[i]),
                "gold": or_none(found.gold[i]),
                "lower": or_none(found.lower[i]),
                "upper": or_none(found.upper[i]),
                "rows": round(float(found.rows[i])),
                "labelled": round(float(found.labelled[i])),
            }
            for i in range(len(self.centre))
        ]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreWorth:
    """Gold by rank and by score, and whether the score's scale is comparable across prompts."""

    by_rank: GoldBins
    by_score: GoldBins
    comparable: ComparableScale
    level: float
    prompts: int

    def at(self, score: float) -> tuple[float, float, float]:
        """Gold and its limits at a raw score; NaN outside the scores seen."""
        return self.by_score.at(score)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the audit document."""
        return {
            "by_rank": self.by_rank.to_dicts(),
            "by_score": self.by_score.to_dicts(),
            "comparable": self.comparable.to_dict(),
        }


def score_worth(
    samples: Samples, proxy: str, completed: CompletedGold, level: float = 0.95
) -> ScoreWorth:
    """What scores of ``proxy`` are worth in gold.

    ``samples`` must be scored by ``proxy`` throughout and ``completed`` be its completed gold.
    Partly labelled tables get fewer bins, about one for every fifteen labels.
    """
    most = MOST_RANKS
    if completed.inverse is not None:
        most = int(np.clip(samples.labelled // LABELS_PER_BIN, 2, MOST_RANKS))
    return ScoreWorth(
        by_rank=_by_rank(samples, proxy, completed, level, most),
        by_score=_by_score(samples, proxy, completed, level, min(most, MOST_SCORES)),
        comparable=comparable_scale(samples, proxy, completed.value, level),
        level=level,
        prompts=samples.prompts,
    )


def _by_rank(
    samples: Samples, proxy: str, completed: CompletedGold, level: float, most: int
) -> GoldBins:
    bins = _rank_bins(int(np.median(samples.group_sizes)), most)
    edges = np.arange(bins + 1) / bins
    return GoldBins(
        quantity="share",
        centre=(edges[:-1] + edges[1:]) / 2,
        first=edges[:-1],
        last=edges[1:],
        found=mean_gold(rank_sums(samples, proxy, completed, bins), completed.bounds, level),
    )


def _rank_bins(size: int, most: int) -> int:
    """Every rank where they are few; else a divisor of the size close to ``most``, or ``most``."""
    fitting = [bins for bins in range((most + 1) // 2, most + 1) if size % bins == 0]
    return size if size <= most else max(fitting, default=most)


def _by_score(
    samples: Samples, proxy: str, completed: CompletedGold, level: float, most: int
) -> GoldBins:
    scores = samples.proxies[proxy]
    edges = _score_edges(scores, most)
    bin_of = np.searchsorted(edges, scores, side="right")
    bin_of = np.unique(bin_of, return_inverse=True)[1]
    rows = np.bincount(bin_of)
    first, last = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    np.minimum.at(first, bin_of, scores)
    np.maximum.at(last, bin_of, scores)
    centre = np.bincount(bin_of, weights=scores) / rows
    sums = row_sums(samples, completed, bin_of, len(rows))
    return GoldBins(
        quantity="score",
        centre=np.clip(centre, first, last),  # a mean of equal floats may be off by rounding
        first=first,
        last=last,
        found=mean_gold(sums, completed.bounds, level),
    )


def _score_edges(scores: FloatArray, most: int) -> FloatArray:
    """Lowest score of every bin but the first: each value of few, else quantiles, deduplicated."""
    if len(np.unique(scores[: 1 << 14])) <= MOST_SCORES:  # cheap to rule out
        distinct = np.unique(scores)
        if len(distinct) <= MOST_SCORES:
            return distinct[1:]
    return np.unique(np.quantile(scores, np.arange(1, most) / most))
