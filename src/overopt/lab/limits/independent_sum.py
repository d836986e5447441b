"""Mean gold given that gold + error exceeds a bound that grows, for independent gold and error.

The hazard of the error decides. It grows without bound: gold goes to its supremum (Theorem 6 of
Kwa, Thomas and Garriga-Alonso, 2407.14503). It tends to a rate: e^error varies regularly, so by
Breiman's lemma selection tilts gold by that rate. It tends to 0: what decides is
    L = lim E[gold; gold > t] / P(error > t),
and the limit is E[gold] + L. For a proof let m have density proportional to gold's positive part
times its law: its tail is that numerator, and sums of subexponential laws add their tails (Foss,
Korshunov and Zachary, 2013, section 3.3). Theorem 5 is the case L = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from overopt.lab.limits.tilted import tilted_mean
from overopt.lab.limits.upper_tail import SAME, UpperTail, upper_tail
from overopt.lab.marginals.law import Law

__all__ = ["Outcome", "selected_limit"]


@final
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where mean gold goes: ``value`` (may be inf), by which ``theorem``, and why.

    ``informative``: the correlation of gold and proxy among the selected stays above 0.
    """

    value: float
    informative: bool
    theorem: str
    reason: str


def selected_limit(gold: Law, error: Law) -> Outcome | None:
    """The limit of E[gold | gold + error > t] as t grows; None where no theorem says."""
    above, noise = upper_tail(gold), upper_tail(error)
    if above is None or noise is None:
        return None
    if noise.bounded or noise.superexponential:
        return _growing_hazard(above, noise)
    if noise.exponential:
        return _steady_hazard(gold, above, noise)
    return _falling_hazard(gold, above, noise)


def _growing_hazard(gold: UpperTail, error: UpperTail) -> Outcome:
    kind = "is bounded above" if error.bounded else "falls faster than every exponential"
    grows = "gold goes to its largest value" if gold.bounded else "gold grows without bound"
    return Outcome(
        value=gold.end,
        informative=error.bounded or not (gold.bounded or gold.superexponential),
        theorem="Theorem 6",
        reason=f"the error {kind}, so a large proxy must owe more and more to gold: {grows}",
    )


def _steady_hazard(gold: Law, above: UpperTail, error: UpperTail) -> Outcome:
    rate = error.rate
    equal = above.exponential and math.isclose(above.rate, rate, rel_tol=SAME)
    if equal:
        return Outcome(
            value=math.inf,
            informative=False,
            theorem="equal exponential tails",
            reason=f"far out gold and error both fall off at rate {rate:g} per unit, so each has "
            "on average a fixed part of a large proxy: gold grows without bound",
        )
    if above.subexponential or (above.exponential and above.rate < rate):
        return Outcome(
            value=math.inf,
            informative=True,
            theorem="heavier gold",
            reason="gold has the heavier tail, and the error stays bounded in mean: gold grows "
            "without bound",
        )
    return Outcome(
        value=tilted_mean(gold, rate),
        informative=False,
        theorem="exponential error",
        reason=f"far out the error falls off at the steady rate {rate:g} per unit, so however high "
        "the proxy, one more unit of gold makes a candidate only "
        f"exp({rate:g}) times likelier to be among the selected: gold levels off at its mean under "
        "those odds",
    )


def _falling_hazard(gold: Law, above: UpperTail, error: UpperTail) -> Outcome:
    if not above.subexponential:
        return _lost(gold, "gold's is not: a very large proxy is almost surely a very large error")
    excess = above.log_ratio(error, power=1.0)
    if excess == -math.inf:
        return _lost(
            gold,
            "gold's tail is thinner by more than one power of the proxy: large gold is too rare "
            "to count among large proxies",
        )
    if excess == math.inf:
        share = above.log_ratio(error, power=0.0)
        gap = "heavier than the error's" if share == math.inf else "lighter by less than one power"
        told = "as heavy as the error's" if -math.inf < share < math.inf else gap
        return Outcome(
            value=math.inf,
            informative=_owns_a_share(above, share),
            theorem="tail gap",
            reason=f"the error is heavy, but gold's tail is {told}: gold grows without bound",
        )
    factor = above.index / (above.index - 1) if above.log_square == 0 else 1.0
    return Outcome(
        value=gold.mean + factor * math.exp(excess),
        informative=False,
        theorem="tail gap",
        reason="gold's tail is thinner than the error's by exactly one power of the proxy: large "
        "gold grows rarer among large proxies as fast as it grows, and adds a fixed amount to the "
        "mean",
    )


def _owns_a_share(gold: UpperTail, log_share: float) -> bool:
    """Whether large gold stays a visible part of large proxies: only power laws keep a tie."""
    power_law = gold.rate == 0 and gold.log_square == 0
    return log_share == math.inf or (power_law and log_share > -math.inf)


def _lost(gold: Law, why: str) -> Outcome:
    return Outcome(
        value=gold.mean,
        informative=False,
        theorem="Theorem 5",
        reason=f"the error's tail is heavy (subexponential) and {why}; gold returns to its mean "
        "without pressure",
    )
