"""Which rows of a batch get a gold label: with recorded chances, redrawn alike after a restart.

A row's chance should grow with what its label tells about the bank: with |score|, for each signal
in units of its mean over the batch, averaged over the signals. Three tenths of the chance are
even over the rows, so that no label weighs more than 3.4 times an even one and no region goes
unseen: a gain is found as fast as with one tenth, the questions about the level of gold (score
meaning, decoupled, fallen from best) about twice as fast. A burst
may send half of the rest to rows that an amber signal points at; timing and target of a burst may
depend on all that is past.

Gold of one batch shares its luck, so its labels are not separate evidence. A batch that gets more
than one label is split by prompts (separate draws given the past; samples of one prompt are ranked
together and are not), and what is drawn within a prompt is summed into one value, each label with a
share that depends on the numbers of rows alone: averaging over the labels that came would give
prompts with little to choose the same say. Signals that rank the batch as a whole (pooled) tie its
prompts together as well: who is first leaves others no first place. For them all labels of a batch
make one value. Within a part rows are drawn systematically: equally spaced points on the running
sum of chances, from a random start. Each row still comes in proportion to its chance, which is all
that a sum needs, and as rarely twice as can be.

The generator is counter-based (Philox), keyed by seed, run, step and batch: the same batch is drawn
the same way for ever, whatever was drawn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from math import ceil
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.watch.bank import POOLED, Bank, bank_scores
from overopt.watch.batch import Batch
from overopt.watch.draw import Draw

__all__ = [
    "Chosen",
    "LabelBudget",
    "batch_generator",
    "chosen_draws",
    "label_chances",
    "label_draws",
]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
EVEN = 0.3  # share of the chances that is even over the rows
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
    """Chances [rows] of one draw, 0 where the proxy is not finite, else at least EVEN / rows.

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
    bank: Bank,
    *,
    expected: float,
    first_number: int,
    seed: int,
    target: npt.NDArray[np.bool_] | None = None,
) -> tuple[Draw, ...]:
    """Draws from one batch, ``expected`` of them on average; the first is number ``first_number``.

    They depend on the batch and ``seed``, never on earlier draws. ``target`` [rows] marks what a
    burst asks for. When as many are asked for as there are rows with a finite proxy, all are drawn.
    """
    finite = int(batch.finite.sum())
    expected = min(expected, float(finite))
    rng = batch_generator(batch, seed)
    uniform = rng.random()
    if uniform >= expected:  # fewer than one is asked for, and chance says none: most batches
        return ()
    scores = bank_scores(batch, bank)
    chances = label_chances(scores if expected < finite else scores[:0], batch.finite, target)
    parts = _prompts(batch.group, chances) if expected > 1 else [np.flatnonzero(chances)]
    weighted = _weighted(batch, scores, chances)
    bounds, whole = np.zeros(len(weighted)), np.zeros(len(weighted))
    chosen: list[Chosen] = []
    for part in parts:
        asked = expected * float(chances[part].sum())
        share = 1 / max(1.0, expected * len(part) / finite)
        most = _largest_sums(weighted[:, part], chances[part], ceil(asked - 1e-9))
        bounds, whole = np.maximum(bounds, share * most), whole + most
        size = _rounded(asked, uniform)
        if size:
            rows = part[_systematic(chances[part] / chances[part].sum(), size, rng.random())]
            chosen.append(Chosen(rows=rows, share=share))
        uniform = rng.random()
    whole_share = np.full(batch.rows, 1 / max(expected, 1.0))
    draws = chosen_draws(
        batch,
        bank,
        scores,
        chances,
        chosen,
        bounds,
        whole_share,
        whole * whole_share[0],
        first_number,
    )
    return tuple(replace(draw, expected=expected) for draw in draws)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Chosen:
    """The drawn ``rows`` of one part of a batch, each counting ``share`` in its value."""

    rows: IntArray
    share: float


def chosen_draws(
    batch: Batch,
    bank: Bank,
    scores: FloatArray,
    chances: FloatArray,
    chosen: Sequence[Chosen],
    largest: FloatArray,
    whole_share: FloatArray,
    whole_largest: FloatArray,
    first_number: int,
) -> tuple[Draw, ...]:
    """Draws of the chosen rows, in their order.

    ``largest`` [signals + 1] bounds what the draws of any part could sum to, last of weights alone.
    A pooled signal takes the batch as a whole: the label of a row enters its one value with
    ``whole_share`` [rows], and ``whole_largest`` [signals + 1] bounds the sum over any draws.
    """
    pooled = np.array([signal.endswith(POOLED) for signal in bank.signals])
    finite = int(batch.finite.sum())
    numbers = count(first_number)
    draws: list[Draw] = []
    bounds = tuple(np.where(pooled, whole_largest[:-1], largest[:-1]).tolist())
    for each in chosen:
        for row in each.rows.tolist():
            draws.append(
                Draw(
                    number=next(numbers),
                    batch=batch.key,
                    step=batch.step,
                    row=row,
                    rows=finite,
                    prob=float(chances[row]),
                    proxy=float(batch.proxy[row]),
                    scores=tuple(scores[:, row].tolist()),
                    largest=bounds,
                    largest_weight=float(largest[-1]),
                    share=each.share,
                    closes=False,
                    whole_share=float(whole_share[row]),
                    whole_closes=False,
                )
            )
        draws[-1] = replace(draws[-1], closes=True)
    draws[-1:] = [replace(draw, whole_closes=True) for draw in draws[-1:]]
    return tuple(draws)


def _weighted(batch: Batch, scores: FloatArray, chances: FloatArray) -> FloatArray:
    """|score| / (finite rows * chance) [signals + 1, rows], the last row of score 1.

    0 where nothing can be drawn.
    """
    weights = np.divide(1.0, chances, out=np.zeros(batch.rows), where=chances > 0)
    weights /= batch.finite.sum()
    return np.asarray(np.vstack([np.abs(scores), np.ones(batch.rows)]) * weights)


def _prompts(group: IntArray, chances: FloatArray) -> list[IntArray]:
    """Rows of each prompt that can be drawn."""
    usable = np.flatnonzero(chances)
    order = usable[np.argsort(group[usable], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _rounded(number: float, uniform: float) -> int:
    """A whole number whose mean over ``uniform`` is ``number``, next to it."""
    nearest = round(number)
    if abs(number - nearest) < 1e-9:
        return nearest
    return int(number) + (uniform < number % 1)


def _systematic(chances: FloatArray, size: int, uniform: float) -> IntArray:
    """``size`` positions, each coming size * chance times on average, rounded up or down."""
    points = (uniform + np.arange(size)) / size
    found = np.searchsorted(np.cumsum(chances), points, side="right")
    return np.minimum(found, len(chances) - 1)


def _largest_sums(weighted: FloatArray, chances: FloatArray, size: int) -> FloatArray:
    """Bounds [signals] on the sum over ``size`` draws of a part of ``weighted`` [signals, part].

    A row comes at most ceil(size * its chance within the part) times.
    """
    times = np.ceil(size * chances / chances.sum() - 1e-9)
    return np.asarray(np.minimum(size * weighted.max(axis=1), weighted @ times))
