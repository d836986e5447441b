"""The same worlds, another study: what more labels, prompts or candidates would change.

All variants are asked one question, the hardest that a study can be asked here: does it see the
turn? Where the guessed correlation leaves no turn to see, whether it sees gold rise to the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from overopt.labels.study.scenarios import Scenario
from overopt.labels.study.simulation import (
    FEWEST_CANDIDATES,
    FEWEST_PROMPTS,
    MOST_CANDIDATES,
    MOST_ROWS,
    Decided,
    Study,
    claim_holds,
    decided,
    half_widths,
)

__all__ = ["Question", "Variant", "label_ladder", "question", "variants"]

LEAST_FALL = 0.02  # of the spread: a smaller turn is within the tolerance of any decision
LABEL_STEPS = (2, 4, 8)
FEWEST_LADDER = 10
CURVES = 50  # studies behind a half-width: it varies far less than a decision


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """In which ``scenario`` a study is asked, and the ``decision`` that answers it."""

    scenario: Scenario
    decision: str

    def answerable(self, candidates: int) -> bool:
        """Whether the decision would be true of any n up to so many candidates."""
        truth = self.scenario.truth(np.arange(1.0, candidates + 1))
        spread = self.scenario.spread
        return any(claim_holds(self.decision, n, truth, spread) for n in range(1, candidates + 1))


@final
@dataclass(frozen=True, kw_only=True)
class Variant:
    """A changed study: ``changed`` says what (now, labels, candidates, prompts, both, shape).

    ``half_width`` is the mean of the gain's over n > 1, in units of gold; ``answers`` the share of
    simulated ``studies`` that answer the question rightly.
    """

    changed: str
    study: Study
    half_width: float
    answers: float
    studies: int

    @property
    def error(self) -> float:
        """Monte Carlo standard error of ``answers``."""
        return math.sqrt(self.answers * (1 - self.answers) / max(self.studies, 1))


def question(worlds: tuple[Scenario, ...], candidates: int) -> Question:
    """The turn, where it comes before the end and falls far enough to be seen; else the rise."""
    known = {one.name: one for one in worlds}
    turn = known["turns"]
    truth = turn.truth(np.arange(1.0, candidates + 1))
    if truth.max() - truth[-1] > LEAST_FALL * turn.spread:
        return Question(scenario=turn, decision="push")
    return Question(scenario=known["rises"], decision="no_peak")


def variants(
    study: Study,
    asked: Question,
    ended: Decided,
    *,
    level: float,
    studies: int,
    seed: int,
    progress: Callable[[float], None],
) -> tuple[Variant, ...]:
    """The study itself, which ``ended`` in the question's scenario so, then its neighbours.

    Neighbours are judged on ``studies`` simulations each.
    """
    changes = list(_changes(study))
    found = []
    for done, (changed, other) in enumerate(changes):
        progress(done / len(changes))
        counted = ended
        if changed != "now":
            # Where the answer cannot be true of so few candidates, nobody need count how often.
            tried = studies if asked.answerable(other.candidates) else 0
            counted = decided(other, asked.scenario, level=level, studies=tried, seed=seed)
        widths = half_widths(
            other, asked.scenario, level=level, studies=min(studies, CURVES), seed=seed
        )
        found.append(
            Variant(
                changed=changed,
                study=other,
                half_width=widths.typical,
                answers=counted.right.get(asked.decision, 0) / max(counted.studies, 1),
                studies=counted.studies,
            )
        )
    return tuple(found)


def label_ladder(
    study: Study, scenario: Scenario, *, level: float, studies: int, seed: int
) -> list[tuple[int, float]]:
    """Labels, from a sixteenth of the plan's to all, doubling, and the gain's half-width."""
    steps = [study.labels * 2.0**k for k in range(-4, 40)]
    ladder = sorted({min(round(step), study.rows) for step in steps if step >= FEWEST_LADDER})
    return [
        (
            labels,
            half_widths(
                replace(study, labels=labels), scenario, level=level, studies=studies, seed=seed
            ).typical,
        )
        for labels in ladder
    ]


def _changes(study: Study) -> Iterator[tuple[str, Study]]:
    """What could be changed, as far as it is possible at all."""
    yield "now", study
    some = [study.labels * step for step in LABEL_STEPS if study.labels * step < study.rows]
    for labels in (*some, *([study.rows] if study.labels < study.rows else [])):
        yield "labels", replace(study, labels=labels)
    every = study.labels == study.rows
    for prompts, candidates, changed in (
        (study.prompts, study.candidates // 4, "candidates"),
        (study.prompts, study.candidates // 2, "candidates"),
        (study.prompts, 2 * study.candidates, "candidates"),
        (2 * study.prompts, study.candidates, "prompts"),
        (2 * study.prompts, study.candidates // 2, "shape"),
        (study.prompts // 2, 2 * study.candidates, "shape"),
    ):
        rows = prompts * candidates
        possible = FEWEST_CANDIDATES <= candidates <= MOST_CANDIDATES and rows <= MOST_ROWS
        if possible and prompts >= FEWEST_PROMPTS and (every or study.labels <= rows):
            labels = rows if every else study.labels
            yield changed, replace(study, prompts=prompts, candidates=candidates, labels=labels)
    if not every and 2 * study.rows <= MOST_ROWS:
        yield "both", replace(study, prompts=2 * study.prompts, labels=2 * study.labels)
