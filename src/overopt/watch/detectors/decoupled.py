"""Has the proxy risen without gold? What users call hacking.

In a reference (a card, or the run's first labels) a rise of the score by one spread stood for so
much gold: the promise. This question demands half of it, and no more than half of the way from the
reference's gold to the top of the scale. A heavy-tailed score breaks the promise, however little
the policy has moved: a few rows of enormous score carry the rise and are worth nothing.

With rise = (score - centre) / spread, clipped to -3 ... 20, a row's margin is gold - demand * rise.

z = ((1 - k) (gold - A) + k (margin - B)) * weight / c

A and B are lower bounds of mean gold and of mean margin in the reference; k in [0, 1] is 1 unless
the demand would go beyond half of the way up; c is the largest that a row of the batch could give.
Labels count only while the score has risen: while its mean over the last labels or so, known before
the draw, is more than ``least_rise`` spreads above the reference's. Null: at every such step, given
the past, mean gold exceeds its reference by at least k * demand times what the mean rise of the
score exceeds its own. A run that stands still satisfies it whatever the law of the score, because A
and B are bounds; so does a run in which gold gains at least half of what the score promised.

Positive affine maps of the score change nothing: centre and spread are the reference's median and
quartiles (mean and standard deviation of a score of few values). They and the demand are chosen
from the same labels as the bounds; with a card they are fixed beforehand.

A refused label counts as gold 1. A score that promised nothing can break no promise: ``demand`` 0
is never red.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from overopt.errors import BadOption
from overopt.stats.e_process import Betting, Evidence, log_evidence, more_evidence
from overopt.watch.block import Block, BlockOptions, more_block
from overopt.watch.detectors.detector import GoldDetector, Reading
from overopt.watch.draw import LabelledDraw
from overopt.watch.reference import (
    LARGEST_RISE,
    LEAST_RISE,
    REFERENCE_PART,
    Learning,
    Reference,
    learned,
)

__all__ = ["Decoupled", "DecoupledState"]

RECENT = 0.02  # weight of the newest label in the score's recent rise
MOST_OF_HEADROOM = 0.5


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class DecoupledState:
    """``evidence`` has been fed every label since draw ``first_draw``, 0 where it does not count.

    ``weights`` and ``rises`` are recent sums whose ratio is the score's recent mean rise;
    ``block`` gold less what is demanded, of the labels that count.
    """

    evidence: Evidence
    learning: Learning = field(default_factory=Learning)
    first_draw: int = 0
    weights: float = 1.0
    rises: float = 0.0
    block: Block = field(default_factory=Block)


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Decoupled(GoldDetector[DecoupledState]):
    """Detector of a rise of the proxy that gold does not share.

    Learns its reference where none is given.
    """

    name: str = "decoupled"
    reference: Reference | None = None
    first_labels: int = 300
    least_rise: float = 0.1
    false_alarm: float = 0.01
    betting: Betting = field(default_factory=Betting)
    block: BlockOptions = field(default_factory=lambda: BlockOptions(labels=200))

    def __post_init__(self) -> None:
        if self.reference is None and self.first_labels < 2:
            raise BadOption(f"{self.first_labels} first labels are no reference: give 2 or more")
        if not self.least_rise >= 0:
            raise BadOption(f"least rise {self.least_rise} of the proxy: give 0 or more spreads")

    def start(self) -> DecoupledState:
        """State before the first label."""
        none = Evidence.none(self.betting)
        if self.reference is None:
            return DecoupledState(evidence=none)
        return self._standing(self.reference, none, 0)

    def update(self, state: DecoupledState, label: LabelledDraw) -> DecoupledState:
        """State after one more draw, consumed in draw order."""
        reference, draw = state.learning.reference, label.draw
        if reference is None:
            learning = learned(
                state.learning, label, self.first_labels, REFERENCE_PART * self.false_alarm
            )
            if learning.reference is None:
                return DecoupledState(evidence=state.evidence, learning=learning)
            return self._standing(learning.reference, state.evidence, draw.number + 1)
        gold = 1.0 if label.gold is None else label.gold
        rise, part, z, block = reference.rise_of(draw.proxy), self.part(state), 0.0, state.block
        if part > 0:
            asked = part * reference.demand
            bound = _bound(reference, part)
            most = 1 - asked * LEAST_RISE - bound
            z = (gold - asked * rise - bound) * draw.weight / (most * draw.largest_weight)
            short = gold - reference.mean - asked * (rise - reference.rise)
            worst = reference.mean + asked * (LARGEST_RISE - reference.rise)
            best = 1 - reference.mean - asked * (LEAST_RISE - reference.rise)
            block = more_block(
                block,
                short * draw.weight,
                self.block,
                draw=draw.number,
                below=worst * draw.largest_weight,
                above=best * draw.largest_weight,
                share=draw.share,
                closes=draw.closes,
            )
        return DecoupledState(
            evidence=more_evidence(
                state.evidence, z, self.betting, share=draw.share, closes=draw.closes
            ),
            learning=state.learning,
            first_draw=state.first_draw,
            weights=(1 - RECENT) * state.weights + RECENT * draw.weight,
            rises=(1 - RECENT) * state.rises + RECENT * draw.weight * rise,
            block=block,
        )

    def part(self, state: DecoupledState) -> float:
        """The part k of the demand that the next label is held to; 0 while it does not count."""
        reference = state.learning.reference
        if reference is None or reference.demand == 0:
            return 0.0
        risen = self.risen(state)
        if risen <= self.least_rise:
            return 0.0
        room = MOST_OF_HEADROOM * (1 - reference.mean)
        return min(1.0, room / (reference.demand * risen))

    def risen(self, state: DecoupledState) -> float:
        """Spreads by which the score's mean of late exceeds the reference's."""
        reference = state.learning.reference
        return 0.0 if reference is None else state.rises / state.weights - reference.rise

    def reading(self, state: DecoupledState) -> Reading:
        """What the state says; its block is gold gained less what was demanded of it."""
        began = state.evidence.began
        return Reading(
            name=self.name,
            log_evidence=log_evidence(state.evidence, self.betting),
            began=None if began is None else state.first_draw + began,
            labels_used=state.evidence.labels,
            block=state.block.done,
            slack=self._slack(state),
        )

    def _slack(self, state: DecoupledState) -> float:
        """What is shown of the reference, less what is known of it."""
        reference = state.learning.reference
        if reference is None:
            return 0.0
        part = self.part(state) or 1.0
        shown = reference.mean - part * reference.demand * reference.rise
        return shown - _bound(reference, part)

    def _standing(self, reference: Reference, none: Evidence, first_draw: int) -> DecoupledState:
        return DecoupledState(
            evidence=none,
            learning=Learning(reference=reference),
            first_draw=first_draw,
            rises=reference.rise,
        )


def _bound(reference: Reference, part: float) -> float:
    """(1 - k) A + k B."""
    return (1 - part) * reference.mean_lower + part * reference.margin_lower
