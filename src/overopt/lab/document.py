"""An exact curve as plain data, schema overopt.lab/1 (docs/lab.md)."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from overopt.errors import NotIdentified
from overopt.lab.exact_curve import ExactCurve
from overopt.lab.limits.limit import limit

__all__ = ["SCHEMA", "curve_document"]

SCHEMA = "overopt.lab/1"


def curve_document(curve: ExactCurve) -> dict[str, Any]:
    """The curve, its turns, peak and limit; what does not exist is NaN here, null in JSON."""
    peak = curve.peak()
    return {
        "schema": SCHEMA,
        "kind": "curve",
        "law": curve.joint.to_dict(),
        "moments": asdict(curve.joint.moments()),
        **curve.to_dict(),
        "extrema": [asdict(extremum) for extremum in curve.extrema()],
        "peak": asdict(peak) if peak else None,
        "limit": _limit(curve),
    }


def _limit(curve: ExactCurve) -> dict[str, Any] | None:
    """Where gold goes beyond the curve; None where tilting gold to the limit fails numerically."""
    try:
        found = limit(curve.joint, curve.pressure)
    except NotIdentified:
        return None
    return {
        "verdict": found.verdict,
        "value": found.value,
        "unbounded": math.isinf(found.value),
        "theorem": found.theorem,
        "reason": found.reason,
    }
