"""Does length, or one part of the reward, take over what decides between candidates?

In sets of 64 rows, the share of the within-prompt variance of the proxy that the component explains
(squared correlation of the two, each minus its prompt's mean). A training signal that is whitened
within prompts sees only this variance: a component may be large and decide nothing, or small and
decide everything. How often the share lies beyond the reference's 95 % point is watched
(``beyond_share``), so that the share itself, which is noisy in a batch, needs no model.

Fails, by firing, where the component is meant to take over. Sets with equal scores within every
prompt say nothing and are skipped; rows without the component are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
import numpy.typing as npt

from overopt.numerals import percent
from overopt.watch.batch import Batch
from overopt.watch.detectors.beyond_share import BeyondOptions, BeyondShare, share_watched
from overopt.watch.detectors.detector import Amber, ProxyDetector
from overopt.watch.detectors.pieces import Pieces, compared, cut

__all__ = ["ComponentShare", "ComponentShareState", "within_correlation"]

FloatArray = npt.NDArray[np.float64]

MEMORY = 0.05  # weight of the newest set in the running mean that the sentence tells


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentShareState:
    """``correlation`` and ``share`` are running means over sets, None before the first."""

    pieces: Pieces
    beyond: BeyondShare
    correlation: float | None
    share: float | None
    turns: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentShare(ProxyDetector[ComponentShareState]):
    """Watches one ``component`` of the batch (``length``, a part of the reward)."""

    component: str
    rows: int = 64
    options: BeyondOptions = field(default_factory=BeyondOptions)

    @property
    def name(self) -> str:  # type: ignore[override]
        """One signal for each component."""
        return f"share_of_{self.component}"

    def start(self) -> ComponentShareState:
        """State before the first batch."""
        return ComponentShareState(
            pieces=Pieces.none(),
            beyond=BeyondShare.none(self.options),
            correlation=None,
            share=None,
            turns=0,
        )

    def update(self, state: ComponentShareState, batch: Batch) -> ComponentShareState:
        """State after one more batch; a batch without the component changes nothing."""
        part = batch.components.get(self.component)
        if part is None:
            return state
        rows = compared(batch.proxy, batch.group, batch.finite & np.isfinite(part))
        follows = rows and state.pieces.follows(rows, state.beyond.learning)
        if rows is None or follows == "not":
            return state
        if follows == "anew":
            state = self.start()
        columns = rows.minus_mean(batch.proxy, part)
        pieces, sets = cut(state.pieces, rows, columns, self.rows)
        if sets is None:
            return replace(state, pieces=pieces)
        found = within_correlation(sets)
        shares = found**2
        return ComponentShareState(
            pieces=pieces,
            beyond=share_watched(state.beyond, shares, state.turns, batch.step, self.options),
            correlation=_remembered(state.correlation, found),
            share=_remembered(state.share, shares),
            turns=state.turns + 1,
        )

    def fired(self, state: ComponentShareState) -> Amber | None:
        """The signal, with which way the component pulls."""
        found, beyond = state.beyond.dated, state.beyond.beyond
        if found.fired is None or beyond is None or state.share is None:
            return None
        way = "more" if (state.correlation or 0) > 0 else "less"
        sentence = (
            f"{self.component} decides more between candidates of a prompt than it did, probably "
            f"since step {found.origin.step:,}: the share of the proxy's within-prompt variance "
            f"that it explains lies beyond its usual {percent(1 - self.options.share)} point "
            f"({percent(beyond.threshold)}) in {percent(found.mean)} of {found.readings:,} "
            f"sets since (the reference allows {percent(beyond.rate)}); lately it is "
            f"{percent(state.share)}, and {way} {self.component} scores higher. Spend labels on "
            f"high-scoring candidates with {way} {self.component} than their prompt's others"
        )
        return Amber(name=self.name, step=found.fired, sentence=sentence)


def within_correlation(pairs: FloatArray) -> FloatArray:
    """Correlation [sets] of the two centred columns of ``pairs`` [2, sets, rows].

    NaN where the first is constant; 0 where only the second is: it explains nothing.
    """
    largest = np.abs(pairs).max(axis=2, keepdims=True)  # its unit, so that no square overflows
    first, second = pairs / np.where(largest > 0, largest, 1.0)
    own, other = np.einsum("ij,ij->i", first, first), np.einsum("ij,ij->i", second, second)
    both = np.sqrt(own * other)
    mixed = np.einsum("ij,ij->i", first, second) / np.where(both > 0, both, 1.0)
    return np.where(own > 0, np.clip(mixed, -1, 1), np.nan)


def _remembered(before: float | None, found: FloatArray) -> float | None:
    usable = [value for value in found.tolist() if value == value]
    if not usable:
        return before
    now: float = sum(usable) / len(usable)
    return now if before is None else before + MEMORY * (now - before)
