"""Labelled draws of simulated runs, and a detector's fold of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.watch.detectors.detector import GoldDetector
from overopt.watch.draw import Draw, LabelledDraw

FloatVector = npt.NDArray[np.floating[Any]]
ROWS = 64
THRESHOLD = float(-np.log(0.01))


def labelled_draws(
    proxy: FloatVector,
    gold: FloatVector,
    *,
    weight: FloatVector | float = 1.0,
    largest: float = 1.0,
    first: int = 0,
    part: int = 1,
) -> list[LabelledDraw]:
    """One draw for each row, NaN gold meaning refused; ``weight`` is 1 / (rows * chance).

    Every ``part`` draws are of one batch and averaged.
    """
    weights = np.broadcast_to(weight, len(proxy))
    return [
        LabelledDraw(
            draw=Draw(
                number=first + i,
                batch=f"0:{(first + i) // part}",
                step=(first + i) // part,
                row=0,
                rows=ROWS,
                prob=1 / (ROWS * float(weights[i])),
                proxy=float(proxy[i]),
                scores=(),
                largest=(),
                largest_weight=largest,
                share=1 / part,
                closes=(i + 1) % part == 0,
            ),
            gold=None if np.isnan(gold[i]) else float(gold[i]),
        )
        for i in range(len(proxy))
    ]


def folded(detector: GoldDetector[Any], labels: Iterable[LabelledDraw]) -> Any:
    """State after all labels."""
    state = detector.start()
    for label in labels:
        state = detector.update(state, label)
    return state


def red_at(detector: GoldDetector[Any], labels: Sequence[LabelledDraw]) -> int | None:
    """Number of the label at which the detector turns red; None when it never does."""
    state = detector.start()
    for i, label in enumerate(labels):
        state = detector.update(state, label)
        if detector.reading(state).log_evidence >= THRESHOLD:
            return i
    return None


def verifier(
    false_passes: FloatVector, solved: FloatVector, rng: np.random.Generator
) -> tuple[FloatVector, FloatVector]:
    """Verdicts and gold of a verifier that passes all that is right.

    ``false_passes`` is the share of passes that are wrong, ``solved`` the share of rows that are
    right, for every row.
    """
    gold = rng.random(len(solved)) < solved
    wrong_pass = false_passes / (1 - false_passes) * solved / (1 - solved)
    passed = gold | (rng.random(len(solved)) < wrong_pass)
    return passed.astype(float), gold.astype(float)
