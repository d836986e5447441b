"""The audit in words: one plain sentence for each decision, with all its numbers."""

from __future__ import annotations

import math

from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.gold_curve import GoldCurve
from overopt.curves.looks import level_at_look
from overopt.curves.operating_point import OperatingPoint
from overopt.numerals import estimate, number

__all__ = [
    "decision_sentence",
    "look_clause",
    "proxy_only_sentence",
    "reach_clause",
]


def decision_sentence(
    curve: EstimatedCurve,
    point: OperatingPoint,
    gold_source: str,
    rows: int,
    reach: float,
    valued: str = "gold",
) -> str:
    """What to do with this pressure, what it gains, how sure that is, and what it rests on.

    ``valued`` is what the decision is about: gold or its win rate, perhaps net of cost.
    """
    says = {
        "push": _push,
        "saturated": _saturated,
        "no_peak": _no_peak,
        "do_not_push": _do_not_push,
        "undecided": _undecided,
    }[point.decision]
    text = f"{says(curve, point, valued)}, according to {gold_source}."
    if point.decision != "do_not_push" and point.kl > 0:
        text += f" {reach_clause(point.kl, rows, reach)}"
    if point.needs is not None:
        text += f" To decide it: {point.needs}."
    return text


def proxy_only_sentence(curve: GoldCurve, rows: int, reach: float) -> str:
    """What can be said without gold: how far the score moves, never whether that is good."""
    end = len(curve.strength) - 1
    return (
        f"No gold labels: how hard to push cannot be known. From no pressure to "
        f"{_at(curve, curve.strength[end])} the mean proxy goes from {number(curve.proxy[0])} to "
        f"{number(curve.proxy[end])}; whether quality follows, only labels can tell. "
        + reach_clause(float(curve.kl[end]), rows, reach)
    )


def reach_clause(kl: float, rows: int, reach: float) -> str:
    """The KL beside what the samples can vouch for, and that selection is not learning."""
    where = "past" if reach < kl else "short of"
    return (
        f"This costs {number(kl)} nats, {where} the {number(reach)} nats at which a flaw too rare "
        f"for these {rows:,} rows could own 10 % of a trained policy: selection is not learning."
    )


def look_clause(looks: int, level: float) -> str:
    """That the decision is one of several on growing labels, and what is left of the error."""
    if looks == 0:
        return ""
    left = f"{100 * level_at_look(level, looks):.3g} %"
    return (
        f" Decided at look {looks} of these labels, where decisions hold at {left}: over all "
        f"looks, however many, they hold at {100 * level:g} %."
    )


def _push(curve: GoldCurve, point: OperatingPoint, valued: str) -> str:
    n = point.numbers
    return (
        f"Push to {_at(curve, point.strength)} and no further: {valued} {_gain(point)}; from there "
        f"to {_at(curve, n['end'])} it falls by {_rest(point, -1)}"
    )


def _saturated(curve: GoldCurve, point: OperatingPoint, valued: str) -> str:
    n = point.numbers
    return (
        f"Push to {_at(curve, point.strength)}: {valued} {_gain(point)}; more pressure, up "
        f"to {_at(curve, n['end'])}, changes it by {_rest(point)}, within the tolerance of "
        f"{number(point.tolerance, digits=2)}"
    )


def _no_peak(curve: GoldCurve, point: OperatingPoint, valued: str) -> str:
    n = point.numbers
    return (
        f"Push to {_at(curve, point.strength)}, the most these groups show, and no peak is seen: "
        f"{valued} {_gain(point)}, and the last doubling still adds "
        + estimate(n["last_doubling"], n["last_doubling_lower"], n["last_doubling_upper"])
    )


def _do_not_push(curve: GoldCurve, point: OperatingPoint, valued: str) -> str:
    n = point.numbers
    return (
        f"Do not push: no {curve.pressure.knob} has a proven gain, and at "
        f"{_at(curve, n['worst'])} {valued} is lower by "
        + estimate(-n["worst_gain"], -n["worst_upper"], -n["worst_lower"])
    )


def _undecided(curve: EstimatedCurve, point: OperatingPoint, valued: str) -> str:
    n = point.numbers
    if not n:
        return (
            f"Undecided: only winners are labelled, so {valued} without pressure is unknown and no "
            "gain can be computed"
        )
    gain = estimate(n["best_gain"], n["best_lower"], n["best_upper"])
    best = f"the best estimate is a gain of {gain} at {_at(curve, n['best'])}"
    if point.strength > curve.pressure.no_pressure:
        at = _at(curve, point.strength)
        if point.strength == n["end"]:
            doubt = (
                f"Undecided whether {valued} stops rising before {at}, the most these groups show"
            )
        else:
            doubt = f"Undecided beyond {at}"
        earlier = f" ({best})" if n["best"] < point.strength else ""
        return f"{doubt}; until decided, use {at}: {valued} {_gain(point)}{earlier}"
    if curve.design == "unknown":
        return (
            f"Undecided: {best}, but it only describes labels of unknown choice; do not push on it"
        )
    if not math.isfinite(n["best_lower"]):
        return f"Undecided: {best}, without an interval; do not push on it"
    return (
        f"Undecided: no gain or loss is proven up to {_at(curve, n['end'])} ({best}); until "
        "decided, do not push"
    )


def _at(curve: GoldCurve, strength: float) -> str:
    return f"{curve.pressure.knob} = {number(float(strength))}"


def _gain(point: OperatingPoint) -> str:
    return f"gains {estimate(point.gain, point.gain_lower, point.gain_upper)} over no pressure"


def _rest(point: OperatingPoint, sign: int = 1) -> str:
    n = point.numbers
    ends = sorted((sign * n["rest_lower"], sign * n["rest_upper"]))
    return estimate(sign * n["rest"], *ends)
