"""A mechanism: one reason why gold does not follow this proxy, shown by numbers and rows.

The tests of one proxy share one error: each of the ``FAMILIES`` of claims gets the same part of
1 - level, so that a table in which no mechanism is at work shows one in at most 1 - level of cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import MOST_ROWS
from overopt.auditing.data_checks.scale import ScoredProxy
from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.curves.fold import largest_common_size
from overopt.curves.operating_point import OperatingPoint
from overopt.findings import Finding, Severity
from overopt.pressure import Pressure
from overopt.samples import Samples

__all__ = [
    "FAMILIES",
    "FEWEST_PROMPTS",
    "NEGLIGIBLE",
    "Inspection",
    "Mechanism",
    "rows_to_read",
]

FloatArray = npt.NDArray[np.floating[Any]]
BoolVector = npt.NDArray[np.bool_]
# association (negative or none), turning dependence, subpopulation, feature, tail of the error
FAMILIES = 5
FEWEST_PROMPTS = 10
NEGLIGIBLE = 0.1  # of the within-prompt sd of gold: a smaller difference is of no use to anybody


@final
@dataclass(frozen=True, kw_only=True)
class Mechanism:
    """What is at work: ``id`` names it, ``code`` is its entry in the catalogue of findings.

    ``message`` is what it does here, with numbers, and what to do; ``data`` those numbers and the
    rows to read. ``instead_of`` is the code of a finding that says less about the same.
    """

    id: str
    code: str
    severity: Severity
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    instead_of: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: id, and what a finding has."""
        same = Finding(code=self.code, severity=self.severity, message=self.message, data=self.data)
        return {"id": self.id, **same.to_dict()}


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """One proxy's table as every mechanism reads it; ``level`` is the audit's.

    ``view`` holds the rows that the proxy scored; ``completed`` their gold; ``features`` numbers
    [rows] that describe candidates; ``spread`` is the within-prompt sd of gold, above 0; ``point``
    the decision of the leading pressure.
    """

    view: ScoredProxy
    completed: CompletedGold
    features: Mapping[str, FloatArray]
    spread: float
    point: OperatingPoint
    level: float

    @property
    def claim(self) -> float:
        """The level of one family of claims."""
        return 1 - (1 - self.level) / FAMILIES

    @property
    def samples(self) -> Samples:
        """The rows that the proxy scored."""
        return self.view.samples

    @property
    def size(self) -> int:
        """Candidates that nearly all groups have."""
        return largest_common_size(self.samples)

    def curve(
        self,
        pressure: Pressure,
        strengths: FloatArray,
        samples: Samples | None = None,
        completed: CompletedGold | None = None,
    ) -> EstimatedCurve:
        """Gold under ``pressure``, of this table or of one made from it."""
        known = self.completed if completed is None else completed
        return gold_curve(
            self.samples if samples is None else samples,
            self.view.name,
            pressure,
            strengths=strengths,
            level=self.level,
            labels_drawn=known.design,
            completed=known,
        )


def rows_to_read(samples: Samples, suspects: BoolVector) -> dict[str, Any]:
    """Of the rows in a mask those with the lowest gold, as the user numbered them, and how many.

    Without a label among them, the first ones.
    """
    gold = np.full(samples.rows, np.nan) if samples.gold is None else samples.gold
    positions = np.flatnonzero(suspects)
    order = np.argsort(gold[positions], kind="stable")  # NaN last
    chosen = samples.row[positions[order[:MOST_ROWS]]]
    return {"count": len(positions), "rows": [int(row) for row in chosen]}
