"""Kinds of candidates that a score may favour: sources, bands of a feature, repeated texts.

Looks at scores and candidates only, never at gold, so that picking the most favoured costs nothing
in the tests that follow but their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.ranks import group_ranks
from overopt.auditing.mechanisms.mechanism import Inspection
from overopt.samples import Samples

__all__ = ["Subpopulation", "described", "favoured"]

BoolVector = npt.NDArray[np.bool_]
MOST = 3  # that are tested
TIMES_FAIR, LEAST_WON = 1.5, 0.2  # to be favoured: wins against chance, and at least this share
LARGEST = 0.5  # share of rows of what may be called a part
FIFTH = 0.2
FEWEST_REPEATS, REPEATED_IN = 3, 0.05  # prompts, and share of prompts, that have the same text


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Subpopulation:
    """Rows of one kind: ``won`` the share of groups that they win, ``fair`` that by chance."""

    kind: str
    name: str
    rows: BoolVector
    won: float
    fair: float


def favoured(case: Inspection) -> list[Subpopulation]:
    """The kinds that win most beyond their fair share, at most three."""
    credit, size = case.view.ranks.top_credit, case.view.ranks.size
    groups = case.samples.groups
    found = [
        Subpopulation(
            kind=kind,
            name=name,
            rows=rows,
            won=float(credit[rows].sum() / groups),
            fair=float((1 / size[rows]).sum() / groups),
        )
        for kind, name, rows in _kinds(case)
        if 0 < rows.mean() <= LARGEST
    ]
    found = [one for one in found if one.won >= max(LEAST_WON, TIMES_FAIR * one.fair)]
    return sorted(found, key=lambda one: one.fair - one.won)[:MOST]


def _kinds(case: Inspection) -> Iterator[tuple[str, str, BoolVector]]:
    """Kind, name and rows."""
    source = case.samples.source
    if source is not None:
        for code, name in enumerate(source.names):
            yield "source", name, source.codes == code
    if case.samples.text is not None:
        yield from _repeated(case.samples)
    for name, values in case.features.items():
        position = group_ranks(case.samples, values).position
        yield "lowest fifth", name, position < FIFTH
        yield "highest fifth", name, position > 1 - FIFTH


def _repeated(samples: Samples) -> Iterator[tuple[str, str, BoolVector]]:
    """Texts that candidates of many prompts share, without regard to case and spacing."""
    texts = [None if text is None else " ".join(text.casefold().split()) for text in samples.text]
    pairs = {pair for pair in zip(samples.prompt.tolist(), texts, strict=True) if pair[1]}
    prompts_of = Counter(text for _, text in pairs)
    enough = max(FEWEST_REPEATS, REPEATED_IN * samples.prompts)
    for text, prompts in prompts_of.most_common(MOST):
        if prompts >= enough and text is not None:
            yield "text", text, np.array([one == text for one in texts])


def described(one: Subpopulation) -> str:
    """The kind in words; texts by their beginning."""
    if one.kind == "source":
        return f"source {one.name!r}"
    if one.kind == "text":
        return f"the text {_shortened(one.name)!r}"
    return f"each prompt's {one.kind} by {one.name}"


def _shortened(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
