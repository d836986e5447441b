"""Does gold fall, within prompts, as the proxy rises?

Each labelled row contributes (proxy position - 1/2) * (gold position - 1/2) / label probability:
proxy position is the mid-rank among all candidates of the group, gold position the mid-rank among
all labels. Proxy positions have mean 1/2 in every group, so the sum is unbiased for the covariance
within groups whatever the labelling design, and prompts that are easy or hard cancel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import finding
from overopt.auditing.data_checks.ranks import group_ranks, group_sums, prompt_sample
from overopt.auditing.data_checks.scale import ScoredProxy
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = ["flipped_sign"]

FloatVector = npt.NDArray[np.floating[Any]]

SAMPLE_ROWS = 200_000
CHANCE = 1e-3  # one-sided, of a finding where proxy and gold are unrelated
WEAKEST = -0.1  # correlations nearer to zero are no sign of a flip
FEWEST_PROMPTS = 5


def flipped_sign(view: ScoredProxy) -> Finding | None:
    """OV109: rank correlation within prompts at most -0.1, and below 0 beyond chance (1e-3)."""
    if view.samples.labelled == 0:
        return None
    part = prompt_sample(view.samples, SAMPLE_ROWS)
    values = part.proxies[view.name]
    ranks = view.ranks if part is view.samples else group_ranks(part, values)
    gold, weight = _gold_position(part)
    position = ranks.position - 0.5
    products = position * gold * weight
    covariance = np.bincount(part.prompt, weights=products).astype(np.float64)
    touched = np.bincount(part.prompt, weights=weight) > 0
    scale = np.sqrt(np.mean(np.square(position)) * _gold_variance(part, gold, weight))
    if np.count_nonzero(touched) < FEWEST_PROMPTS or not scale > 0:
        return None
    correlation = float(covariance.sum() / (weight.sum() * scale))
    chance = _chance_below_zero(covariance[touched])
    if correlation > WEAKEST or chance > CHANCE:
        return None
    return finding(
        "OV109",
        Severity.CAUTION,
        f"{view.name}: within prompts gold falls as the score rises (rank correlation "
        f"{correlation:+.2f}); if higher is not better by this score, negate it",
        view.samples,
        proxy=view.name,
        rank_correlation=correlation,
        chance=chance,
    )


def _gold_position(samples: Samples) -> tuple[FloatVector, FloatVector]:
    """Centred gold position and weight (1 / label probability) of every row; 0 without a label."""
    assert samples.gold is not None
    labelled = ~np.isnan(samples.gold)
    weight = labelled.astype(np.float64)
    if samples.label_prob is not None:
        weight[labelled] /= samples.label_prob[labelled]
    back, counts = np.unique(samples.gold[labelled], return_inverse=True, return_counts=True)[1:]
    middle = (np.cumsum(counts) - counts / 2) / len(back)
    gold = np.zeros(samples.rows)
    gold[labelled] = middle[back] - np.average(middle[back], weights=weight[labelled])
    return gold, weight


def _gold_variance(samples: Samples, gold: FloatVector, weight: FloatVector) -> float:
    """Variance of gold position within groups, from groups with two labels or more.

    Where no group has two, the variance over all labels stands in: it is larger, so the
    correlation comes out nearer to zero.
    """
    labels = group_sums(samples, weight > 0)
    total = group_sums(samples, weight)
    means = group_sums(samples, gold * weight) / np.maximum(total, np.finfo(float).tiny)
    away = np.square(gold - np.repeat(means, samples.group_sizes)) * weight
    free = (total * (1 - 1 / np.maximum(labels, 1))).sum()
    if not free > 0:
        return float((np.square(gold) * weight).sum() / weight.sum())
    shrunk = 1 - samples.groups / samples.rows  # the variance of m candidates about their mean
    return float(away.sum() / free * shrunk)


def _chance_below_zero(per_prompt: FloatVector) -> float:
    """One-sided p-value of a t test that the mean over prompts is below zero."""
    from scipy.special import stdtr

    count = len(per_prompt)
    spread = float(per_prompt.std(ddof=1))
    if spread == 0:
        return 0.0 if per_prompt[0] < 0 else 1.0
    return float(stdtr(count - 1, per_prompt.mean() / spread * count**0.5))
