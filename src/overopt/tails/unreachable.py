"""Rows of one group that sampling from another would not reach.

By the generalised Pareto law fitted at the deepest rung that is significant (else the deepest), a
score x is reached once in 1 / (share * survival(x - threshold)) draws. A row counts as out of reach
when that is more than a hundred times the rows of the group. It is an extrapolation, which is why
the factor is large; groups that are centred have no common origin and are not compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.findings import Finding, Severity
from overopt.tails.verdict import TailVerdict

__all__ = ["out_of_reach"]

FloatArray = npt.NDArray[np.floating[Any]]

FAR = 100.0
FEWEST_SHARE = 0.1  # of a group's rows
MOST_TOLD = 5  # pairs, those with most rows first


def out_of_reach(
    names: Sequence[str], scores: Sequence[FloatArray], verdicts: Sequence[TailVerdict]
) -> list[Finding]:
    """A finding for each of the worst pairs of which the second lies beyond the first."""
    found = []
    for i, base in enumerate(verdicts):
        if base.centred or not base.rungs:
            continue
        highest = float(np.max(scores[i], initial=-np.inf, where=np.isfinite(scores[i])))
        for j in range(len(names)):
            far = int((_draws(base, scores[j]) > FAR * base.rows).sum()) if i != j else 0
            if far >= FEWEST_SHARE * len(scores[j]) > 0:
                beyond = int((scores[j] > highest).sum())
                found.append(
                    _finding(names[i], names[j], base.rows, highest, beyond, far, scores[j])
                )
    return sorted(found, key=lambda one: -one.data["far"])[:MOST_TOLD]


def _draws(base: TailVerdict, scores: FloatArray) -> FloatArray:
    """Draws [rows] that one score as high takes; below the threshold 1, beyond the end infinite."""
    rung = ([one for one in base.rungs if one.side] or list(base.rungs))[-1]
    excess = np.where(np.isfinite(scores), scores - rung.threshold, -1.0)
    inside = 1 + rung.xi / rung.scale * np.maximum(excess, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        survival = np.where(inside > 0, np.maximum(inside, 1e-300) ** (-1 / rung.xi), 0.0)
        return np.where(excess > 0, 1 / (rung.share * survival), 1.0)


def _finding(
    base: str, other: str, rows: int, highest: float, beyond: int, far: int, scores: FloatArray
) -> Finding:
    return Finding(
        code="OV208",
        severity=Severity.CAUTION,
        message=f"{beyond:,} of {len(scores):,} rows of {other} score above the highest of "
        f"{rows:,} of {base} ({highest:.3g}); {far:,} lie where its tail would put none in "
        f"{int(FAR * rows):,} draws: sampling {base} would not reach them",
        data={"base": base, "group": other, "highest": highest, "beyond": beyond, "far": far},
    )
