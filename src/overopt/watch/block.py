"""Means over blocks of labels with bounds that hold for means given the past.

Labels of a run are not independent: the policy moves, and the trainer may react to them. For
values x >= guess - c, exp(bet (x - mean) - psi(bet c) / c^2 (x - guess)^2) with
psi(b) = -ln(1 - b) - b is a supermartingale for any bet and guess fixed before x. So the mean of
the means given the past, over a block, exceeds

    (sum bet x - ln(1 / error) - sum psi (x - guess)^2) / sum bet    but for chance ``error``.

The bet of a block is fixed when it begins, from the spread seen before, and cut only where a
single weight is very large; so this bounds the plain mean over the block, and is about as short as
a normal interval. The upper bound is the same for -x. Source: Waudby-Smith and Ramdas (2024),
predictable plug-in empirical Bernstein; Fan, Grama and Liu (2015) for the exponential factor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, log1p, pi, sqrt
from typing import final

from overopt.errors import BadOption

__all__ = ["Block", "BlockMean", "BlockOptions", "Side", "more_block"]

LARGEST_BET = 0.5
LEAST_BOUND = 0.01
PRIOR_LABELS, PRIOR_VARIANCE = 1.0, 0.25


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class BlockOptions:
    """``labels`` in a block (values: labels that are averaged count as one).

    ``error`` is that of each of its two bounds.

    ``every_block``: share the error over all blocks of a run, 6 / (pi k)^2 of it for the k-th.
    """

    labels: int
    error: float = 0.025
    every_block: bool = False

    def __post_init__(self) -> None:
        if self.labels < 2:
            raise BadOption(f"a block of {self.labels} labels: give 2 or more")
        if not 0 < self.error < 1:
            raise BadOption(f"error {self.error} of a block's bound: give a chance")

    @property
    def least_values(self) -> float:
        """Values that a block needs, however many labels share one: a third as many."""
        return self.labels / 3

    def error_of(self, number: int) -> float:
        """Error of either bound of block 0, 1, ..."""
        return self.error * (6 / (pi * (number + 1)) ** 2 if self.every_block else 1.0)


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """Sums of one bound over the block so far."""

    bets: float = 0.0
    staked: float = 0.0
    penalty: float = 0.0


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class BlockMean:
    """What block ``number`` showed; its labels are of draws ``first`` to ``last``.

    ``spread`` is the standard deviation of one of its ``values``, which may be of several labels,
    and ``reach`` the mean of the most that they could have been.
    """

    number: int
    first: int
    last: int
    value: float
    lower: float
    upper: float
    spread: float
    reach: float
    values: int

    @property
    def labels_per_value(self) -> float:
        """How many labels there were to a value."""
        return (self.last - self.first + 1) / self.values

    def less(self, floor: float) -> BlockMean:
        """The same of values less ``floor``."""
        return replace(
            self, value=self.value - floor, lower=self.lower - floor, upper=self.upper - floor
        )


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The block that is filling, the last one that was filled, and the guess of mean and spread.

    ``seen`` counts all values and ``labels`` the labels in them; ``guess`` and ``squares`` are over
    them, never restarted; ``filled`` and ``values`` count labels and values of the block that is
    filling, ``number`` the blocks done;
    ``pending`` is the part of the next value that is at hand, at its lowest and highest, with the
    shares in it; ``first`` the draw of the first label of the block, ``mass`` the sum of shares,
    ``reach`` that of the bounds from above.
    """

    seen: int = 0
    labels: int = 0
    filled: int = 0
    values: int = 0
    number: int = 0
    first: int = 0
    pending: tuple[float, float, float] = (0.0, 0.0, 0.0)
    total: float = 0.0
    mass: float = 0.0
    reach: float = 0.0
    bet: float = 0.0
    low: Side = Side()
    high: Side = Side()
    guess: float = 0.0
    squares: float = PRIOR_LABELS * PRIOR_VARIANCE
    done: BlockMean | None = None

    def spread(self) -> float:
        """Standard deviation of a label's value, as known so far."""
        return sqrt(self.squares / (self.seen + PRIOR_LABELS))


def more_block(
    state: Block,
    value: float,
    options: BlockOptions,
    *,
    draw: int,
    highest: float | None = None,
    below: float = 1.0,
    above: float = 1.0,
    share: float = 1.0,
    closes: bool = True,
) -> Block:
    """State after the ``value`` of draw ``draw``, known beforehand to lie in [-below, above].

    A refused label may be anything from ``value`` up to ``highest``: each bound takes its worst.
    Labels that are not separate given the past come with ``share`` until one ``closes`` them: they
    are one value, which counts as much as the sum of its shares.
    """
    highest = state.pending[1] + share * (value if highest is None else highest)
    value = state.pending[0] + share * value
    mass = state.pending[2] + share
    state = replace(state, labels=state.labels + 1, filled=state.filled + 1)
    if not closes:
        return replace(state, pending=(value, highest, mass))
    if state.bet == 0:
        state = replace(state, first=draw, bet=_bet(state, options))
    guess = mass * state.guess
    middle = (value + highest) / 2
    off = middle - guess
    state = replace(
        state,
        seen=state.seen + 1,
        values=state.values + 1,
        pending=(0.0, 0.0, 0.0),
        total=state.total + middle,
        mass=state.mass + mass,
        reach=state.reach + above,
        low=_more(state.low, state.bet, mass, value, value - guess, below + guess),
        high=_more(state.high, state.bet, mass, -highest, highest - guess, above - guess),
        guess=state.guess + off / (state.seen + 1 + PRIOR_LABELS),
        squares=state.squares + off * off,
    )
    if state.filled < options.labels or state.values < options.least_values:
        return state
    return replace(
        state,
        filled=0,
        values=0,
        number=state.number + 1,
        total=0.0,
        mass=0.0,
        reach=0.0,
        bet=0.0,
        low=Side(),
        high=Side(),
        done=_mean(state, draw, options),
    )


def _bet(state: Block, options: BlockOptions) -> float:
    """Bet of the block that begins, for as many values as its labels are likely to make."""
    each = (state.seen + 1) / state.labels  # values a label, the one that closes now included
    values = max(options.labels * each, options.least_values)
    return sqrt(2 * log(1 / options.error_of(state.number)) / values) / state.spread()


def _more(side: Side, bet: float, mass: float, value: float, off: float, bound: float) -> Side:
    """Sums with one more value of some mass, which can miss the guess by ``bound`` at most."""
    bound = max(bound, LEAST_BOUND)
    bet = min(bet, LARGEST_BET / bound)
    return Side(
        bets=side.bets + bet * mass,
        staked=side.staked + bet * value,
        penalty=side.penalty + (-log1p(-bet * bound) - bet * bound) * (off / bound) ** 2,
    )


def _mean(state: Block, last: int, options: BlockOptions) -> BlockMean:
    price = log(1 / options.error_of(state.number))
    low, high = ((s.staked - price - s.penalty) / s.bets for s in (state.low, state.high))
    return BlockMean(
        number=state.number,
        first=state.first,
        last=last,
        value=state.total / state.mass,
        lower=low,
        upper=-high,
        spread=state.spread(),
        reach=state.reach / state.values,
        values=state.values,
    )
