"""What should worry one about the data, before any curve: findings OV101 to OV122.

Every check is a pure function of the table (see ``data_checks``); here they are only lined up. A
check speaks where chance could hardly explain what it saw; thresholds stand beside each check.
"""

from __future__ import annotations

from collections.abc import Iterable

from overopt.auditing.data_checks.direction import flipped_sign
from overopt.auditing.data_checks.groups import (
    few_prompts,
    pooled_policies,
    small_groups,
    systems_as_candidates,
)
from overopt.auditing.data_checks.labels import (
    disagreeing_annotators,
    dominating_prompt,
    few_labels,
    label_design,
    uniform_gold,
)
from overopt.auditing.data_checks.pairs import gold_repeats_proxy, twin_proxies
from overopt.auditing.data_checks.repeats import repeated_candidates
from overopt.auditing.data_checks.scale import Scale, scale_of, scored_proxy
from overopt.auditing.data_checks.scores import (
    coarse_scores,
    constant_scores,
    infinite_scores,
    missing_scores,
    placeholder_scores,
    ties_at_the_top,
    uneven_scale,
)
from overopt.auditing.data_checks.sources import winning_source
from overopt.findings import Finding
from overopt.samples.table import Samples

__all__ = ["Scale", "proxy_findings", "proxy_pair_findings", "scale_of", "table_findings"]


def table_findings(samples: Samples, *, labels_drawn: str) -> list[Finding]:
    """Findings about the table that no one proxy causes, in the order of their codes.

    ``labels_drawn`` is how the gold labels were drawn: all, uniform, recorded, winners, unknown,
    or none.
    """
    return _in_order(
        [
            repeated_candidates(samples),
            small_groups(samples),
            label_design(samples, labels_drawn),
            pooled_policies(samples),
            few_prompts(samples),
            uniform_gold(samples),
            systems_as_candidates(samples),
            few_labels(samples),
            dominating_prompt(samples),
            disagreeing_annotators(samples),
        ]
    )


def proxy_findings(samples: Samples, proxy: str) -> list[Finding]:
    """Findings about one proxy, in the order of their codes.

    All but the checks for missing and infinite scores look at the finite scores only. Raises
    BadOption when the table has no such proxy.
    """
    raw = [infinite_scores(samples, proxy), missing_scores(samples, proxy)]
    view = scored_proxy(samples, proxy)
    if view is None:
        return _in_order(raw)
    checks = (
        constant_scores,
        coarse_scores,
        ties_at_the_top,
        winning_source,
        flipped_sign,
        gold_repeats_proxy,
        placeholder_scores,
        uneven_scale,
    )
    return _in_order([*raw, *(check(view) for check in checks)])


def proxy_pair_findings(samples: Samples) -> list[Finding]:
    """A finding OV108 for every two proxies that order all groups alike or exactly in reverse."""
    return twin_proxies(samples)


def _in_order(found: Iterable[Finding | None]) -> list[Finding]:
    return sorted((one for one in found if one is not None), key=lambda one: one.code)
