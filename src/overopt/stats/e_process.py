"""Evidence against "the mean of what comes next is not below 0", valid at every time.

For z <= 1 with mean >= 0 given the past, prod(1 - bet * z) is a non-negative supermartingale for
any bet in [0, 1) fixed beforehand; values read off gold lie in [-1, 1]. The Shiryaev-Roberts form
starts one such product at the first label of every block, with weight w_b (the w_b sum to at most
1), so that a late change is found about as fast as an early one; the bets are mixed evenly. With
what has not been spent kept aside, the sum is an e-process: by Ville's inequality it ever reaches
1/false_alarm with chance at most false_alarm, whatever the law of z, its dependence, or who looks
when.

Two variants. ``whole_run`` off gives every start the weight 1: the sum grows by at most 1 a start
in the mean, so that the first time it reaches A comes after A starts or more on average (an
average run length; false alarms are expected in a long run). ``realised`` on replaces the factor
1 - bet z by exp(-bet z - psi(bet) z^2), psi(bet) = -ln(1 - bet) - bet, which is at most
(1 - bet z) for z <= 1; times exp(bet g), with g the mean of z given the past *and the batch*, it is
a supermartingale whatever g is. Evidence of 1/false_alarm then says, with that confidence, that
the g of some stretch up to now sum to less than 0: nothing is supposed about the batches to come.

Source: Shin, Ramdas and Rinaldo (2022) for e-detectors; Fan, Grama and Liu (2015) for the
exponential factor; the spending weights make the guarantee one over the whole run instead of an
average run length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log, log1p
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption

__all__ = [
    "Betting",
    "Evidence",
    "log_evidence",
    "log_evidence_path",
    "log_mean",
    "more_evidence",
    "start_weight",
]

FloatArray = npt.NDArray[np.floating[Any]]
# Weights fall as 1 / ((b + 10) ln(b + 10)^2). From b = 2 instead of 10, a change in the first three
# blocks costs up to 2.4 nats less, one in any later block up to 1.6 more.
FIRST_BLOCK = 10
SPENDING_TOTAL = 0.44402  # their sum over b >= 0, rounded up
ROUNDING = 1e-9  # by which an average of labels may exceed its bound


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Betting:
    """Bets that are mixed evenly, and the labels after which a new start is placed.

    ``whole_run``: the starts share a weight of 1, for a bound on any false alarm ever; else each
    has weight 1, for an average run length. ``realised``: see the module's text.
    """

    bets: tuple[float, ...] = (0.04, 0.1, 0.2, 0.4, 0.8)
    block: int = 50
    whole_run: bool = True
    realised: bool = False

    def __post_init__(self) -> None:
        if not self.bets or not all(0 < bet < 1 for bet in self.bets):
            raise BadOption(f"bets {self.bets}: give one or more between 0 and 1")
        if self.block < 1:
            raise BadOption(f"a block of {self.block} labels: give 1 or more")

    def weight(self, start: int) -> float:
        """Weight of the products that begin at start 0, 1, ..."""
        return start_weight(start) if self.whole_run else 1.0

    def kept(self, starts: int) -> float:
        """Weight not spent on the first ``starts``, which keeps the e-process's mean at 1."""
        return 1.0 - _spent(starts) if self.whole_run else 0.0


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """State after ``count`` values from ``labels`` labels; [bets] each:

    ``log_sums`` of the log of the weighted sum over starts, ``log_best`` of the best single start
    with its weight, and ``best_start`` the labels before it. ``pending`` is the part of the next
    value that is at hand, from the labels after the first ``settled``.
    """

    count: int
    labels: int
    settled: int
    pending: float
    log_sums: tuple[float, ...]
    log_best: tuple[float, ...]
    best_start: tuple[int, ...]

    @classmethod
    def none(cls, betting: Betting) -> Evidence:
        """State before the first value."""
        size = len(betting.bets)
        nothing, first = (-inf,) * size, (0,) * size
        return cls(
            count=0,
            labels=0,
            settled=0,
            pending=0.0,
            log_sums=nothing,
            log_best=nothing,
            best_start=first,
        )

    @property
    def began(self) -> int | None:
        """Labels before the stretch that speaks most against the null; None without any."""
        if self.count == 0:
            return None
        best = max(range(len(self.log_best)), key=self.log_best.__getitem__)
        return self.best_start[best]


def start_weight(block: int) -> float:
    """Weight of the product that starts at block ``block`` = 0, 1, ... when a run's are to last."""
    place = block + FIRST_BLOCK
    return 1.0 / (SPENDING_TOTAL * place * log(place) ** 2)


def more_evidence(
    state: Evidence, label: float, betting: Betting, *, share: float = 1.0, closes: bool = True
) -> Evidence:
    """State after one more label; the value bet on is the sum of share * label up to ``closes``.

    Labels that are not separate given the past (several from one batch) are averaged this way.
    The value must be at most 1; a start's labels are counted from the value's first label.
    """
    value = state.pending + share * label
    if not closes:
        return replace(state, labels=state.labels + 1, pending=value)
    if not value <= 1.0 + ROUNDING:
        raise ValueError(f"value {value} of an e-process is above 1")
    value = min(value, 1.0)
    sums, best, starts = list(state.log_sums), list(state.log_best), list(state.best_start)
    if state.count % betting.block == 0:
        fresh = log(betting.weight(state.count // betting.block))
        for i in range(len(sums)):
            sums[i] = _log_add(sums[i], fresh)
            if fresh > best[i]:
                best[i], starts[i] = fresh, state.settled
    for i, bet in enumerate(betting.bets):
        step = _log_factor(bet, value, betting.realised)
        sums[i] += step
        best[i] += step
    return Evidence(
        count=state.count + 1,
        labels=state.labels + 1,
        settled=state.labels + 1,
        pending=0.0,
        log_sums=tuple(sums),
        log_best=tuple(best),
        best_start=tuple(starts),
    )


def log_evidence(state: Evidence, betting: Betting) -> float:
    """Log of the e-process: even mean over bets, plus the weight not yet spent."""
    kept = betting.kept(-(-state.count // betting.block))
    top = max(*state.log_sums, log(kept) if kept > 0 else -inf)
    if top == -inf:
        return -inf
    mean = sum(exp(each - top) for each in state.log_sums) / len(state.log_sums)
    return top + log(mean + kept * exp(-top))


def log_evidence_path(values: FloatArray, betting: Betting) -> FloatArray:
    """Log evidence [runs, labels] after each label of many runs: the fold, vectorised over runs.

    ``values`` [runs, labels], at most 1. For simulations and long replays; needs a few times the
    memory of ``values``.
    """
    runs, labels = values.shape
    bets = np.array(betting.bets)[:, None]
    sums = np.full((runs, len(bets), 1), -np.inf)
    path = np.empty((runs, labels))
    for start in range(0, labels, betting.block):
        block = values[:, None, start : start + betting.block]
        fresh, kept = (
            betting.weight(start // betting.block),
            betting.kept(start // betting.block + 1),
        )
        steps = np.log1p(-bets * block)
        if betting.realised:
            steps = (np.log1p(-bets) + bets) * block**2 - bets * block
        steps[:, :, :1] += np.logaddexp(sums, np.log(fresh))
        logs = np.cumsum(steps, axis=2)
        top = logs.max(axis=1)
        mean = np.exp(logs - top[:, None]).mean(axis=1)
        path[:, start : start + betting.block] = top + np.log(mean + kept * np.exp(-top))
        sums = logs[:, :, -1:]
    return path


def _log_factor(bet: float, value: float, realised: bool) -> float:
    if realised:
        return (log1p(-bet) + bet) * value * value - bet * value
    return log1p(-bet * value)


def log_mean(logs: Sequence[float]) -> float:
    """Log of the mean of exponentials, the mix of several e-values; 0, no evidence, of none."""
    top = max(logs, default=0.0)
    if not logs or top == -inf:
        return top
    return top + log(sum(exp(each - top) for each in logs) / len(logs))


def _log_add(first: float, second: float) -> float:
    high, low = max(first, second), min(first, second)
    return high if low == -inf else high + log1p(exp(low - high))


_SPENT = [0.0]


def _spent(starts: int) -> float:
    """Sum of the first ``starts`` weights, remembered."""
    while len(_SPENT) <= starts:
        _SPENT.append(_SPENT[-1] + start_weight(len(_SPENT) - 1))
    return _SPENT[starts]
