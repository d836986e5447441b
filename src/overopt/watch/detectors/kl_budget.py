"""Has the policy moved further from its reference than the budget of nats?

Where the KL is exact (summed over the vocabulary at every token), a batch mean above the budget is
a fact. Where it is estimated from samples, z = 1 - (batch mean) / budget: its mean is not below 0
as long as the expected KL is within the budget, whatever the law of the estimates, so the evidence
reaches 1 / false_alarm with chance at most false_alarm in a run of any length.

Estimates that cannot be negative (k3 = r - 1 - ln r with r the ratio reference / policy) need
nothing else. A batch mean below 0, possible with k1 = -ln r, counts as 0, which can only speak for
an alarm, by as little as the part of its law below 0. Rows without a finite KL are left out.
Source of the names k1 and k3: Schulman (2020), "Approximating KL divergence".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, final

import numpy as np

from overopt.errors import BadOption
from overopt.numerals import estimate, number
from overopt.stats.e_process import Betting
from overopt.watch.batch import Batch
from overopt.watch.detectors.dated_evidence import DatedEvidence, dated
from overopt.watch.detectors.detector import Amber, ProxyDetector
from overopt.watch.detectors.recent_mean import RecentMean, with_readings

__all__ = ["KLBudget", "KLBudgetState"]

BLOCK = 20
LARGEST = 1e150  # the square of a mean must not overflow


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class KLBudgetState:
    """``dated`` evidence from batch means, the recent mean, and the first above the budget."""

    dated: DatedEvidence
    recent: RecentMean
    above: int | None
    above_by: float


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class KLBudget(ProxyDetector[KLBudgetState]):
    """Watches the logged KL, nats per candidate, against ``budget`` nats."""

    budget: float
    exact: bool = False
    false_alarm: float = 0.01
    betting: Betting = field(default_factory=Betting)
    name: str = "kl_budget"

    def __post_init__(self) -> None:
        if not 0 < self.budget < inf:
            raise BadOption(f"a KL budget of {self.budget} nats: give a number above 0")

    @classmethod
    def from_card(cls, card: Mapping[str, Any], pressure: str = "kl_tilt") -> KLBudget:
        """Budget at the operating point of a pressure of a validity card.

        Raises BadOption when the card has no such pressure or advises against any push.
        """
        entry = next((one for one in card["pressures"] if one["pressure"] == pressure), None)
        if entry is None:
            known = ", ".join(one["pressure"] for one in card["pressures"])
            raise BadOption(f"no pressure {pressure!r} on this card; it has: {known}")
        point = entry["operating_point"] or entry
        if not point["kl"] > 0:
            raise BadOption(
                f"the card of {card['proxy']!r} supports no push by {pressure!r}, so it has no KL "
                "budget: give one in nats"
            )
        return cls(budget=float(point["kl"]))

    def start(self) -> KLBudgetState:
        """State before the first batch."""
        return KLBudgetState(
            dated=DatedEvidence.none(self.betting),
            recent=RecentMean.none(),
            above=None,
            above_by=0.0,
        )

    def update(self, state: KLBudgetState, batch: Batch) -> KLBudgetState:
        """State after one more batch; one without a finite KL changes nothing."""
        if batch.kl is None:
            return state
        usable = batch.kl[np.isfinite(batch.kl)]
        if not len(usable):
            return state
        mean = float(np.clip(usable / len(usable), -LARGEST, LARGEST).sum())
        state = replace(state, recent=with_readings(state.recent, [mean], batch.step, BLOCK))
        if state.above is None and mean > self.budget:
            state = replace(state, above=batch.step, above_by=mean)
        z = 1 - max(mean, 0.0) / self.budget
        found = dated(state.dated, [(z, mean)], batch.step, self.betting, self.false_alarm)
        return replace(state, dated=found)

    def fired(self, state: KLBudgetState) -> Amber | None:
        """The signal: a fact when the KL is exact, else what the evidence says."""
        what = "spend labels: gold at this distance was never measured, or lower the KL"
        if self.exact:
            if state.above is None:
                return None
            return Amber(
                name=self.name,
                step=state.above,
                sentence=(
                    f"the KL from the reference passed its budget at step {state.above:,}: "
                    f"{number(state.above_by)} nats per candidate, {number(self.budget)} allowed; "
                    f"{what}"
                ),
            )
        found, last = state.dated, state.recent.last
        if found.fired is None:
            return None
        lately = (
            f"; the {last.count} batches up to step {last.step:,}: "
            f"{estimate(last.mean, last.lower, last.upper)}"
            if last
            else ""
        )
        return Amber(
            name=self.name,
            step=found.fired,
            sentence=(
                f"the KL from the reference is above its budget, probably since step "
                f"{found.origin.step:,}: {number(found.mean)} nats per candidate over "
                f"{found.readings:,} batches since, {number(self.budget)} allowed{lately}; {what}"
            ),
        )
