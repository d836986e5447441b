"""Does the score run out? Where several candidates share the best score it cannot choose.

Arithmetic, not a test: the share of candidates at the top bounds what selection can spend, and gold
there is what any more pressure is worth. Assumes that ties are ties, not rounding in the export.
"""

from __future__ import annotations

import numpy as np

from overopt.auditing.data_checks.evidence import per_cent
from overopt.auditing.data_checks.scores import ties_at_the_top
from overopt.auditing.mechanisms.mechanism import Inspection, Mechanism
from overopt.curves.binned_gold import mean_gold, row_sums
from overopt.findings import Severity
from overopt.numerals import estimate, number

__all__ = ["saturation_at_cap"]


def saturation_at_cap(case: Inspection) -> Mechanism | None:
    """``saturation_at_cap``, where the best score is shared in more than a fifth of the groups."""
    tied = ties_at_the_top(case.view)
    if tied is None:
        return None
    shared = case.view.ranks.top & case.view.ranks.tied
    sums = row_sums(case.samples, case.completed, np.where(shared, 0, -1), 1)
    found = mean_gold(sums, case.completed.bounds, case.level)
    gold, lower, upper = (float(of[0]) for of in (found.gold, found.lower, found.upper))
    end, at_top = tied.data["kl_end"], tied.data["share_at_top"]
    return Mechanism(
        id="saturation_at_cap",
        code="OV325",
        severity=Severity.NOTE,
        message=(
            f"the score runs out: in {per_cent(tied.data['share'])} of the groups "
            f"{per_cent(at_top)} of the candidates share the best score, so selection ends at "
            f"{number(end)} nats there, at a mean gold of {estimate(gold, lower, upper)}. More "
            "candidates buy nothing there; a finer score or a second one to break ties does"
        ),
        data={**tied.data, "gold": gold, "lower": lower, "upper": upper, "level": case.level},
        instead_of="OV105",
    )
