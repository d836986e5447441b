"""Does pushing further at this pressure still pay? Covariance of gold with the pressure's score.

For a batch with gold v_i and scores s_i that sum to 0 within each prompt, the gain of pushing
further is g = mean_i v_i s_i. A row drawn with chance p_i gives x = (v - m) s / (B p), whose mean
over our draw is g for any m fixed before it. With c >= |x| known before the batch, z = x / c is
what the e-process of ``stats.e_process`` bets against:

    null: the expected gain of what comes next, given the past, is never below 0.

Assumptions: gold in [0, 1]; the draws are ours, with the recorded chances, consumed in draw order.
Nothing about tails, drift, dependence or how the training reacts. With ``realised`` betting the
null itself goes: red then says that the realised gains of some stretch of batches sum below 0.

m is a running mean of gold, weighted by (s / (B p))^2: that mean makes x vary least. A refused
label counts as the gold that speaks least for an alarm, and against green in the block's limits.
It fails to see: errors that a verifier makes only in passing (the gain cannot turn negative; see
score meaning), and harm at pressures that are not in the bank.

Source: the gain is the slope d E[gold] / d strength (Khalaf et al. 2025 use its zero as the
hacking threshold); the sequential test is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from overopt.stats.e_process import Betting, Evidence, log_evidence, more_evidence
from overopt.watch.bank import POOLED
from overopt.watch.block import Block, BlockOptions, more_block
from overopt.watch.detectors.detector import GoldDetector, Reading
from overopt.watch.draw import LabelledDraw

__all__ = ["Gain", "GainState"]

MEMORY = 1 - 1 / 1000  # what the mean of gold keeps at each label: it follows within 1,000
FIRST_GUESS = 0.5
RECENT = 1 / 75  # weight of the newest label in the gain of late, which green must not contradict


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class GainState:
    """State of one gain: evidence, block, and the running mean of gold.

    ``centre`` is m, kept while the draws of one part come in; ``heaviness`` and ``gold`` are the
    sums of its weights without and with gold. ``ceiling`` is the largest |s| / (B p) that any
    batch so far could have shown: c is this, times max(m, 1 - m). ``recent`` is the gain of late.
    """

    evidence: Evidence
    block: Block = field(default_factory=Block)
    centre: float = FIRST_GUESS
    heaviness: float = 0.0
    gold: float = 0.0
    ceiling: float = 0.0
    recent: float = 0.0


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Gain(GoldDetector[GainState]):
    """The gain at signal number ``place`` of the bank."""

    name: str
    place: int
    betting: Betting = field(default_factory=Betting)
    block: BlockOptions = field(default_factory=lambda: BlockOptions(labels=300))

    def start(self) -> GainState:
        """State before the first label."""
        return GainState(evidence=Evidence.none(self.betting))

    def update(self, state: GainState, label: LabelledDraw) -> GainState:
        """State after one more label; a part's value is bet on when its last label is in."""
        draw, gold, centre = label.draw, label.gold, state.centre
        share, closes = draw.share, draw.closes
        if self.name.endswith(POOLED):
            share, closes = draw.whole_share, draw.whole_closes
        factor = draw.scores[self.place] * draw.weight
        ceiling = max(state.ceiling, draw.largest[self.place])
        bound = ceiling * max(centre, 1 - centre)
        heaviness, golden = state.heaviness, state.gold
        if gold is None:
            low, high = sorted((-centre * factor, (1 - centre) * factor))
        else:
            low = high = (gold - centre) * factor
            weight = factor * factor * share
            heaviness = MEMORY * heaviness + weight
            golden = MEMORY * golden + weight * gold
        z = high / bound if bound > 0 else 0.0
        return GainState(
            evidence=more_evidence(state.evidence, z, self.betting, share=share, closes=closes),
            block=more_block(
                state.block,
                low,
                self.block,
                draw=draw.number,
                highest=high,
                below=bound,
                above=bound,
                share=share,
                closes=closes,
            ),
            centre=(golden + FIRST_GUESS) / (heaviness + 1.0) if closes else centre,
            heaviness=heaviness,
            gold=golden,
            ceiling=ceiling,
            recent=state.recent + RECENT * (low - state.recent),
        )

    def reading(self, state: GainState) -> Reading:
        """Evidence now, and the gain over the last completed block, per unit of score."""
        return Reading(
            name=self.name,
            log_evidence=log_evidence(state.evidence, self.betting),
            began=state.evidence.began,
            labels_used=state.evidence.labels,
            block=state.block.done,
            holds=state.recent >= 0,
        )
