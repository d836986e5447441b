"""Is the proxy, on the whole, the wrong way round, or of no use at all?

Best-of-2 weighs ranks linearly, so its gain over no pressure is the covariance of gold and rank
within prompts; twice that gain is how much more gold the better-scored of two random candidates of
a prompt has. One interval serves two claims that exclude each other: gold falls as the score
rises (the interval lies below 0), or nothing is there to select by (it lies within a tenth of the
within-prompt sd of gold either side of 0, and no strength has a proven gain or loss).
"""

from __future__ import annotations

import numpy as np

from overopt.auditing.mechanisms.mechanism import (
    FEWEST_PROMPTS,
    NEGLIGIBLE,
    Inspection,
    Mechanism,
    rows_to_read,
)
from overopt.findings import Severity
from overopt.numerals import estimate, number
from overopt.pressure import BestOfN
from overopt.samples import Samples
from overopt.stats.intervals import t_quantile

__all__ = ["association", "pair_difference"]


def association(case: Inspection) -> Mechanism | None:
    """``anti_correlation`` or ``no_association``, where the interval shows one of them."""
    found = pair_difference(case)
    if found is None:
        return None
    value, lower, upper = found
    if upper < 0:
        return _negative(case, value, lower, upper)
    bound = NEGLIGIBLE * case.spread
    if -bound < lower and upper < bound and not _decided(case):
        return _none(case, value, lower, upper)
    return None


def pair_difference(
    case: Inspection, samples: Samples | None = None
) -> tuple[float, float, float] | None:
    """Gold of the better-scored of two random candidates less that of the other, with limits.

    Equal scores count as a toss; ``samples`` is the same table with other scores. None for groups
    of one or fewer than ten prompts.
    """
    if case.size < 2:
        return None
    curve = case.curve(BestOfN(), np.array([1.0, 2.0]), samples)
    if curve.prompts < FEWEST_PROMPTS:
        return None
    value, covariance, df = curve.contrast(np.array([[-2.0, 2.0]]))
    half = float(t_quantile(case.claim, df)) * float(np.sqrt(max(covariance[0, 0], 0.0)))
    return float(value[0]), float(value[0]) - half, float(value[0]) + half


def _decided(case: Inspection) -> bool:
    """Whether some strength has a proven gain or loss, which no association could not have."""
    numbers = case.point.numbers
    return case.point.position > 0 or numbers.get("worst_upper", 0.0) < 0


def _negative(case: Inspection, value: float, lower: float, upper: float) -> Mechanism:
    top = case.view.ranks.top
    return Mechanism(
        id="anti_correlation",
        code="OV324",
        severity=Severity.CAUTION,
        message=(
            "gold falls as the score rises, not only at the top: of two candidates of a prompt the "
            f"better-scored one has less gold by {estimate(-value, -upper, -lower)} "
            f"({number(-value / case.spread, digits=2)} within-prompt sd). If lower is better by "
            "this score, negate it; if not, no pressure on it can help"
        ),
        data=_numbers(case, value, lower, upper) | rows_to_read(case.samples, top),
        instead_of="OV109",
    )


def _none(case: Inspection, value: float, lower: float, upper: float) -> Mechanism:
    return Mechanism(
        id="no_association",
        code="OV327",
        severity=Severity.CAUTION,
        message=(
            "there is nothing to select by: of two candidates of a prompt the better-scored one "
            f"has {estimate(value, lower, upper)} more gold, surely less than {NEGLIGIBLE:g} "
            f"within-prompt sd ({number(NEGLIGIBLE * case.spread, digits=2)}) either way. Select "
            "at random, or find another score"
        ),
        data=_numbers(case, value, lower, upper) | {"bound": NEGLIGIBLE * case.spread},
    )


def _numbers(case: Inspection, value: float, lower: float, upper: float) -> dict[str, float]:
    return {
        "pair_difference": value,
        "lower": lower,
        "upper": upper,
        "within_sd": case.spread,
        "level": case.claim,
    }
