"""Is the error's upper tail heavy, so that the very best scores are mostly error?

Under an error with a heavier tail than exponential, and gold with a lighter one, the gain of a
threshold, of best-of-n and of a KL tilt goes back to nothing as pressure grows without bound,
whatever it does at first (Kwa, Thomas and Garriga-Alonso 2024, theorem 5, error independent of
gold). What counts is the error's tail against gold's: where gold's is heavy too, nothing is said;
nor where the score itself is capped or light, for then its error ends as well.
How deep the data decide a tail, and its own error, are those of ``overopt.tails``; besides the
verdict the limits of the shape, at the level of a claim, must lie above that of an exponential.
"""

from __future__ import annotations

from overopt.auditing.mechanisms.mechanism import Inspection, Mechanism, rows_to_read
from overopt.findings import Severity
from overopt.numerals import estimate
from overopt.tails import TailVerdict, error_tail, gold_tail, proxy_tail

__all__ = ["heavy_error_tail"]


def heavy_error_tail(case: Inspection) -> Mechanism | None:
    """``heavy_error_tail``, where the error's verdict is heavy and that of gold is not."""
    score = proxy_tail(case.samples, case.view.name)
    if score.verdict in ("light", "not_applicable"):
        return None
    error = error_tail(case.samples, score, case.completed, level=case.claim)
    if error is None or error.verdict != "heavy" or not error.xi_lower > 0:
        return None
    gold = gold_tail(case.samples, case.completed, level=case.claim)
    if gold is not None and gold.verdict == "heavy":
        return None
    return Mechanism(
        id="heavy_error_tail",
        code="OV323",
        severity=Severity.CAUTION,
        message=(
            "the error of the score has a heavy upper tail (shape "
            f"{estimate(error.xi, error.xi_lower, error.xi_upper)} down to the top 1 in "
            f"{error.reach:.0f}): the highest scores are more and more error, and {_limit(gold)}, "
            f"the gain goes back to nothing as pressure grows. Do not go beyond n = {case.size} "
            "without new labels; cap the score or its influence"
        ),
        data={
            "error": error.to_dict(),
            "gold": None if gold is None else gold.to_dict(),
            "level": case.claim,
            **rows_to_read(case.samples, case.view.ranks.top),
        },
    )


def _limit(gold: TailVerdict | None) -> str:
    """What is known of gold's tail, which decides what the error's comes to."""
    if gold is None or gold.verdict == "undecided":
        return "unless gold's tail, undecided here, is heavy too"
    kind = "lighter" if gold.verdict == "light" else "bounded"
    return f"gold's tail being {kind}"
