"""Student t with three degrees of freedom above a bound: closed forms that keep their digits."""

from __future__ import annotations

import math

__all__ = ["mean_above", "probability_above"]

SMALL = 0.02  # sqrt(3) / t, where the closed form has lost five digits


def probability_above(t: float) -> float:
    """P(X > t) for t > 0: (atan(y) - y / (1 + y^2)) / pi with y = sqrt(3) / t.

    Far out the two terms cancel, so there it is their series in y.
    """
    y = math.sqrt(3) / t
    if y > SMALL:
        return (math.atan(y) - y / (1 + y * y)) / math.pi
    terms = (2 / 3, -4 / 5, 6 / 7, -8 / 9)
    return y**3 * math.fsum(c * y ** (2 * k) for k, c in enumerate(terms)) / math.pi


def mean_above(t: float) -> float:
    """E[X | X > t] for t > 0, from E[X; X > t] = 3 sqrt(3) / (pi (3 + t^2))."""
    return 3 * math.sqrt(3) / (math.pi * (3 + t * t)) / probability_above(t)
