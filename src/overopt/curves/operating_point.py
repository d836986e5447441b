"""How hard to push: one decision for a curve, with one error rate over all its strengths.

Two families of differences, each paired by prompt and held jointly at the level (max-t): the gain
of every strength against no pressure, and the change from every strength to the end of the curve.
A gain, loss or fall is proven when its joint interval excludes zero. Decisions, first that holds:

  do_not_push  no strength has a proven gain and some strength a proven loss
  push         a gain is proven at the peak, and so is the fall from the peak to the end
  no_peak      a gain is proven and the last doubling still gains
  saturated    from some strength with a proven gain on, at most half of the end, the change to the
               end lies within the tolerance (two one-sided tests)
  undecided    otherwise; ``needs`` says what would decide it

Assumes the curve's assumptions. A decision is about the range shown, never beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.estimated_curve import EstimatedCurve
from overopt.errors import BadOption
from overopt.stats.intervals import max_t_quantile

__all__ = ["DECISIONS", "Gains", "OperatingPoint", "Tolerance", "gains", "operating_point"]

FloatArray = npt.NDArray[np.floating[Any]]
SMALLEST_KL = 1e-6  # below it nothing was selected
FEWEST_PROMPTS = 3  # two make every correlation 1, so joint limits cannot be trusted
DECISIONS = ("push", "saturated", "no_peak", "do_not_push", "undecided")


@final
@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What counts as no change: the larger of two shares, and what a candidate costs.

    ``spread`` of the mean within-prompt standard deviation of gold, ``gain`` of the gain at the
    strength considered; ``cost`` in gold units for each further candidate, which enters as a loss.
    """

    spread: float = 0.02
    gain: float = 0.20
    cost: float = 0.0

    def __post_init__(self) -> None:
        for name in ("spread", "gain", "cost"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise BadOption(f"tolerance {name} must be a number >= 0, got {value!r}")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Gains:
    """Differences on the trusted strengths of a curve; every array is over ``positions``.

    ``gain`` against no pressure with joint limits; ``rest`` the change from the strength to the end
    of the curve with joint two-sided limits and the limits of the one-sided equivalence test.
    """

    positions: npt.NDArray[np.int64]
    gain: FloatArray
    gain_lower: FloatArray
    gain_upper: FloatArray
    gain_error: FloatArray
    rest: FloatArray
    rest_lower: FloatArray
    rest_upper: FloatArray
    rest_error: FloatArray
    within_lower: FloatArray
    within_upper: FloatArray
    critical: float


@final
@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """The decision for one pressure. ``gain`` is against no pressure, limits joint over strengths.

    ``strength`` is always filled: when undecided, the largest strength whose gain is proven, else
    no pressure. ``needs`` is what would decide it, or None.
    """

    pressure: str
    decision: str
    strength: float
    position: int
    kl: float
    gain: float
    gain_lower: float
    gain_upper: float
    tolerance: float
    needs: str | None
    numbers: dict[str, float] = field(default_factory=dict)


def gains(curve: EstimatedCurve, cost: float = 0.0) -> Gains:
    """Joint gains and changes of a curve with gold, net of ``cost`` for each candidate more."""
    positions = curve.joint_strengths()
    count, width = len(positions), len(curve.strength)
    picked = np.zeros((count, width))
    picked[np.arange(count), positions] = 1
    to_gain, to_rest = picked.copy(), -picked
    to_gain[:, 0] -= 1
    to_rest[:, positions[-1]] += 1
    spent = cost * curve.strength[positions]
    gain, gain_error, (gain_critical,) = _joint(curve, to_gain, sides=(2,))
    rest, rest_error, (rest_critical, one_sided) = _joint(curve, to_rest, sides=(2, 1))
    gain = gain - (spent - spent[0])
    rest = rest - (spent[-1] - spent)
    return Gains(
        positions=positions,
        gain=gain,
        gain_lower=gain - gain_critical * gain_error,
        gain_upper=gain + gain_critical * gain_error,
        gain_error=gain_error,
        rest=rest,
        rest_lower=rest - rest_critical * rest_error,
        rest_upper=rest + rest_critical * rest_error,
        rest_error=rest_error,
        within_lower=rest - one_sided * rest_error,
        within_upper=rest + one_sided * rest_error,
        critical=gain_critical,
    )


def operating_point(
    curve: EstimatedCurve, within_spread: float, tolerance: Tolerance | None = None
) -> OperatingPoint:
    """Decision for a curve with gold; ``within_spread`` is the mean within-prompt sd of gold."""
    options = tolerance or Tolerance()
    if not curve.identified.all():
        return _unidentified(curve)
    found = gains(curve, options.cost)
    allowed = np.maximum(options.spread * within_spread, options.gain * found.gain)
    decision, at = _decision(curve, found, allowed)
    if curve.design == "unknown" or curve.prompts < FEWEST_PROMPTS:
        decision, at = "undecided", 0
    position = int(found.positions[at])
    return OperatingPoint(
        pressure=curve.pressure.id,
        decision=decision,
        strength=float(curve.strength[position]),
        position=position,
        kl=float(curve.kl[position]),
        gain=float(found.gain[at]),
        gain_lower=float(found.gain_lower[at]),
        gain_upper=float(found.gain_upper[at]),
        tolerance=float(allowed[at]),
        needs=_needs(curve, found, allowed) if decision == "undecided" else None,
        numbers=_numbers(curve, found, at),
    )


def _unidentified(curve: EstimatedCurve) -> OperatingPoint:
    """No decision: gold at no pressure is unknown, so there is nothing to compare with."""
    nan = float("nan")
    return OperatingPoint(
        pressure=curve.pressure.id,
        decision="undecided",
        strength=float(curve.strength[0]),
        position=0,
        kl=0.0,
        gain=nan,
        gain_lower=nan,
        gain_upper=nan,
        tolerance=nan,
        needs="labels on candidates drawn at random, not only on winners",
        numbers={},
    )


def _joint(
    curve: EstimatedCurve, contrasts: FloatArray, sides: tuple[int, ...]
) -> tuple[FloatArray, FloatArray, list[float]]:
    """Estimates, standard errors, and a joint critical value for each of ``sides``."""
    estimate, covariance, df = curve.contrast(contrasts)
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    return estimate, error, [max_t_quantile(covariance, df, curve.level, side) for side in sides]


def _decision(curve: EstimatedCurve, found: Gains, allowed: FloatArray) -> tuple[str, int]:
    """The first decision that holds, and the index (into ``found``) of its strength."""
    better = found.gain_lower > 0
    worse = found.gain_upper < 0
    if not better.any():
        return ("do_not_push", 0) if worse.any() else ("undecided", 0)
    peak = int(np.argmax(found.gain))
    if better[peak] and found.rest_upper[peak] < 0:
        return "push", peak
    end = len(found.gain) - 1
    half = _half_of_the_end(curve, found)
    if better[end] and half < end and found.rest_lower[half] > 0:
        return "no_peak", end
    flat = (found.within_lower >= -allowed) & (found.within_upper <= allowed)
    stays = np.logical_and.accumulate(flat[::-1])[::-1]
    # Close to the end the change is small by construction: a plateau spans the last doubling.
    level = np.flatnonzero(better & stays & (np.arange(len(flat)) <= min(half, end - 1)))
    if len(level):
        return "saturated", int(level[0])
    return "undecided", _largest_proven(found)


def _half_of_the_end(curve: EstimatedCurve, found: Gains) -> int:
    """Where the last doubling starts: the largest strength at most half of the last one."""
    strength = curve.strength[found.positions]
    return max(int(np.searchsorted(strength, strength[-1] / 2 * (1 + 1e-9), "right")) - 1, 0)


def _largest_proven(found: Gains) -> int:
    proven = np.flatnonzero(found.gain_lower > 0)
    return int(proven[-1]) if len(proven) else 0


def _numbers(curve: EstimatedCurve, found: Gains, at: int) -> dict[str, float]:
    """What the sentence and the report quote: the point, the end, the best and the worst."""
    half = _half_of_the_end(curve, found)
    best = int(np.argmax(found.gain[1:])) + 1 if len(found.gain) > 1 else 0
    worst = int(np.argmin(np.where(found.gain_upper < 0, found.gain, np.inf)))
    return {
        "gold": float(curve.gold[found.positions[at]]),
        "gold_no_pressure": float(curve.gold[0]),
        "end": float(curve.strength[found.positions[-1]]),
        "rest": float(found.rest[at]),
        "rest_lower": float(found.rest_lower[at]),
        "rest_upper": float(found.rest_upper[at]),
        "half": float(curve.strength[found.positions[half]]),
        "last_doubling": float(found.rest[half]),
        "last_doubling_lower": float(found.rest_lower[half]),
        "last_doubling_upper": float(found.rest_upper[half]),
        "best": float(curve.strength[found.positions[best]]),
        "best_gain": float(found.gain[best]),
        "best_lower": float(found.gain_lower[best]),
        "best_upper": float(found.gain_upper[best]),
        "worst": float(curve.strength[found.positions[worst]]),
        "worst_gain": float(found.gain[worst]),
        "worst_lower": float(found.gain_lower[worst]),
        "worst_upper": float(found.gain_upper[worst]),
    }


def _needs(curve: EstimatedCurve, found: Gains, allowed: FloatArray) -> str:
    """What would decide an undecided curve: the cheapest of the possible proofs."""
    if curve.prompts < FEWEST_PROMPTS:
        few = "a single prompt" if curve.prompts == 1 else f"{curve.prompts} prompts"
        return f"more prompts: {few} cannot tell what holds for others"
    if curve.design == "unknown":
        return (
            "labels drawn by a known design: declare how rows were chosen (--labels-drawn), "
            "or label a recorded random draw"
        )
    end, peak = len(found.gain) - 1, int(np.argmax(found.gain))
    half = _half_of_the_end(curve, found)
    if end == 0 or curve.kl[found.positions[end]] < SMALLEST_KL:
        return "a proxy that varies within prompts, or larger groups: there is no pressure to apply"
    questions: list[tuple[float, str]] = []
    if not (found.gain_lower > 0).any():
        best = int(np.argmax(np.abs(found.gain[1:]))) + 1
        size = max(abs(found.gain[best]), allowed[best])
        questions.append(
            (_factor(size, found.gain_error[best], found.critical), "any gain or loss")
        )
    else:
        for at, claim in ((peak, "a fall after the peak"), (half, "the gain of the last doubling")):
            wanted = found.rest[at] < 0 if at == peak else found.rest[at] > 0
            if wanted and at < end:
                factor = _factor(abs(found.rest[at]), found.rest_error[at], found.critical)
                questions.append((factor, claim))
        room = allowed[half] - abs(found.rest[half])
        if room > 0:
            factor = _factor(room, found.rest_error[half], found.critical)
            questions.append((factor, "that the last doubling stays within the tolerance"))
    factor, claim = min(questions, default=(np.inf, ""))
    return _amount(curve, factor, claim)


def _factor(size: float, error: float, critical: float) -> float:
    """How many times the data makes ``size`` exceed ``critical`` errors with power 0.8."""
    if not size > 0:
        return float("inf")
    return float(((critical + 0.84) * error / size) ** 2)


def _amount(curve: EstimatedCurve, factor: float, claim: str) -> str:
    """The factor as a number of prompts or labels, whichever limits the study."""
    if not np.isfinite(factor) or factor > 400:
        return (
            "an effect larger than this one: at the size estimated here, no affordable number of "
            "prompts would tell it from none"
        )
    factor = max(factor, 1.2)
    prompts = f"about {_rounded_up(factor * curve.prompts)} prompts instead of {curve.prompts}"
    proof = f"to prove {claim}, if it is as estimated"
    if not curve.partial:
        return f"{prompts} {proof}"
    if factor > _label_room(curve):
        return f"{prompts}, labelled at the same rate, {proof}; more labels on these cannot"
    return f"about {factor:.1f} times the labels on the same prompts, or {prompts}, {proof}"


def _label_room(curve: EstimatedCurve) -> float:
    """How many times the effective labels all labels would be, at the strength with least room."""
    every = curve.groups * curve.ess
    return float(np.min((every / np.maximum(curve.labels_effective, 1e-9))[~curve.grey]))


def _rounded_up(value: float) -> int:
    """Two significant digits, upwards: a sample size is never known better."""
    step = 10 ** max(int(np.floor(np.log10(value))) - 1, 0)
    return int(np.ceil(value / step) * step)
