"""Checks of the table's shape: prompts, groups, pooling, what a candidate is."""

from __future__ import annotations

import numpy as np

from overopt.auditing.data_checks.evidence import finding
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = ["few_prompts", "pooled_policies", "small_groups", "systems_as_candidates"]

SMALL_GROUP = 4
MANY_PROMPTS = 30
REACHED_BY = 0.95  # the curve stops at the largest n that this share of groups reaches


def small_groups(samples: Samples) -> Finding | None:
    """OV106: groups of one say nothing, groups below four little; ragged groups end the curve."""
    sizes = samples.group_sizes
    single = int(np.count_nonzero(sizes == 1))
    typical = float(np.median(sizes))
    reached = int(np.quantile(sizes, 1 - REACHED_BY, method="lower"))
    shape = f"groups hold {sizes.min():,} to {sizes.max():,} candidates, median {typical:g}"
    if sizes.min() == sizes.max():
        shape = f"candidates per group: {sizes.min():,}"
    if single == samples.groups:
        severity, said = Severity.STOP, "every group has one candidate: there is nothing to choose"
    elif single:
        severity = Severity.CAUTION
        said = f"{single:,} of {samples.groups:,} groups have one candidate only and say nothing"
    elif typical < SMALL_GROUP:
        severity, said = Severity.CAUTION, f"the curve ends at n = {reached:,}"
    elif reached < typical:
        severity = Severity.NOTE
        said = f"95 % of the groups reach only n = {reached:,}; drop smaller ones to see further"
    else:
        return None
    guilty = np.repeat(sizes < max(SMALL_GROUP, typical), sizes)
    return finding(
        "OV106",
        severity,
        f"{shape}; {said}",
        samples,
        guilty,
        smallest=int(sizes.min()),
        median=typical,
        largest=int(sizes.max()),
        single=single,
        reached_by_most=reached,
    )


def pooled_policies(samples: Samples) -> Finding | None:
    """OV111: candidates of different policies in one group invent a gain."""
    pooled = list(samples.notes.get("pooled_groups") or ())
    if not pooled:
        return None
    names = ", ".join(str(name) for name in pooled[:5]) + (", ..." if len(pooled) > 5 else "")
    return finding(
        "OV111",
        Severity.STOP,
        f"candidates of {len(pooled):,} steps or policies are compared as one group ({names}): a "
        "proxy that only tells them apart looks as if it chose well",
        samples,
        pooled=[str(name) for name in pooled],
    )


def few_prompts(samples: Samples) -> Finding | None:
    """OV112: prompts are the sample size; one gives no interval, few give wide ones."""
    if samples.prompts >= MANY_PROMPTS:
        return None
    if samples.prompts == 1:
        severity, said = Severity.STOP, "1 prompt: no interval can be given, whatever its rows"
    else:
        severity = Severity.CAUTION
        said = (
            f"{samples.prompts} prompts, fewer than {MANY_PROMPTS}: the intervals use t quantiles "
            "and lean on the prompts being alike"
        )
    return finding("OV112", severity, said, samples, prompts=samples.prompts)


def systems_as_candidates(samples: Samples) -> Finding | None:
    """OV114: the same named candidates recur, so the pressure selects among systems."""
    if not samples.notes.get("source_from_candidate_id") or samples.source is None:
        return None
    codes = samples.source.codes
    systems = len(np.unique(codes[codes >= 0]))
    return finding(
        "OV114",
        Severity.NOTE,
        f"the same {systems:,} candidate names recur in most prompts, so this is selection among "
        "systems: the gain is that of choosing a system per prompt, not of sampling one more often",
        samples,
        systems=systems,
    )
