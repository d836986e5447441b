"""Has mean gold fallen below the best that this run has shown?

z = (gold - floor) * weight / c with floor = L - tolerance: L is the highest lower bound over the
completed blocks of labels, c the largest that a row of the batch could give. Null: at every step
mean gold, given the past, is at least the mean over the best block before, less the tolerance.
Bounds of all blocks hold at once for means that depend on the past (see ``block``). A block must be
long: after 200 labels its bound lies too low for a drop of a tenth of the scale to reach it.

The null speaks of the run's current prompts. Where prompts become harder, or come in waves longer
than a block, gold has fallen all the same: this detector confirms, it does not explain.

A refused label counts as gold 0 for the bound and as 1 for the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import final

from overopt.errors import BadOption
from overopt.stats.e_process import Betting, Evidence, log_evidence, more_evidence
from overopt.watch.block import Block, BlockOptions, more_block
from overopt.watch.detectors.detector import GoldDetector, Reading
from overopt.watch.draw import LabelledDraw
from overopt.watch.reference import REFERENCE_PART

__all__ = ["FallenFromBest", "FallenFromBestState"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class FallenFromBestState:
    """``best`` is L, None before a block has ended, ``earlier`` that of all blocks but the last;
    ``labels`` counts all that have come.

    ``evidence`` has been fed every label since draw ``first_draw``, the first with a floor above 0.
    """

    evidence: Evidence
    labels: int = 0
    block: Block = field(default_factory=Block)
    first_draw: int | None = None
    best: float | None = None
    earlier: float | None = None


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class FallenFromBest(GoldDetector[FallenFromBestState]):
    """Detector of a fall of mean gold below the best block; ``tolerance`` in units of the scale."""

    name: str = "fallen_from_best"
    tolerance: float = 0.05
    block_labels: int = 1000
    false_alarm: float = 0.01
    betting: Betting = field(default_factory=Betting)

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 1:
            raise BadOption(f"tolerance {self.tolerance} of a fall: give 0 up to 1 of gold's range")
        if self.block_labels < 2:
            raise BadOption(f"a block of {self.block_labels} labels: give 2 or more, better 1000")

    def start(self) -> FallenFromBestState:
        """State before the first label."""
        return FallenFromBestState(evidence=Evidence.none(self.betting))

    def update(self, state: FallenFromBestState, label: LabelledDraw) -> FallenFromBestState:
        """State after one more draw, consumed in draw order."""
        draw = label.draw
        weight, most = draw.weight, draw.largest_weight
        floor = self.floor(state)
        evidence, first_draw = state.evidence, state.first_draw
        if floor is not None and floor > 0:
            gold = 1.0 if label.gold is None else label.gold
            z = (gold - floor) * weight / ((1 - floor) * most)
            evidence = more_evidence(
                evidence, z, self.betting, share=draw.share, closes=draw.closes
            )
            first_draw = draw.number if first_draw is None else first_draw
        shown = (0.0 if label.gold is None else label.gold) * weight
        options = _block_options(self.block_labels, REFERENCE_PART * self.false_alarm)
        block = more_block(
            state.block,
            shown,
            options,
            draw=draw.number,
            below=0.0,
            above=most,
            share=draw.share,
            closes=draw.closes,
        )
        best, earlier = state.best, state.earlier
        if block.done is not None and block.number > state.block.number:
            best, earlier = max(block.done.lower, -inf if best is None else best), best
        return FallenFromBestState(
            evidence=evidence,
            labels=state.labels + 1,
            block=block,
            first_draw=first_draw,
            best=best,
            earlier=earlier,
        )

    def floor(self, state: FallenFromBestState) -> float | None:
        """What mean gold may not fall below; None before a block is complete."""
        return None if state.best is None else state.best - self.tolerance

    def reading(self, state: FallenFromBestState) -> Reading:
        """What the state says; its block is gold less the floor that earlier blocks set."""
        done, began = state.block.done, state.evidence.began
        floor = None if state.earlier is None else state.earlier - self.tolerance
        return Reading(
            name=self.name,
            log_evidence=log_evidence(state.evidence, self.betting),
            began=None if began is None or state.first_draw is None else state.first_draw + began,
            labels_used=state.labels,
            block=None if done is None or floor is None else done.less(floor),
            holds=done is None or floor is None or done.upper >= floor,
        )


@lru_cache(maxsize=64)
def _block_options(labels: int, error: float) -> BlockOptions:
    return BlockOptions(labels=labels, error=error, every_block=True)
