"""Doubts about curves and decisions: findings OV3xx."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.fold import largest_common_size
from overopt.curves.operating_point import OperatingPoint
from overopt.curves.pooled_curve import PooledCurve
from overopt.findings import Finding, Severity
from overopt.numerals import number
from overopt.samples import Samples

__all__ = ["curve_findings"]

FEW_EFFECTIVE_LABELS = 20.0


def curve_findings(
    samples: Samples,
    curves: Mapping[str, EstimatedCurve],
    points: Mapping[str, OperatingPoint],
    reach: float,
    pooled: PooledCurve | None,
) -> list[Finding]:
    """Findings about the curves of one proxy, in the order of their codes."""
    found = [
        *(_uneven_weights(curve) for curve in curves.values()),
        _left_out(samples),
        _unknown_design(next(iter(curves.values()))),
        _unidentified(next(iter(curves.values()))),
        _few_effective_labels(curves.get("best_of_n")),
        _model_beyond(pooled),
        _beyond_reach(samples, points, reach),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: one.code)


def _uneven_weights(curve: EstimatedCurve) -> Finding | None:
    """OV301, for score pressures whose weights have a tail that rules the mean."""
    doubtful = np.flatnonzero(curve.grey & np.isfinite(curve.pareto_k))
    if not len(doubtful):
        return None
    first = int(doubtful[0])
    strength = float(curve.strength[first])
    return Finding(
        code="OV301",
        severity=Severity.CAUTION,
        message=(
            f"{curve.pressure.label}: from {curve.pressure.knob} = {number(strength)} on, a few "
            f"samples carry the estimate (Pareto k {number(curve.pareto_k[first], digits=2)}); "
            "those points are greyed"
        ),
        data={
            "pressure": curve.pressure.id,
            "strength": strength,
            "pareto_k": curve.pareto_k[first],
        },
    )


def _left_out(samples: Samples) -> Finding | None:
    """OV302: groups smaller than the largest n leave the whole curve."""
    largest = largest_common_size(samples)
    small = int(np.count_nonzero(samples.group_sizes < largest))
    if not small:
        return None
    return Finding(
        code="OV302",
        severity=Severity.NOTE,
        message=(
            f"{small:,} of {samples.groups:,} groups have fewer than {largest} candidates and are "
            "left out of the curves"
        ),
        data={"groups": small, "largest_n": largest},
    )


def _unknown_design(curve: EstimatedCurve) -> Finding | None:
    """OV303: labels whose design nobody stated support a description, not a decision."""
    if curve.design != "unknown":
        return None
    return Finding(
        code="OV303",
        severity=Severity.CAUTION,
        message=(
            "how the labelled rows were chosen is unknown: the curves use them as if drawn evenly "
            "and decide nothing"
        ),
        data={},
    )


def _unidentified(curve: EstimatedCurve) -> Finding | None:
    """OV306: with only winners labelled, gold is known at most for the best of all candidates."""
    if curve.moments is None or curve.identified.all():
        return None
    known = curve.strength[curve.identified]
    where = (
        f"only at {curve.pressure.knob} = {number(float(known[0]))}" if len(known) else "nowhere"
    )
    return Finding(
        code="OV306",
        severity=Severity.CAUTION,
        message=f"with only winners labelled, gold is identified {where} on this curve",
        data={"identified": known.tolist()},
    )


def _few_effective_labels(curve: EstimatedCurve | None) -> Finding | None:
    """OV304: the end of the best-of-n curve rests on few labels."""
    if curve is None or not curve.partial or not len(curve.strength):
        return None
    effective = float(curve.labels_effective[-1])
    if effective >= FEW_EFFECTIVE_LABELS:
        return None
    return Finding(
        code="OV304",
        severity=Severity.CAUTION,
        message=(
            f"at n = {number(float(curve.strength[-1]))} the estimate rests on "
            f"{number(effective, digits=2)} effective labels; label more of the best-scored "
            "candidates"
        ),
        data={"labels_effective": effective, "strength": float(curve.strength[-1])},
    )


def _beyond_reach(
    samples: Samples, points: Mapping[str, OperatingPoint], reach: float
) -> Finding | None:
    """OV309: the KL recommended for training is beyond what the samples can vouch for."""
    over = {
        name: points[name].kl
        for name in ("kl_tilt", "chi_square")
        if name in points and points[name].kl > reach
    }
    if not over:
        return None
    told = " or ".join(dict.fromkeys(map(number, over.values())))
    return Finding(
        code="OV309",
        severity=Severity.NOTE,
        message=(
            f"a policy trained to {told} nats is past the {number(reach)} nats at which a "
            f"flaw unseen in {samples.rows:,} rows could own 10 % of it: "
            "a starting point, not a certificate"
        ),
        data={"reach_kl": reach, "kl": over},
    )


def _model_beyond(pooled: PooledCurve | None) -> Finding | None:
    """OV310 where the model beyond the candidates failed its check, OV308 where it is offered."""
    if pooled is None:
        return None
    if pooled.discrepancy is not None and pooled.discrepancy.verdict == "disagrees":
        code, said = (
            "OV310",
            "the model beyond the candidates at hand failed its check; none is offered",
        )
    elif np.isfinite(pooled.gold).any():
        code = "OV308"
        said = (
            f"beyond n = {number(float(pooled.strength[0]))} the curve is a model that pools "
            f"{pooled.prompts:,} prompts; no decision rests on it"
        )
    else:
        return None
    # ``rows`` in a finding's data are row numbers, never a count: the page lists them.
    data = {"largest_n": float(pooled.strength[0]), "prompts": pooled.prompts}
    return Finding(code=code, severity=Severity.NOTE, message=said, data=data)
