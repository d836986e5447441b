"""A lower bound on the mean of bounded values by betting, valid for means given the past.

If every value's mean given the past is at most m, a gambler who stakes the share ``bet`` of what
he has on each value multiplies it by 1 + bet (value - m) / m, a supermartingale; an even mix of
bets is one too. Means at which the mix has grown to 1 / error are ruled out (Ville), and the mix
only falls with m, so the bound is where it crosses. Values that are all 1 give error^(1/count), as
an exact binomial bound does; a small spread tightens it by itself. Values of unequal chance enter
by ``shares``: stakes are cut to that part, so weight times value stays in the game's bounds.

Source: Waudby-Smith and Ramdas (2024), hedged capital, one-sided with fixed bets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["lower_mean"]

FloatVector = npt.NDArray[np.floating[Any]]
IntVector = npt.NDArray[np.integer[Any]]
LARGEST_BET = 0.99
HALVINGS = 40


def lower_mean(
    values: FloatVector,
    error: float,
    stakes: FloatVector | None = None,
    rounds: IntVector | None = None,
) -> float:
    """Bound in [0, 1) that the mean of ``values`` [count], each >= 0, exceeds but for ``error``.

    ``stakes`` [count] > 0 are in proportion to each value's weight in the mean, by a factor known
    before the value, and sum to at most 1 in each round; ``rounds`` [count] numbers the rounds,
    never falling (default: one for each value). Without a value the bound is 0.
    """
    if not len(values):
        return 0.0
    stakes = np.ones(len(values)) if stakes is None else stakes
    first = (
        np.arange(len(values)) if rounds is None else np.flatnonzero(np.diff(rounds, prepend=-1))
    )
    bets = _bets(len(first), error)[:, None]
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        won = np.add.reduceat(stakes * (values / middle - 1), first)
        logs = np.log1p(bets * won).sum(axis=1)
        if np.logaddexp.reduce(logs) - np.log(len(bets)) >= -np.log(error):
            low = middle
        else:
            high = middle
    return low


def _bets(count: int, error: float) -> FloatVector:
    """Half of what serves an even 0/1 value best after ``count`` rounds, and its doublings."""
    least = np.sqrt(np.log(1 / error) / (2 * count))
    doublings = np.arange(max(0.0, np.ceil(np.log2(LARGEST_BET / least))) + 1)
    return np.asarray(np.minimum(least * 2**doublings, LARGEST_BET))
