"""Which rows of a batch get a gold label: with recorded chances, redrawn alike after a restart.

A row's chance should grow with what its label tells about the bank: with |score|, for each signal
in units of its mean over the batch, averaged over the signals. A tenth of the chance is even over
the rows, so that no label weighs more than ten times an even one and no region goes unseen. A burst
may send half of the rest to rows that an amber signal points at; timing and target of a burst may
depend on all that is past. Draws are with replacement, hence each has the same mean given the past.

The generator is counter-based (Philox), keyed by seed, run, step and batch: the same batch is drawn
the same way for ever, whatever was drawn before.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.watch.batch import Batch
from overopt.watch.draw import Draw

__all__ = ["LabelBudget", "batch_generator", "label_chances", "label_draws"]

FloatArray = npt.NDArray[np.floating[Any]]
EVEN = 0.1  # share of the chances that is even over the rows
TARGET = 0.5  # share of the rest that a burst sends to its target


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelBudget:
    """Expected labels of a batch: ``per_batch`` when given, else ``label_rate`` of its rows."""

    label_rate: float = 0.01
    per_batch: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.label_rate <= 1:
            raise BadOption(f"label rate {self.label_rate}: give a share above 0 and up to 1")
        if self.per_batch is not None and not 0 < self.per_batch < np.inf:
            raise BadOption(f"{self.per_batch} labels per batch: give a number above 0")

    def expected(self, rows: int) -> float:
        """Labels to draw, on average, from ``rows`` rows with a finite proxy."""
        return self.label_rate * rows if self.per_batch is None else self.per_batch


def batch_generator(batch: Batch, seed: int) -> np.random.Generator:
    """The generator of this batch's draws, from nothing but seed, run, step and key."""
    text = "\0".join((str(seed), batch.run, str(batch.step), batch.key))
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "big")))


def label_chances(
    scores: FloatArray, finite: npt.NDArray[np.bool_], target: npt.NDArray[np.bool_] | None = None
) -> FloatArray:
    """Chances [rows] of one draw, 0 where the proxy is not finite, else at least 0.1 / rows.

    ``scores`` [signals, rows] of the bank; ``target`` [rows] marks what a burst asks for. Needs at
    least one finite row; they sum to 1.
    """
    even = finite / finite.sum()
    size = np.abs(scores)
    total = size.sum(axis=1, keepdims=True)
    telling = total[:, 0] > 0
    informed = (size[telling] / total[telling]).mean(axis=0) if telling.any() else even
    if target is not None and (marked := target & finite).any():
        informed = (1 - TARGET) * informed + TARGET * marked / marked.sum()
    return np.asarray(EVEN * even + (1 - EVEN) * informed)


def label_draws(
    batch: Batch,
    scores: FloatArray,
    *,
    expected: float,
    first_number: int,
    seed: int,
    target: npt.NDArray[np.bool_] | None = None,
) -> tuple[Draw, ...]:
    """Draws from one batch, ``expected`` of them on average; the first is number ``first_number``.

    ``scores`` [signals, rows] as of ``bank_scores``. The number is rounded at random; it and the
    rows depend on the batch's name and ``seed``, never on earlier draws. A row drawn twice needs
    its label once, and counts twice.
    """
    finite = batch.finite
    rows = int(finite.sum())
    if not rows:
        return ()
    rng = batch_generator(batch, seed)
    count = int(expected) + (rng.random() < expected % 1)
    chances = label_chances(scores, finite, target)
    weights = 1.0 / (rows * chances[finite])
    largest = tuple(np.max(np.abs(scores[:, finite]) * weights, axis=1).tolist())
    # The last border is 1 beyond rounding, so that a uniform number below 1 always finds a row.
    borders = np.cumsum(chances)
    chosen = np.searchsorted(borders / borders[-1], rng.random(count), side="right")
    return tuple(
        Draw(
            number=first_number + place,
            batch=batch.key,
            step=batch.step,
            row=int(row),
            rows=rows,
            prob=float(chances[row]),
            proxy=float(batch.proxy[row]),
            scores=tuple(scores[:, row].tolist()),
            largest=largest,
            largest_weight=float(weights.max()),
        )
        for place, row in enumerate(chosen)
    )
