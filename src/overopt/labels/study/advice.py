"""What to change first, what is wasted, and one sentence that says so with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from overopt.labels.study.variants import Question, Variant

__all__ = ["Advice", "advice"]

LEAST_SHRINKING = 0.05  # of the half-width, when labels are doubled
LEAST_MORE = 0.05  # of studies
POWER = 0.8
BOTH = "prompts and labels"


@final
@dataclass(frozen=True, kw_only=True)
class Advice:
    """``sentence`` with the numbers that matter; the rest is what it was made of.

    ``enough_labels`` is the number from which doubling narrows the gain by less than 5 %, None if
    there is none below all rows; ``enough_candidates`` the number from which more are of no use at
    this label budget, None if the most that was tried still helped; ``change_first`` is labels,
    prompts, candidates, prompts and labels, or nothing.
    """

    sentence: str
    enough_labels: int | None
    enough_candidates: int | None
    change_first: str


def advice(
    changed: Sequence[Variant], asked: Question, ladder: Sequence[tuple[int, float]]
) -> Advice:
    """Advice from the variants, the first of which is the plan itself, and a ladder of labels.

    ``ladder`` holds numbers of labels, ascending, each with the gain's half-width.
    """
    now = changed[0]
    # A rise to the end of more candidates is another question; a turn is the same for all.
    if asked.decision != "push":
        changed = [one for one in changed if one.study.candidates == now.study.candidates]
    enough = _enough_candidates(changed)
    first = _change_first(changed)
    parts = [
        _labels_clause(changed, asked),
        _first_clause(changed, first),
        _shape_clause(changed),
        _wasted(now, enough),
    ]
    labels = _enough_labels(ladder)
    if labels is not None and labels < now.study.labels:
        parts.append(f"More than {labels:,} labels narrow little: the prompts limit.")
    return Advice(
        sentence=" ".join(part for part in parts if part),
        enough_labels=labels,
        enough_candidates=enough,
        change_first=first,
    )


def _enough_labels(ladder: Sequence[tuple[int, float]]) -> int | None:
    """First number of labels whose doubling shrinks the half-width by less than 5 %."""
    for (labels, width), (more, next_width) in pairwise(ladder):
        # The last rung may be less than a doubling: judged by what a doubling at its rate would do.
        doublings = np.log2(more / labels)
        if (next_width / width) ** (1 / doublings) > 1 - LEAST_SHRINKING:
            return labels
    return None


def _enough_candidates(changed: Sequence[Variant]) -> int | None:
    """Fewest candidates that answer the question as often as any larger number that was tried."""
    tried = sorted(
        (one for one in changed if one.changed in ("now", "candidates")),
        key=lambda one: one.study.candidates,
    )
    for place, one in enumerate(tried[:-1]):
        # To add nothing is a claim as well: noise that hides a help does not prove there is none.
        if all(other.answers - one.answers <= LEAST_MORE for other in tried[place + 1 :]):
            return one.study.candidates
    return None


def _change_first(changed: Sequence[Variant]) -> str:
    """Which of labels, prompts and candidates, doubled, helps most; nothing where none helps.

    Labels and prompts together where only that moves the share; a narrower gain counts last.
    """
    now, doubled = changed[0], _doubled(changed)
    if now.answers >= POWER:
        return "nothing"
    better = {name: one for name, one in doubled.items() if _clearly_more(now, one)}
    if better:
        return max(better, key=lambda name: better[name].answers)
    if any(_clearly_more(now, one) for one in changed if one.changed == "both"):
        return BOTH
    narrower = {
        name: one.half_width
        for name, one in doubled.items()
        if name != "candidates" and one.half_width < (1 - LEAST_SHRINKING) * now.half_width
    }
    return min(narrower, key=lambda name: narrower[name]) if narrower else "nothing"


def _doubled(changed: Sequence[Variant]) -> dict[str, Variant]:
    """The variants that double one thing, by its name."""
    now = changed[0].study
    found: dict[str, Variant] = {}
    for one in changed[1:]:
        for name in ("labels", "prompts", "candidates"):
            twice = getattr(one.study, name) == 2 * getattr(now, name)
            if one.changed == name and twice:
                found[name] = one
    return found


def _clearly_more(one: Variant, other: Variant) -> bool:
    """Whether ``other`` answers more often, by 5 % of studies and twice the Monte Carlo error."""
    noise = 2 * float(np.hypot(one.error, other.error))
    return other.answers - one.answers > max(LEAST_MORE, noise)


def _labels_clause(changed: Sequence[Variant], asked: Question) -> str:
    now = changed[0]
    what = "a turn of this size" if asked.decision == "push" else "that gold keeps rising"
    said = f"{now.study.labels:,} labels decide {what} in {_percent(now.answers)} of studies"
    more = [one for one in changed if one.changed == "labels"]
    if not more:
        prompts = _doubled(changed).get("prompts")
        if prompts is None:
            return f"{said}."
        return f"{said}; {prompts.study.prompts:,} prompts would in {_percent(prompts.answers)}."
    told = [more[0]]
    if now.answers < POWER and more[0].answers < POWER:
        reach = next((one for one in more if one.answers >= POWER), more[-1])
        told += [reach] if reach is not more[0] else []
    would = " and ".join(f"{one.study.labels:,} in {_percent(one.answers)}" for one in told)
    return f"{said}; {would.replace(' in ', ' would in ', 1)}."


def _first_clause(changed: Sequence[Variant], first: str) -> str:
    now, doubled = changed[0], _doubled(changed)
    if first == "nothing":
        return "" if now.answers >= POWER else "Doubling one thing alone changes little."
    if first == BOTH:
        both = next(one for one in changed if one.changed == "both")
        return (
            f"Change prompts and labels together: {both.study.prompts:,} prompts with "
            f"{both.study.labels:,} labels would decide it in {_percent(both.answers)}."
        )
    one = doubled[first]
    count = getattr(one.study, first)
    if not _clearly_more(now, one):
        shrink = _percent(1 - one.half_width / now.half_width)
        return f"Change {first} first: {count:,} narrow the gain by {shrink}."
    if first == "labels":
        return "Change labels first."
    return f"Change {first} first: {count:,} would decide it in {_percent(one.answers)}."


def _shape_clause(changed: Sequence[Variant]) -> str:
    """Another split of as many samples, where it clearly answers more often."""
    now = changed[0]
    better = [one for one in changed if one.changed == "shape" and _clearly_more(now, one)]
    if not better:
        return ""
    best = max(better, key=lambda one: one.answers)
    return (
        f"As many samples split into {best.study.prompts:,} prompts of {best.study.candidates} "
        f"would decide it in {_percent(best.answers)}."
    )


def _wasted(now: Variant, enough: int | None) -> str:
    if enough is None or enough > now.study.candidates:
        return ""
    return f"More candidates than {enough} add nothing at this budget."


def _percent(share: float) -> str:
    """A share as ``12 %``, with a decimal below ten per cent."""
    places = 0 if share == 0 or share >= 0.1 else 1
    return f"{100 * share:.{places}f} %"
