"""A limit as plain data, schema overopt.lab/1 (docs/lab.md)."""

from __future__ import annotations

import math
from typing import Any

from overopt.lab.document import SCHEMA
from overopt.lab.limits.limit import Limit

__all__ = ["limit_document"]


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
