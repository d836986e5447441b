"""Where mean gold goes as pressure grows without end, in a verdict, a value and a theorem.

Verdicts are the four of Majka and El-Mhamdi (2505.23445), after El-Mhamdi and Hoang (2410.09638):
gold reaches its supremum while proxy and gold stay correlated among the selected ("none": no
Goodhart effect) or while that correlation falls to 0 ("benign"); gold stays below its supremum
("weak"); gold falls to its infimum ("strong"). "not_covered" where no theorem here speaks.

A density that grows with the proxy is a mixture of thresholds. Best-of-n, best-of-Poisson, the
chi-square optimum and soft best-of-n too sharp for a KL tilt move all of that mixture to the top,
so their limit is that of E[gold | proxy > t]. A KL tilt factorises over independent gold and error:
mean gold is K'(1 / beta), K the cumulant generating function of gold, whatever the error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np

from overopt.errors import BadOption, NotIdentified
from overopt.lab.exact_curve import ExactCurve
from overopt.lab.existence import demand_existence
from overopt.lab.joints.coupled import Coupled
from overopt.lab.joints.independent import Independent
from overopt.lab.joints.joint import FloatArray, Joint
from overopt.lab.limits.independent_sum import Outcome, selected_limit
from overopt.lab.limits.jointly_normal import jointly_normal_limit
from overopt.lab.limits.tilted import tilted_mean
from overopt.lab.limits.upper_tail import UpperTail, upper_tail
from overopt.lab.profile import DEEPEST
from overopt.pressure import BestOfN, KLTilt, Pressure, RankPressure, SoftBestOfN

__all__ = ["Limit", "Trend", "limit"]

ONLY_VALUES = "there are only exact values at growing pressure"
GROWING = (10.0, 1e2, 1e4, 1e8, 1e16, 1e32, 1e64)
GROWING_SOFT = (4.0, 16.0, 64.0, 256.0)
GROWING_SCORE = (0.25, 0.5, 0.75, 0.9, 0.99)
BEYOND = 1e3  # spreads of gold, where a trend is plain
BLUR = 1e-7
STRONGEST_SCORE = 4.0  # per unit of proxy, where every tilt exists


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Trend:
    """Exact gold [k] at growing ``strength`` [k], beside what the theorem says."""

    strength: FloatArray
    gold: FloatArray
    error_bound: FloatArray


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Limit:
    """The limit of mean gold: ``value`` infinite where it has no bound, NaN where unknown.

    ``base`` is mean gold without pressure; ``theorem`` None where none applies.
    """

    joint: Joint
    pressure: Pressure
    verdict: str
    value: float
    base: float
    theorem: str | None
    reason: str

    def trend(self) -> Trend:
        """Exact gold on the way: as far as it exists, moves and double precision reaches."""
        return _trend(self.joint, self.pressure)


def limit(joint: Joint, pressure: Pressure | None = None) -> Limit:
    """What becomes of gold under ``pressure`` (best-of-n unless given) without end.

    Raises NotIdentified where gold has no mean, or the pressure never an optimum.
    """
    pressure = pressure or BestOfN()
    demand_existence(joint, pressure, 0.0 if isinstance(pressure, KLTilt) else 1.0)
    outcome, doubt = None, f"gold and error are not independent: {ONLY_VALUES}"
    if isinstance(joint, Independent):
        outcome = _outcome(joint, pressure)
        doubt = _doubt(joint, pressure)
    elif isinstance(joint, Coupled):
        outcome = jointly_normal_limit(joint, pressure)
    return Limit(
        joint=joint,
        pressure=pressure,
        verdict=_verdict(joint, outcome),
        value=outcome.value if outcome else math.nan,
        base=joint.moments().gold_mean,
        theorem=outcome.theorem if outcome else None,
        reason=outcome.reason if outcome else doubt,
    )


def _doubt(law: Independent, pressure: Pressure) -> str:
    """Why no theorem speaks of independent gold and error."""
    if isinstance(pressure, KLTilt) and law.error.tilt_limit == 0:
        return (
            "the error and one of gold's tails are heavy, so no beta has an optimum, and policies "
            "of ever larger proxy at ever less KL can lead gold to more than one limit"
        )
    return f"one of the tails is of a kind that no theorem here decides: {ONLY_VALUES}"


def _verdict(joint: Joint, outcome: Outcome | None) -> str:
    if outcome is None or not isinstance(joint, Independent | Coupled):
        return "not_covered"
    if outcome.value == -math.inf:
        return "strong"
    above = upper_tail(joint.gold)
    top = above.end if above else math.inf
    if outcome.value < top and not math.isclose(outcome.value, top, rel_tol=1e-9):
        return "weak"
    return "none" if outcome.informative else "benign"


def _outcome(law: Independent, pressure: Pressure) -> Outcome | None:
    if isinstance(pressure, KLTilt):
        return _tilted_outcome(law)
    sharpness = getattr(pressure, "sharpness", math.inf)
    if isinstance(pressure, SoftBestOfN) and sharpness < law.moments().tilt_limit:
        return Outcome(
            value=tilted_mean(law.gold, sharpness),
            informative=True,
            theorem="soft best-of-n",
            reason=f"among ever more candidates soft best-of-n becomes the KL tilt at 1 / beta = "
            f"{sharpness:g}",
        )
    return selected_limit(law.gold, law.error)


def _tilted_outcome(law: Independent) -> Outcome | None:
    rates = law.gold.tilt_limit, law.error.tilt_limit
    gold, error = upper_tail(law.gold), upper_tail(law.error)
    if gold is None or error is None:
        return None
    if rates[0] == 0 < rates[1]:
        return Outcome(
            value=math.inf,
            informative=True,
            theorem="Theorem 1",
            reason="gold is heavy, so no beta has an optimum: policies of ever larger proxy cost "
            "ever less KL, and as the error is light, it is gold that they raise without bound",
        )
    if rates[1] == 0 and 0 in (rates[0], law.gold.scaled(-1.0).tilt_limit):
        return None
    if rates[1] == 0:
        return Outcome(
            value=law.gold.mean,
            informative=False,
            theorem="Theorem 1",
            reason="the error is heavy, so no beta has an optimum: policies of ever larger proxy "
            "cost ever less KL, and as gold is light, all of them tend to its mean",
        )
    if rates[1] < rates[0]:
        return Outcome(
            value=tilted_mean(law.gold, rates[1]),
            informative=False,
            theorem="Theorem 4, corrected",
            reason=f"an optimum exists only for 1 / beta below {rates[1]:g}, the rate at which the "
            "error's tail falls: gold can reach no more than its mean tilted by that rate",
        )
    grows = "to its largest value" if gold.bounded else "without bound"
    return Outcome(
        value=gold.end,
        informative=_tilt_informs(gold, error),
        theorem="Theorem 4, corrected",
        reason="tilting acts on gold and error apart, and every tilt that gold allows exists: gold "
        f"grows {grows}",
    )


def _tilt_informs(gold: UpperTail, error: UpperTail) -> bool:
    """Whether gold's tilted variance stays visible beside the error's as the tilt grows."""
    if gold.exponential:
        return True
    return _variance_power(gold) >= _variance_power(error) - 1e-12


def _variance_power(tail: UpperTail) -> float:
    """The tilted variance is of order tilt^this, for a tail exp(-t^power) or with an end."""
    return -2.0 if tail.bounded else (2 - tail.power) / (tail.power - 1)


def _trend(joint: Joint, pressure: Pressure) -> Trend:
    found: list[ExactCurve] = []
    ranks = isinstance(pressure, RankPressure)
    for strength in _growing(joint, pressure):
        if ranks and _at_the_end(joint, strength):
            break
        try:
            # The first profile shows every rank; a score pressure may need a deeper one.
            again = bool(found) and ranks
            found.append((found[0].at if again else partial(joint.curve, pressure))([strength]))
        except (NotIdentified, BadOption):
            break  # beyond what double precision holds
        if abs(found[-1].gold[0]) > BEYOND * found[-1].profile.gold_unit:
            break
    return Trend(
        **{
            name: np.array([getattr(curve, name)[0] for curve in found])
            for name in ("strength", "gold", "error_bound")
        }
    )


def _growing(joint: Joint, pressure: Pressure) -> tuple[float, ...]:
    if isinstance(pressure, SoftBestOfN):
        return GROWING_SOFT
    if isinstance(pressure, RankPressure):
        return GROWING
    farthest = joint.moments().tilt_limit if isinstance(pressure, KLTilt) else math.inf
    if farthest == 0:
        return ()
    return tuple(share * min(farthest, STRONGEST_SCORE) for share in GROWING_SCORE)


def _at_the_end(joint: Joint, strength: float) -> bool:
    """Whether the selected proxies lie so near their largest value that doubles blur them."""
    low, high = (joint.reach(nats)[1] for nats in (math.log(strength), DEEPEST))
    return high - low < BLUR * abs(high)
