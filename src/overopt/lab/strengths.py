"""Pressures by name, and the strengths at which a law's curve is shown unless asked otherwise."""

from __future__ import annotations

import math

import numpy as np

from overopt.errors import BadOption
from overopt.lab.joints.joint import FloatArray, Joint
from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    RankPressure,
    SoftBestOfN,
    Threshold,
)

__all__ = ["PRESSURES", "pressure_named", "shown_strengths"]

PRESSURES: dict[str, type[Pressure]] = {
    family.id: family
    for family in (BestOfN, Threshold, KLTilt, SoftBestOfN, BestOfPoisson, ChiSquare)
}
FARTHEST_RANK, FARTHEST_SOFT = 65536.0, 1024.0
TENTH = math.log(10)
FARTHEST_SCORE = 12.0  # per range of the proxy that leaves out a tenth at either side
TILT_ROOM = 0.95  # of the largest tilt that exists


def pressure_named(name: str, sharpness: float | None = None) -> Pressure:
    """The pressure called ``name`` (best_of_n or best-of-n, ...), or BadOption with the choices."""
    family = PRESSURES.get(name.strip().replace("-", "_"))
    if family is None:
        raise BadOption(f"no pressure {name!r}: choose from {', '.join(PRESSURES)}")
    if family is SoftBestOfN:
        return SoftBestOfN(sharpness=1.0 if sharpness is None else sharpness)
    if sharpness is not None:
        raise BadOption(
            f"an inverse temperature ({sharpness:g}) belongs to soft_best_of_n alone: leave it out "
            f"or choose that pressure, not {family.id}"
        )
    return family()


def shown_strengths(joint: Joint, pressure: Pressure, to: float | None = None) -> FloatArray:
    """No pressure, then one strength for each doubling up to ``to`` (default: by the law)."""
    last = _farthest(joint, pressure) if to is None else float(to)
    least = pressure.no_pressure
    if math.isfinite(last) and pressure.whole:
        last = math.floor(last)
    if not (math.isfinite(last) and last > least):
        room = "at least 2" if pressure.whole else f"above {least:g}"
        raise BadOption(
            f"strengths of {pressure.label} ({pressure.knob}) start at {least:g}: the last must be "
            f"finite and {room}, got {last if to is None else to:g}"
        )
    first = 1.0 if least == 1 else last / 2**10
    doublings = first * 2.0 ** np.arange(math.floor(math.log2(last / first) + 1e-9) + 1)
    return np.unique(np.concatenate([[least], doublings, [last]]))


def _farthest(joint: Joint, pressure: Pressure) -> float:
    if isinstance(pressure, SoftBestOfN):
        return FARTHEST_SOFT
    if isinstance(pressure, RankPressure):
        return FARTHEST_RANK
    moments = joint.moments()
    low, high = joint.reach(TENTH)
    last = FARTHEST_SCORE / (high - low) if high > low else FARTHEST_SCORE
    if isinstance(pressure, KLTilt) and 0 < moments.tilt_limit < math.inf:
        last = min(last, TILT_ROOM * moments.tilt_limit)
    return last
