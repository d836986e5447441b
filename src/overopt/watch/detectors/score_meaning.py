"""Has gold at a given score fallen below the reference?

A verifier whose only errors are false passes can never show a negative gain: what it passes is
still better than what it fails. But a pass comes to mean less, and this question sees it.

z = (gold - r) * weight / c for drawn rows whose score the reference knows, 0 for others; r is the
lower bound of the reference at the row's score, c the largest that a row of the batch could give.
Null: at every step, given the past, mean gold of the batch's rows in the domain is at least that
of the mean r. Domains are upper sets of the reference's bins (the top one, the upper half, all);
their e-processes are mixed evenly. The weights undo the chances of the draw: without them a rule
that prefers mixed groups would prefer hard prompts, where even an honest pass is worth less.

Scores beyond the reference are not tested. Where the reference shows nothing, any gold is possible
in a healthy run too: the error of a heavy-tailed score makes its outliers worth little from the
start. How many there are is in the state; the gain and the decoupling are tested on them.

A refused label counts as gold 1. The null speaks of the run's current prompts: where the same score
is worth less on harder prompts, harder prompts later in the run are a change of meaning and are
called so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import final

from overopt.errors import BadOption
from overopt.stats.e_process import Betting, Evidence, log_evidence, log_mean, more_evidence
from overopt.watch.block import Block, BlockOptions, more_block
from overopt.watch.detectors.detector import GoldDetector, Reading
from overopt.watch.draw import LabelledDraw
from overopt.watch.reference import REFERENCE_PART, Learning, Reference, learned

__all__ = ["ScoreMeaning", "ScoreMeaningState"]

RECENT = 0.1  # weight of the newest label in what gold is worth of late


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreMeaningState:
    """``evidence`` [domains], each fed every label since the reference stood.

    ``first_draw`` is the number of the first of them, ``beyond`` how many of them had a score that
    the reference does not know, ``block`` gold minus reference in the top domain.
    """

    learning: Learning = field(default_factory=Learning)
    evidence: tuple[Evidence, ...] = ()
    first_draw: int = 0
    beyond: int = 0
    recent: float = 0.0
    block: Block = field(default_factory=Block)


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreMeaning(GoldDetector[ScoreMeaningState]):
    """Detector of a fall of gold at a given score; learns its reference where none is given."""

    name: str = "score_meaning"
    reference: Reference | None = None
    first_labels: int = 300
    false_alarm: float = 0.01
    betting: Betting = field(default_factory=Betting)
    block: BlockOptions = field(default_factory=lambda: BlockOptions(labels=200))

    def __post_init__(self) -> None:
        if self.reference is None and self.first_labels < 2:
            raise BadOption(f"{self.first_labels} first labels are no reference: give 2 or more")

    def start(self) -> ScoreMeaningState:
        """State before the first label."""
        if self.reference is None:
            return ScoreMeaningState()
        return self._standing(self.reference, 0)

    def update(self, state: ScoreMeaningState, label: LabelledDraw) -> ScoreMeaningState:
        """State after one more draw, consumed in draw order."""
        reference = state.learning.reference
        if reference is None:
            learning = learned(
                state.learning, label, self.first_labels, REFERENCE_PART * self.false_alarm
            )
            if learning.reference is None:
                return ScoreMeaningState(learning=learning)
            return self._standing(learning.reference, label.draw.number + 1)
        place = reference.bin_of(label.draw.proxy)
        gold = 1.0 if label.gold is None else label.gold
        weight, most = label.draw.weight, label.draw.largest_weight
        lower = 0.0 if place is None else reference.lower[place]
        share, closes = label.draw.share, label.draw.closes
        evidence = []
        for (first, least), each in zip(_domains(reference.lower), state.evidence, strict=True):
            inside = place is not None and place >= first
            z = (gold - lower) * weight / ((1 - least) * most) if inside else 0.0
            evidence.append(more_evidence(each, z, self.betting, share=share, closes=closes))
        first, least = _domains(reference.lower)[0]
        top = place is not None and place >= first
        shift = gold - lower if top else 0.0
        return ScoreMeaningState(
            learning=state.learning,
            evidence=tuple(evidence),
            first_draw=state.first_draw,
            beyond=state.beyond + (place is None),
            recent=state.recent + RECENT * (shift - state.recent) if top else state.recent,
            block=more_block(
                state.block,
                shift * weight,
                self.block,
                draw=label.draw.number,
                below=most,
                above=(1 - least) * most,
                share=label.draw.share,
                closes=label.draw.closes,
            ),
        )

    def reading(self, state: ScoreMeaningState) -> Reading:
        """What the state says; its block is gold less reference, in the top domain."""
        strongest = max(state.evidence, key=_strength, default=None)
        began = None if strongest is None else strongest.began
        return Reading(
            name=self.name,
            log_evidence=self._log_evidence(state),
            began=None if began is None else state.first_draw + began,
            labels_used=0 if strongest is None else strongest.labels,
            block=state.block.done,
            holds=state.learning.reference is not None and state.recent >= 0,
        )

    def _standing(self, reference: Reference, first_draw: int) -> ScoreMeaningState:
        none = Evidence.none(self.betting)
        return ScoreMeaningState(
            learning=Learning(reference=reference),
            evidence=(none,) * len(_domains(reference.lower)),
            first_draw=first_draw,
        )

    def _log_evidence(self, state: ScoreMeaningState) -> float:
        """Even mix of the domains' evidence."""
        return log_mean([log_evidence(each, self.betting) for each in state.evidence])


def _strength(evidence: Evidence) -> float:
    return max(evidence.log_best)


@lru_cache(maxsize=64)
def _domains(lower: tuple[float, ...]) -> tuple[tuple[int, float], ...]:
    """First bin of each domain, the top bin's first, with the least reference in it."""
    bins = len(lower)
    firsts = sorted({bins - 1, bins // 2, 0}, reverse=True)
    return tuple((first, min(lower[first:])) for first in firsts)
