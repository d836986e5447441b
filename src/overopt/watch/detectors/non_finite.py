"""Are there rewards that are no finite number, since when, and do they become more?

They are in no test: whatever they stand for goes unseen by every other signal. The first one fires,
because that is a fact; where a reward is absent by design (``expected``), only a rise of the share
per batch beyond its usual 95 % point does (``beyond_share``, with its guarantee).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

import numpy as np

from overopt.numerals import number, percent
from overopt.watch.batch import Batch
from overopt.watch.detectors.beyond_share import BeyondOptions, BeyondShare, share_watched
from overopt.watch.detectors.detector import Amber, ProxyDetector

__all__ = ["NonFinite", "NonFiniteState"]


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class NonFiniteState:
    """``rows`` seen and how many of them are ``bad``, the first at step ``first``."""

    rows: int
    bad: int
    first: int | None
    beyond: BeyondShare


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class NonFinite(ProxyDetector[NonFiniteState]):
    """Watches for rewards that are NaN or infinite."""

    expected: bool = False
    options: BeyondOptions = field(default_factory=BeyondOptions)
    name: str = "non_finite"

    def start(self) -> NonFiniteState:
        """State before the first batch."""
        return NonFiniteState(rows=0, bad=0, first=None, beyond=BeyondShare.none(self.options))

    def update(self, state: NonFiniteState, batch: Batch) -> NonFiniteState:
        """State after one more batch."""
        if not batch.rows:
            return state
        bad = batch.rows - int(np.count_nonzero(batch.finite))
        share = np.array([bad / batch.rows])
        return NonFiniteState(
            rows=state.rows + batch.rows,
            bad=state.bad + bad,
            first=batch.step if state.first is None and bad else state.first,
            beyond=share_watched(state.beyond, share, 0, batch.step, self.options),
        )

    def fired(self, state: NonFiniteState) -> Amber | None:
        """The signal: how many, since when, and whether they have become more."""
        found, beyond = state.beyond.dated, state.beyond.beyond
        risen = found.fired is not None and beyond is not None
        if state.first is None or (self.expected and not risen):
            return None
        more = ""
        if risen and beyond is not None:
            more = (
                f", and more of them probably since step {found.origin.step:,}: "
                f"{percent(found.mean)} of {found.readings:,} batches since hold a larger share "
                f"than the usual {percent(1 - self.options.share)} point, "
                f"{percent(beyond.threshold)} (the reference allows {percent(beyond.rate)})"
            )
        step = found.fired if self.expected and found.fired is not None else state.first
        sentence = (
            f"{state.bad:,} of {state.rows:,} rewards ({number(100 * state.bad / state.rows)} %) "
            f"are not finite, the first at step {state.first:,}{more}. No signal sees these rows: "
            "read some, mend the reward, and spend labels on what is left where they cluster"
        )
        return Amber(name=self.name, step=step, sentence=sentence)
