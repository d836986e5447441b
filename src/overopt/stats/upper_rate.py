"""How often does something happen at most, when it was seen ``hits`` times in ``trials``?

The Clopper-Pearson upper limit: the rate p at which ``hits`` or fewer would be seen with chance
1 - level, the level quantile of Beta(hits + 1, trials - hits). It is also the exact limit on how
often a continuous quantity exceeds the value that ``hits`` of its ``trials`` independent readings
exceeded (ties only lower it), because that chance has this very Beta law. So a threshold read off
a reference and its rate need one bound, not two.

Source: Clopper and Pearson (1934); Wilks (1941) for thresholds that are order statistics.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption

__all__ = ["Beyond", "beyond_reference", "upper_rate"]

FloatVector = npt.NDArray[np.floating[Any]]


def upper_rate(hits: int, trials: int, level: float) -> float:
    """Upper limit at ``level`` of a rate seen as ``hits`` of ``trials``; 1 when all were hits.

    Raises BadOption unless 0 <= hits <= trials and level is between 0 and 1.
    """
    from scipy.special import betaincinv

    if not (0 <= hits <= trials and 0 < level < 1):
        raise BadOption(
            f"{hits} hits in {trials} trials at level {level}: give 0 <= hits <= trials, "
            "0 < level < 1"
        )
    return 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, level))


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Beyond:
    """A ``threshold`` that later readings exceed at a rate of at most ``rate``, by ``readings``."""

    threshold: float
    rate: float
    readings: int


def beyond_reference(readings: FloatVector, share: float, level: float) -> Beyond:
    """Threshold that at most ``share`` of the readings exceed, and its upper rate at ``level``.

    Assumes independent readings of one law, which may have ties. Raises BadOption without readings
    or with a share outside [0, 1).
    """
    count = len(readings)
    if count < 1 or not 0 <= share < 1:
        raise BadOption(f"{count} readings, share {share}: give 1 or more and a share in [0, 1)")
    kept = min(count, max(1, ceil(count * (1 - share) - 1e-9)))
    return Beyond(
        threshold=float(np.sort(readings)[kept - 1]),
        rate=upper_rate(count - kept, count, level),
        readings=count,
    )
