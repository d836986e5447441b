"""Findings about a tail: what was left out, what could deceive."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from overopt.findings import Finding, Severity
from overopt.stats.ladder import Rung
from overopt.tails.sample import TailSample
from overopt.tails.sentences import NOT_APPLICABLE, one_in

__all__ = ["doubts"]

MANY_COPIES = 0.01
SMALL_P = 0.001


def doubts(
    sample: TailSample, name: str, reason: str, rungs: tuple[Rung, ...]
) -> tuple[Finding, ...]:
    """Findings in the order of their codes."""
    return (
        *_infinite(sample, name),
        *_copies(sample, name, reason),
        *_uneven(sample, name, rungs),
        *_without_tail(sample, name, reason),
        *_not_one_law(name, reason, rungs),
    )


def _infinite(sample: TailSample, name: str) -> Iterator[Finding]:
    if sample.above:
        rows = sample.above + sample.finite
        yield Finding(
            code="OV201",
            severity=Severity.CAUTION,
            message=f"{name}: +inf in {sample.above:,} of {rows:,} rows, heavier than any law; "
            "the shape is that of the finite rest",
            data={"plus_infinity": sample.above, "minus_infinity": sample.below},
        )


def _copies(sample: TailSample, name: str, reason: str) -> Iterator[Finding]:
    if reason in NOT_APPLICABLE:  # equal scores are then the score's scale, not copies
        return
    if sample.copies > MANY_COPIES * sample.finite:
        yield Finding(
            code="OV202",
            severity=Severity.NOTE,
            message=f"{name}: {sample.copies:,} scores repeat another of their group, exactly or "
            f"nearly, and were left out; {sample.different:,} different ones remain",
            data={"copies": sample.copies, "different": sample.different},
        )


def _uneven(sample: TailSample, name: str, rungs: tuple[Rung, ...]) -> Iterator[Finding]:
    spread = sample.spread
    if spread is not None and spread.uneven and any(rung.side > 0 for rung in rungs):
        yield Finding(
            code="OV203",
            severity=Severity.CAUTION,
            message=f"{name}: its spread differs between groups (log scale sd {spread.log_sd:.2f}, "
            f"z {spread.z:.1f} over {spread.groups:,} groups), which alone makes a pooled tail "
            "heavier; no heavy verdict is given",
            data={"log_sd": spread.log_sd, "z": spread.z, "groups": spread.groups},
        )


def _without_tail(sample: TailSample, name: str, reason: str) -> Iterator[Finding]:
    if reason == "bounded":
        said = f"{sample.capped:,} of {sample.finite:,} values are the highest"
    elif reason == "discrete":
        said = "steps between its values are large against its tail"
    else:
        return
    yield Finding(
        code="OV204",
        severity=Severity.NOTE,
        message=f"{name} has no tail to judge: {said}",
        data={"highest": sample.capped, "of_rows": sample.finite},
    )


def _not_one_law(name: str, reason: str, rungs: tuple[Rung, ...]) -> Iterator[Finding]:
    heavy = [rung for rung in rungs if rung.side > 0]
    if reason != "mixture" or not heavy:
        return
    best = float(np.nanmax([rung.fit_p for rung in heavy]))
    yield Finding(
        code="OV205",
        severity=Severity.CAUTION,
        message=f"{name}: no generalised Pareto law describes its heavy tail (best p "
        f"{best:.3f}, shape {heavy[0].xi:.2f} at {one_in(heavy[0].share)} to {heavy[-1].xi:.2f} at "
        f"{one_in(heavy[-1].share)}): a sub-population seems to make the top; look at the rows "
        f"above {heavy[-1].threshold:.4g}",
        data={"best_fit_p": best, "threshold": heavy[-1].threshold},
    )
