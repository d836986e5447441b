"""What the labels of a proxy's audit have bought, which did not come back, and what to buy next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.operating_point import OperatingPoint
from overopt.findings import Finding, Severity
from overopt.labels.design import label_probabilities
from overopt.labels.half_width import expected_half_width
from overopt.labels.nonresponse import MissingLabels, missing_labels
from overopt.labels.value import LabelValue, label_value
from overopt.labels.weights import planning_strengths
from overopt.numerals import number
from overopt.pressure import BestOfN, Pressure, SoftBestOfN
from overopt.samples import Samples

__all__ = ["LabelAdvice", "label_advice", "label_findings", "needed_labels"]

BUDGET = 120
MANY_MISSING = 0.2  # of the planned labels


@final
@dataclass(frozen=True, kw_only=True)
class LabelAdvice:
    """``value`` of the labels in hand, and ``missing`` ones; None where there is nothing to say."""

    value: LabelValue | None
    missing: MissingLabels | None

    def to_dict(self) -> dict[str, Any] | None:
        """Plain data, None where both are."""
        if self.value is None and self.missing is None:
            return None
        return {
            "value": None if self.value is None else self.value.to_dict(),
            "missing": None if self.missing is None else self.missing.to_dict(),
        }


def label_advice(
    table: Samples,
    proxy: str,
    completed: CompletedGold,
    curve: EstimatedCurve,
    point: OperatingPoint,
) -> LabelAdvice:
    """Advice at the strength that was decided on, else where the estimate is best."""
    base, strength = float(curve.strength[0]), point.strength
    if strength <= base:
        strength = point.numbers.get("best", base)
    if strength <= base or not curve.identified.all():
        return LabelAdvice(value=None, missing=None)
    return LabelAdvice(
        value=label_value(table, proxy, completed, curve, strength),
        missing=missing_labels(table, proxy, completed, curve.pressure, base, strength),
    )


def label_findings(advice: LabelAdvice | None, knob: str) -> list[Finding]:
    """OV121: planned labels that did not come back, with what they could change."""
    if advice is None or advice.missing is None:
        return []
    lost = advice.missing
    ends = "its scale" if lost.bounded else "the labels in hand (its scale has none)"
    said = (
        f"{lost.missing:,} of {lost.planned:,} planned labels ({100 * lost.share:.0f} %) did not "
        f"come back and are taken as missing by chance; were they all at the ends of {ends}, "
        f"{number(lost.low)} and {number(lost.high)}, the gain estimated at {knob} = "
        f"{number(lost.strength)} could be anything from {number(lost.gain_lowest, digits=2)} to "
        f"{number(lost.gain_highest, digits=2)}"
    )
    severity = Severity.STOP if lost.share > MANY_MISSING else Severity.CAUTION
    return [Finding(code="OV121", severity=severity, message=said, data=lost.to_dict())]


def needed_labels(table: Samples, proxy: str, pressure: Pressure) -> str:
    """What an audit without gold needs: how many planned labels, what they would tell, and how.

    Prompts are taken to differ in gold as much as candidates of one prompt do, for want of labels.
    Soft best-of-n is planned for as best-of-n, which needs the same rows most.
    """
    planned_for = BestOfN() if isinstance(pressure, SoftBestOfN) else pressure
    budget = min(BUDGET, table.rows)
    option = "" if planned_for.id == "best_of_n" else f" --pressure {planned_for.id}"
    command = (
        f"overopt labels plan FILE --proxy {shlex.quote(proxy)}{option} --budget {budget} "
        "--ledger labels.json > to_label.csv"
    )
    needs = f"gold labels drawn with recorded probabilities ({command})"
    grid = planning_strengths(table, proxy, planned_for)
    if len(grid) < 2 or table.prompts < 2:
        return needs
    chance = label_probabilities(table, proxy, planned_for, grid, budget)
    ends = np.array([grid[0], grid[-1]])
    found = expected_half_width(table, proxy, planned_for, ends, chance, between_sd=1.0)
    return (
        f"{needs}: {budget} of them would tell the gain at {planned_for.knob} = "
        f"{number(float(grid[-1]))} to about ±{number(float(found.gain[-1]), digits=2)} sd of gold "
        f"within a prompt, for which {_rounded(found.gain_even[-1])} drawn evenly would be needed"
    )


def _rounded(labels: float) -> str:
    """Two significant digits."""
    return f"{float(f'{labels:.2g}'):,.0f}"
