"""Do two columns order the candidates of every group alike, or exactly in reverse?

Equal ranks in every group mean that one column is a monotone function of the other as far as any
selection within prompts can see. Ranks are compared by digest on a sample of whole prompts, then
exactly on all rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import finding
from overopt.auditing.data_checks.ranks import group_ranks, group_sums, prompt_sample
from overopt.auditing.data_checks.scale import ScoredProxy
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = ["gold_repeats_proxy", "twin_proxies"]

Direction = Literal["increasing", "decreasing"]
RankVector = npt.NDArray[np.integer[Any]]

SAMPLE_ROWS = 50_000
# Log of one over the chance that unrelated orders agree in every group: the product of m! over
# groups must exceed a thousand million before two columns are called the same.
ENOUGH_AGREEMENT = float(np.log(1e9))


def twin_proxies(samples: Samples) -> list[Finding]:
    """OV108 for every two proxies that order all groups alike or exactly in reverse."""
    part = prompt_sample(samples, SAMPLE_ROWS)
    digests = {name: _digests(part, column) for name, column in part.proxies.items()}
    found = []
    for one, two in combinations(samples.proxies, 2):
        direction = _direction(digests[one], digests[two])
        if direction and _same_everywhere(samples, one, two, direction):
            found.append(_twins(samples, one, two, direction))
    return found


def gold_repeats_proxy(view: ScoredProxy) -> Finding | None:
    """OV117: gold orders all labelled candidates exactly as the proxy does: a circular audit?"""
    samples, gold = view.samples, view.samples.gold
    if gold is None or samples.labelled == 0:
        return None
    for table in (prompt_sample(samples, SAMPLE_ROWS), samples):  # most columns differ early
        if not _gold_is_proxy(table, view.name):
            return None
    fine = view.scale.kind == "continuous"
    return finding(
        "OV117",
        Severity.STOP if fine else Severity.CAUTION,
        f"{view.name} orders all {samples.labelled:,} labelled candidates exactly as gold does: "
        + (
            "they are the same score in two columns" if fine else "a perfect score, or the same one"
        ),
        samples,
        ~np.isnan(gold),
        proxy=view.name,
        gold=samples.gold_name,
    )


def _gold_is_proxy(samples: Samples, proxy: str) -> bool:
    assert samples.gold is not None
    labelled = ~np.isnan(samples.gold)
    if not labelled.any():
        return False
    part = samples.take(labelled)
    ours, theirs = _order(part, part.proxies[proxy]), _order(part, samples.gold[labelled])
    same = (ours.upward == theirs.upward).all()
    return bool(same) and theirs.agreement >= ENOUGH_AGREEMENT


def _twins(samples: Samples, one: str, two: str, direction: Direction) -> Finding:
    said = (
        "they are one proxy to every rule that selects by rank"
        if direction == "increasing"
        else "to push on one is to push against the other"
    )
    return finding(
        "OV108",
        Severity.NOTE,
        f"{two} is a strictly {direction} function of {one} within all groups: {said}",
        samples,
        proxies=[one, two],
        direction=direction,
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Order:
    """First rank of every row's tie group from below and from above, -1 where it has no value.

    ``agreement`` is the sum over groups of log(d!), d the number of distinct values in the group.
    """

    upward: RankVector
    downward: RankVector
    agreement: float


def _order(samples: Samples, column: npt.NDArray[Any]) -> _Order:
    missing = np.isnan(column)
    ranks = group_ranks(samples, np.where(missing, -np.inf, column))
    absent = np.repeat(group_sums(samples, missing), samples.group_sizes).astype(np.int32)
    shares = np.where(missing, 0, 1 / (ranks.stop - ranks.start))
    distinct = np.rint(group_sums(samples, shares)).astype(np.int64)
    log_factorial = np.cumsum(np.log(np.maximum(np.arange(distinct.max() + 1), 1)))
    return _Order(
        upward=np.where(missing, -1, ranks.start - absent),
        downward=np.where(missing, -1, ranks.size - ranks.stop),
        agreement=float(log_factorial[distinct].sum()),
    )


def _digests(samples: Samples, column: npt.NDArray[Any]) -> tuple[bytes, bytes] | None:
    """Digests of both orders; None when the column has too few distinct ranks to be told apart."""
    order = _order(samples, column)
    if order.agreement < ENOUGH_AGREEMENT:
        return None
    both = (order.upward, order.downward)
    up, down = (hashlib.sha256(ranks.astype(np.int32).tobytes()).digest() for ranks in both)
    return up, down


def _direction(
    one: tuple[bytes, bytes] | None, two: tuple[bytes, bytes] | None
) -> Direction | None:
    if one is None or two is None:
        return None
    if one[0] == two[0]:
        return "increasing"
    return "decreasing" if one[0] == two[1] else None


def _same_everywhere(samples: Samples, one: str, two: str, direction: Direction) -> bool:
    if samples.rows <= SAMPLE_ROWS:
        return True  # the digests covered all rows
    first, second = (_order(samples, samples.proxies[name]) for name in (one, two))
    other = second.upward if direction == "increasing" else second.downward
    return bool((first.upward == other).all())
