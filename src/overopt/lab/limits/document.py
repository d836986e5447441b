"""A limit as plain data, schema overopt.lab/1 (docs/lab.md)."""

from __future__ import annotations

import math
from typing import Any

from overopt.errors import NotIdentified
from overopt.lab.document import SCHEMA, curve_document
from overopt.lab.limits.limit import Limit
from overopt.lab.strengths import shown_strengths

__all__ = ["limit_document", "way_document"]


def limit_document(limit: Limit) -> dict[str, Any]:
    """The verdict with its theorem and the exact trend; ``value`` is null where unbounded."""
    return {
        "schema": SCHEMA,
        "kind": "limit",
        "law": limit.joint.to_dict(),
        **limit.pressure.to_dict(),
        "verdict": limit.verdict,
        "value": limit.value,
        "unbounded": math.isinf(limit.value),
        "base": limit.base,
        "theorem": limit.theorem,
        "reason": limit.reason,
        "trend": {name: values.tolist() for name, values in vars(limit.trend()).items()},
    }


def way_document(limit: Limit) -> dict[str, Any]:
    """The exact curve as far as the trend goes, for the picture of the limit.

    Raises NotIdentified where no strength has exact gold.
    """
    trend = limit.trend()
    if not len(trend.strength):
        raise NotIdentified(
            f"gold under {limit.pressure.label} is not exact at any strength of this law, so there "
            "is no picture of its limit: choose another pressure"
        )
    strengths = shown_strengths(limit.joint, limit.pressure, float(trend.strength[-1]))
    return curve_document(limit.joint.curve(limit.pressure, strengths))
