"""What counts as quality, and how much it varies within groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from overopt.errors import BadOption, NotIdentified
from overopt.samples import Samples
from overopt.stats.order import ranking

__all__ = ["OBJECTIVES", "quality", "within_spread"]

OBJECTIVES = ("mean", "win-rate")


def quality(samples: Samples, objective: str) -> Samples:
    """The table with gold in terms of the objective: gold itself, or its win rate in the group.

    The win rate of a candidate is the chance that its gold is above that of a fresh one, ties
    counted half: mid-rank / (m + 1), the mean of its quantile. For best-of-n that is exact where
    the proxy is perfect or says nothing, and between them a little close to a half (by a seventh of
    the gain in groups of 6); wins over the other candidates of the group would overstate it, as
    the best of n has beaten those it was drawn with. Raises NotIdentified when a group is not
    labelled throughout.
    """
    if objective not in OBJECTIVES:
        raise BadOption(f"objective {objective!r}: choose one of {', '.join(OBJECTIVES)}")
    if objective == "mean" or samples.gold is None or samples.labelled == 0:
        return samples
    if samples.labelled < samples.rows:
        raise NotIdentified(
            f"the win rate needs gold on every candidate of a group; {samples.labelled} of "
            f"{samples.rows} rows have it: use the objective mean"
        )
    wins = np.empty(samples.rows)
    for batch in samples.batches():
        start, stop = ranking(batch.gather(samples.gold)).bounds()
        wins[batch.rows] = (start + stop + 1) / 2 / (batch.size + 1)
    return replace(samples, gold=wins)


def within_spread(samples: Samples) -> float:
    """Root mean square within-group sd of labelled gold (ddof 1); 0 when it cannot be seen."""
    if samples.gold is None:
        return 0.0
    labelled = ~np.isnan(samples.gold)
    group = samples.group[labelled]
    gold = np.asarray(samples.gold[labelled], dtype=float)
    count = np.bincount(group, minlength=samples.groups)
    mean = np.bincount(group, gold, samples.groups) / np.maximum(count, 1)
    square = np.bincount(group, (gold - mean[group]) ** 2, samples.groups)
    freedom = float(np.maximum(count - 1, 0).sum())
    return float(np.sqrt(square.sum() / freedom)) if freedom else 0.0
