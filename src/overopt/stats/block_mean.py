"""The mean of a block of bounded values that depend on the past, with limits that need no law.

For x in [-c, c] with mean g given the past and c known before x, and any rate r > 0 fixed before
the block, b = min(r c, 0.8), psi(b) = -ln(1 - b) - b,

    E exp(b (x - g) / c - psi(b) (x / c)^2) <= 1          (Fan, Grama and Liu 2015).

Multiplied over a block and turned by Markov's inequality, this bounds the mean of the g, each with
weight b/c (all weights are r unless a c is extreme), from below; with -x from above. Both hold for
means that change within the block and for dependent values. Near the optimum, r^2 = 2 ln(2/(1 -
level)) / sum x^2, where the sum is guessed from the block before, the half-width is that of a
normal interval from Chernoff's bound: 1.4 times the usual one at 95 %.

A value that is the average of k labels gets the rate k r, as its variance is about 1/k of a
label's. A label that was refused may be anything: it enters with its lowest value into the lower
limit, and with its highest into the upper one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, log1p, sqrt
from typing import final

from overopt.errors import BadOption

__all__ = ["BlockMean", "BlockOptions", "MeanLimits", "more_of_block"]

LARGEST_BET = 0.8


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class BlockOptions:
    """Labels of a block, and the level of its two limits together."""

    length: int = 300
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.length < 1:
            raise BadOption(f"a block of {self.length} labels: give 1 or more")
        if not 0 < self.level < 1:
            raise BadOption(f"level {self.level} is not between 0 and 1")

    @property
    def log_odds(self) -> float:
        """ln(2 / (1 - level))."""
        return log(2 / (1 - self.level))


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class MeanLimits:
    """Mean of a block with its limits, and the label (from 0) after the block's last."""

    value: float
    lower: float
    upper: float
    end: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class BlockMean:
    """State: the sums of the running block, and what the last completed block measured.

    ``rate`` is r, None until it is set; ``square`` the sum of (k x)^2, for the next block's rate.
    """

    labels: int = 0
    first: int = 0
    rate: float | None = None
    weight: float = 0.0
    low: float = 0.0
    high: float = 0.0
    low_penalty: float = 0.0
    high_penalty: float = 0.0
    square: float = 0.0
    last: MeanLimits | None = None


def more_of_block(
    state: BlockMean, low: float, high: float, bound: float, labels: int, options: BlockOptions
) -> BlockMean:
    """State after one more value, the average of ``labels`` labels, in [low, high].

    ``low`` and ``high`` differ only by refused labels; both lie in [-bound, bound].
    """
    bound = max(bound, 1e-300)  # a value that can only be 0: it tells nothing and costs nothing
    rate = state.rate
    if rate is None:
        rate = sqrt(2 * options.log_odds / options.length) / (bound / 2)
    bet = min(rate * labels * bound, LARGEST_BET)
    psi = -log1p(-bet) - bet
    state = replace(
        state,
        labels=state.labels + labels,
        rate=rate,
        weight=state.weight + bet / bound,
        low=state.low + bet * low / bound,
        high=state.high + bet * high / bound,
        low_penalty=state.low_penalty + psi * (low / bound) ** 2,
        high_penalty=state.high_penalty + psi * (high / bound) ** 2,
        square=state.square + (labels * max(abs(low), abs(high))) ** 2,
    )
    return state if state.labels - state.first < options.length else _next_block(state, options)


def _next_block(state: BlockMean, options: BlockOptions) -> BlockMean:
    if not state.square > 0:
        return BlockMean(labels=state.labels, first=state.labels)
    limits = MeanLimits(
        value=(state.low + state.high) / 2 / state.weight,
        lower=(state.low - state.low_penalty - options.log_odds) / state.weight,
        upper=(state.high + state.high_penalty + options.log_odds) / state.weight,
        end=state.labels,
    )
    rate = sqrt(2 * options.log_odds / state.square)
    return BlockMean(labels=state.labels, first=state.labels, rate=rate, last=limits)
