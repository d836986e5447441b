"""A finding with the rows that caused it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = ["MOST_ROWS", "finding", "per_cent"]

MOST_ROWS = 20  # row numbers that one finding names


def finding(
    code: str,
    severity: Severity,
    message: str,
    samples: Samples,
    guilty: npt.NDArray[np.bool_] | None = None,
    **numbers: Any,
) -> Finding:
    """Finding whose data hold ``numbers`` and, for a mask ``guilty`` [rows], ``count`` and the
    first ``rows`` as the user numbered them (from 0)."""
    data: dict[str, Any] = dict(numbers)
    if guilty is not None:
        positions = np.flatnonzero(guilty)
        data["count"] = len(positions)
        data["rows"] = [int(number) for number in samples.row[positions[:MOST_ROWS]]]
    return Finding(code=code, severity=severity, message=message, data=data)


def per_cent(share: float) -> str:
    """Share as whole per cent, with one digit where whole ones would say 0 or 100."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{100 * share:.1f} %"
    return f"{100 * share:.0f} %"
