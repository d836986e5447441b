"""A draw: one gold label asked for, with everything that a test may use fixed before it is known.

The guarantee of every red signal rests on this order: batch, then chances, then draw, then label.
Draws of one *part* of a batch (one prompt, or all of it where it gets one draw at most) say the
same thing about it again: they are summed into one value of a test (``share``, ``closes``).
Multiplying them up as if they were separate batches would turn the luck of one batch into evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

__all__ = ["Draw", "LabelledDraw"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Draw:
    """Row ``row`` of batch ``batch``, drawn with chance ``prob`` among its ``rows`` finite rows.

    ``number`` counts the draws of a run from 0; tests consume them in this order. ``proxy`` is the
    row's. ``share`` is what a draw counts in the sum over its part, 1 unless more than one draw is
    expected there, never dependent on scores; ``closes`` is whether it is the part's last.
    ``whole_share`` and ``whole_closes`` are the same for signals that take the batch as one part.
    ``scores`` [signals] are s_i of the bank's pressures, ``largest`` [signals] bounds on the sum
    over the draws of any part of share * |s_j| / (rows * prob_j): both known before the label.
    ``largest_weight`` bounds the sum of share / (rows * prob_j) likewise.
    Before chance rounded it, ``expected`` draws were asked of the batch.
    """

    number: int
    batch: str
    step: int
    row: int
    rows: int
    prob: float
    proxy: float
    scores: tuple[float, ...]
    largest: tuple[float, ...]
    largest_weight: float
    share: float = 1.0
    closes: bool = True
    whole_share: float = 1.0
    whole_closes: bool = True
    expected: float = 1.0

    @property
    def label_prob(self) -> float:
        """Chance that this row was ever drawn from its batch: what an audit of the rows needs."""
        return min(1.0, self.expected * self.prob)

    @property
    def weight(self) -> float:
        """1 / (rows * prob): 1 for an even draw; its mean over draws is 1."""
        return 1.0 / (self.rows * self.prob)


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class LabelledDraw:
    """A draw with its gold in [0, 1], None when the label was finally refused.

    A refused label must count as whatever speaks least for an alarm, which depends on the test: so
    each detector imputes it.
    """

    draw: Draw
    gold: float | None
