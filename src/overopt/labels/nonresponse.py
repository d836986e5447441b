"""Labels that were planned and did not come back: what gain would be if they were all extreme.

The curve takes them as missing by chance. That cannot be checked, but its harm can be bounded. Were
the missing labels known, the gain would be

    sum over rows of c [ g + D / pi (V - g) ],

with c the row's weight in the gain, D = 1 where a label was planned, pi its recorded chance and g
the regression fitted to the labels in hand. It is least when every missing V is at the low end of
gold where c > 0 and at the high end where c < 0, and greatest the other way round. On gold without
ends, those of the labels in hand stand in, which bounds nothing for certain.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import CompletedGold, LabelTotals, completed_gold, planned_labels
from overopt.labels.weights import gain_weights
from overopt.pressure import Pressure
from overopt.samples import Samples

__all__ = ["MissingLabels", "missing_labels"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, kw_only=True)
class MissingLabels:
    """``missing`` of ``planned`` labels, and the gain at ``strength`` were they all extreme.

    ``low`` and ``high`` are the ends of gold that were assumed, ``bounded`` whether they are those
    of its scale rather than of the labels in hand.
    """

    planned: int
    missing: int
    strength: float
    gain_lowest: float
    gain_highest: float
    low: float
    high: float
    bounded: bool

    @property
    def share(self) -> float:
        """Share of the planned labels that did not come back."""
        return self.missing / self.planned

    def to_dict(self) -> dict[str, Any]:
        """Plain data, field by field."""
        return {**asdict(self), "share": self.share}


def missing_labels(
    samples: Samples,
    proxy: str,
    completed: CompletedGold,
    pressure: Pressure,
    base: float,
    strength: float,
) -> MissingLabels | None:
    """Bounds on the gain of ``strength`` over ``base``; None where nothing planned is missing.

    ``samples`` must be scored by ``proxy`` throughout; ``completed`` is their completed gold, whose
    labels must have been drawn ``uniform`` or by ``recorded`` chances, for else no plan is known.
    """
    planned = planned_labels(samples)
    missing = int(np.count_nonzero(planned)) - samples.labelled
    if completed.design not in ("uniform", "recorded") or not missing:
        return None
    scale = completed.scale
    low, high = scale.bounds or (scale.low, scale.high)
    weight = gain_weights(samples, proxy, pressure, base, strength)
    ends = [(low, high), (high, low)]
    lowest, highest = (
        float(weight @ _were_they(np.where(weight > 0, up, down), samples, proxy, completed.design))
        for up, down in ends
    )
    return MissingLabels(
        planned=int(np.count_nonzero(planned)),
        missing=missing,
        strength=strength,
        gain_lowest=lowest,
        gain_highest=highest,
        low=low,
        high=high,
        bounded=scale.bounds is not None,
    )


def _were_they(value: FloatArray, samples: Samples, proxy: str, design: str) -> FloatArray:
    """Completed gold [rows] had the missing labels come back as ``value``, the regression kept."""
    assert samples.gold is not None
    totals = LabelTotals.of(samples, proxy)
    lost = planned_labels(samples) & np.isnan(samples.gold)
    gold = np.where(lost, value, samples.gold)
    every = replace(totals, labelled=totals.planned)
    return completed_gold(replace(samples, gold=gold), proxy, design, every).value
