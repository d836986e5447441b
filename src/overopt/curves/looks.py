"""Deciding again after each batch of labels, with one error rate over all the times.

Whoever looks after every batch and acts when something is proven looks until luck proves it: at
95 %, five looks decide wrongly in more than one study of ten. So the decision at look k may err
with chance

    (1 - level) / 2^k,        half of what the looks before have left.

It sums to 1 - level over any number of looks, so that none need be fixed beforehand. From the
thirtieth on they are all alike, which a billion more would not add up to anything. Curves keep
plain intervals: they describe, and hold at their level whenever they are looked at once. Source:
the union bound.
"""

from __future__ import annotations

__all__ = ["level_at_look"]

LAST_HALVING = 30  # far above where 1 less the error would round to 1


def level_at_look(level: float, look: int) -> float:
    """Level of a decision at the ``look``-th time (from 1) that labels are decided on.

    0 stands for the only look there will ever be, and spends all.
    """
    return level if look == 0 else 1 - (1 - level) / 2 ** min(look, LAST_HALVING)
