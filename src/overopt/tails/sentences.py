"""A verdict in words, with what it leaves open."""

from __future__ import annotations

from overopt.stats.ladder import Rung

__all__ = ["NOT_APPLICABLE", "one_in", "tail_sentence"]

SHAPES = {"power": "Heavier than exponential", "mixture": "Heavier than exponential"}
SHAPES |= {"light": "Lighter than exponential"}
NOT_APPLICABLE = {
    "bounded": "{name} ends at a highest value that many rows share, so it has no tail.",
    "discrete": "{name} takes too few values to have a tail.",
}


def tail_sentence(name: str, reason: str, rungs: tuple[Rung, ...], rows: int, level: float) -> str:
    """What the data say about a tail, what they leave open and what they cannot see."""
    if reason in NOT_APPLICABLE:
        return NOT_APPLICABLE[reason].format(name=name)
    if not rungs:
        infinite = f"{name} is infinite in some rows. " if reason == "mixture" else ""
        return f"{infinite}It takes 500 rows to say how its tail falls; this is of {rows:,}."
    return f"{_found(reason, rungs, level)} {_open(reason, rungs, rows)}"


def one_in(share: float) -> str:
    """A share such as .05 as ``1 in 20``."""
    return f"1 in {round(1 / share):,}"


def _found(reason: str, rungs: tuple[Rung, ...], level: float) -> str:
    told = ([rung for rung in rungs if rung.side] or list(rungs))[-1]
    shape = f"shape {told.xi:.2f}, {100 * level:g} % {told.xi_lower:.2f} to {told.xi_upper:.2f}"
    if reason in SHAPES:
        kind = " but not one law" if reason == "mixture" else ""
        if not told.side:
            return f"Some rows are infinite; the others do not decide ({shape})."
        return f"{SHAPES[reason]}{kind} down to the top {one_in(told.share)} ({shape})."
    if reason == "mixed":
        return f"The depths disagree (at the top {one_in(told.share)}: {shape})."
    near = "Close to exponential" if reason == "near_exponential" else "Not decided"
    return f"{near} down to the top {one_in(told.share)} ({shape})."


def _open(reason: str, rungs: tuple[Rung, ...], rows: int) -> str:
    deepest = rungs[-1]
    said = ""
    if reason in SHAPES and any(rung.side for rung in rungs) and not deepest.side:
        said = (
            f"The top {one_in(deepest.share)} does not decide "
            f"({deepest.xi_lower:.2f} to {deepest.xi_upper:.2f}). "
        )
    return (
        f"{said}What is rarer than 1 in {rows // 3:,} cannot be seen in {rows:,} rows, and "
        f"best-of-n beyond n = {rows // 20:,} is extrapolation."
    )
