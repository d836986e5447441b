"""Green, undecided or red, and what would decide it: the state of every red signal of a run.

Red: the signal has alarmed. Green: the last completed block of labels shows a gain whose lower
bound is above 0, nothing of late speaks against score meaning, level and coupling, and the block is
not stale: it expires when as many steps have passed since its last label as it had, so that green
ends when labels do.
All else is undecided, and silence never is safety: an undecided signal says how many labels would
decide it at the present effect, and the smallest effect that the labels of the next 1,000 steps
could prove harmful.

Labels needed for red follow from the evidence: a bet b on a value gains b effect - (b spread)^2 / 2
nats, most with b = effect / spread^2, as far as bets go (0.8 over the most that a value can be);
and ln(1 / false_alarm), the weight of a late start and the mixture of bets have to be earned. Green
needs one block whose bound is shorter than the effect.

A refused label counts as what speaks least for an alarm, about one spread: from a share
effect / (effect + spread) of refusals on, no fall of that size can turn a signal red.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf, log, sqrt
from typing import final

from overopt.stats.e_process import Betting, start_weight
from overopt.watch.block import BlockMean
from overopt.watch.detectors.detector import Colour, Reading

__all__ = [
    "Course",
    "SignalState",
    "detectable_effect",
    "labels_to_red",
    "refusals_that_hide",
    "signal_states",
]

GUARDS = ("score_meaning", "fallen_from_best", "decoupled")
AHEAD = 1000  # steps
MOST_LABELS = 10**9  # more is never


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """Where a run stands: ``step``, labels ``used`` and ``refused``, and ``step_of`` a draw.

    ``labels_per_step`` is the rate at which labels come; ``signals`` how many share the false
    alarm ``false_alarm``; ``block_error`` that of a block's bound; ``gold_source`` whose judgement
    gold is, in words.
    """

    step: int
    used: int
    refused: int
    step_of: Callable[[int], int]
    labels_per_step: float
    signals: int
    false_alarm: float
    block_error: float
    gold_source: str
    betting: Betting

    def nats(self) -> float:
        """What evidence must earn for red, by a start at the present label."""
        weight = start_weight(self.used // self.betting.block)
        return log(self.signals * len(self.betting.bets) / (self.false_alarm * weight))

    def most_bet(self, block: BlockMean) -> float:
        """The largest bet on a value like those of a block."""
        return max(self.betting.bets) / block.reach if block.reach > 0 else inf


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class SignalState:
    """State of one signal, each number None where it is not known or does not apply.

    ``began`` is the step at which a red signal probably began, ``expires`` the step up to which
    green lasts, ``needs`` the labels that would decide an undecided one at its present effect,
    ``detectable`` the smallest fall that the next 1,000 steps can prove, ``refusals`` the share of
    refused labels from which on red is impossible at the present or the detectable effect.
    """

    name: str
    colour: Colour
    began: int | None
    expires: int | None
    needs: int | None
    detectable: float | None
    refusals: float | None
    sentence: str


def signal_states(
    readings: Sequence[Reading], began: Mapping[str, int], course: Course
) -> tuple[SignalState, ...]:
    """State of every signal; ``began`` holds the probable first step of those that are red."""
    doubt = next(
        (
            each.name
            for each in readings
            if each.name in GUARDS and (each.name in began or _doubtful(each))
        ),
        None,
    )
    return tuple(_state(each, began.get(each.name), doubt, course) for each in readings)


def labels_to_red(effect: float, spread: float, nats: float, most_bet: float = inf) -> int:
    """Values after which a fall by ``effect`` is expected to be red, with bets up to a largest."""
    if effect <= 0:
        return MOST_LABELS
    bet = min(effect / spread**2 if spread > 0 else inf, most_bet, 1 / effect)
    return ceil(min(nats / (bet * effect - (bet * spread) ** 2 / 2), MOST_LABELS))


def detectable_effect(
    spread: float, values: float, nats: float, most_bet: float = inf
) -> float | None:
    """Smallest fall that so many more values are expected to turn red; None without any."""
    if values <= 0:
        return None
    effect = spread * sqrt(2 * nats / values)
    if effect <= most_bet * spread**2:
        return effect
    return nats / (values * most_bet) + most_bet * spread**2 / 2


def refusals_that_hide(effect: float, spread: float) -> float:
    """Share of refused labels from which on a fall by ``effect`` cannot turn a signal red."""
    return effect / (effect + spread) if effect > 0 else 0.0


def _doubtful(reading: Reading) -> bool:
    """Is there anything against the null, though far from an alarm?"""
    return not reading.holds or reading.log_evidence > 0


def _state(reading: Reading, began: int | None, doubt: str | None, course: Course) -> SignalState:
    block, nats = reading.block, course.nats()
    if reading.name in GUARDS or _doubtful(reading):
        doubt = reading.name if _doubtful(reading) else None
    colour, expires = _colour(block, began, doubt, course)
    detectable = refusals = needs = None
    if block is not None:
        ahead = AHEAD * course.labels_per_step / block.labels_per_value
        detectable = detectable_effect(block.spread, ahead, nats, course.most_bet(block))
        fall = -block.value - reading.slack if block.value < 0 else detectable or 0.0
        if detectable is not None:
            detectable += reading.slack
        refusals = refusals_that_hide(fall, block.spread)
        if colour == "undecided":
            needs = _labels_to_decide(block, reading.slack, nats, course)
    state = SignalState(
        name=reading.name,
        colour=colour,
        began=began,
        expires=expires,
        needs=needs,
        detectable=detectable,
        refusals=refusals,
        sentence="",
    )
    return replace(state, sentence=_sentence(state, block, doubt, course))


def _colour(
    block: BlockMean | None, began: int | None, doubt: str | None, course: Course
) -> tuple[Colour, int | None]:
    """Colour, and the step up to which green lasts."""
    if began is not None:
        return "red", None
    if block is None or block.lower <= 0 or doubt is not None:
        return "undecided", None
    first, last = course.step_of(block.first), course.step_of(block.last)
    expires = last + max(last - first, 1)
    return ("green", expires) if course.step <= expires else ("undecided", None)


def _labels_to_decide(block: BlockMean, slack: float, nats: float, course: Course) -> int | None:
    """Labels until green or red at the effect that the last block showed; None for no effect."""
    if block.value >= 0:
        needed = labels_to_red(block.value, block.spread, -log(course.block_error))
    else:
        needed = labels_to_red(-block.value - slack, block.spread, nats, course.most_bet(block))
    needed = ceil(needed * block.labels_per_value)
    return needed if needed < MOST_LABELS else None


def _sentence(
    state: SignalState, block: BlockMean | None, doubt: str | None, course: Course
) -> str:
    told = f"{state.name} is {state.colour} according to {course.gold_source}"
    if state.colour == "red":
        return f"{told}: it probably began at step {state.began}"
    if block is None:
        return f"{told}: no block of labels is complete yet"
    if state.colour == "green":
        return (
            f"{told}: {block.lower:.3g} or more over labels {block.first} to {block.last}; "
            f"this expires after step {state.expires}"
        )
    if block.lower > 0:
        return told + (f": {doubt} is not known to hold" if doubt else ": the last block is stale")
    if state.needs is not None:
        told += f": about {state.needs} more labels would decide it at the present effect"
    if state.detectable is None:
        return f"{told}; no labels are coming, so no fall can be found"
    return (
        f"{told}; a fall smaller than {state.detectable:.2g} would not be found within "
        f"{AHEAD} steps at {course.labels_per_step:.3g} labels a step"
    )
