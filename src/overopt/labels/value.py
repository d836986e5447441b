"""What the labels in hand have bought, and what the next batch would buy.

The variance of a gain has two parts: which prompts were asked, and which of their rows were
labelled. More labels shrink only the second, which for rows labelled independently with chance pi
is the sum over rows of c^2 (V - g)^2 (1 - pi) / pi, and is estimated from the labels in hand by

    sum over labelled rows of c^2 (V - g)^2 (1 - pi) / pi^2,

c being the row's weight in the gain and V - g its residual from the regression. With f times the
labels pi becomes min(1, f pi). What remains when all rows are labelled is the part of the prompts:
the rest of the variance, but no less than what candidates of one prompt differ by: sum of c^2 times
the variance of residuals within groups, since few labels can make the rest vanish by luck.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.fold import largest_common_size
from overopt.curves.objective import within_spread
from overopt.labels.weights import gain_weights
from overopt.samples import Samples
from overopt.stats.intervals import t_quantile

__all__ = ["GainPrecision", "LabelValue", "label_value"]

FloatArray = npt.NDArray[np.floating[Any]]
WORTH_SHRINKING = 0.05  # of the half-width: below it, doubling the labels is not worth it
CERTAIN = 1e-9


@final
@dataclass(frozen=True, kw_only=True)
class GainPrecision:
    """How well the gain at ``strength`` is known, and would be with other numbers of labels.

    ``labels_effective`` is the Kish number behind gold there, ``design_effect`` the labels bought
    for each of them, ``label_share`` the part of the variance that more labels would remove.
    ``half_width`` is that of the pointwise interval of the gain now, ``doubled`` with twice the
    labels, ``all_rows`` with every row labelled.
    """

    strength: float
    labels_effective: float
    design_effect: float
    label_share: float
    half_width: float
    half_width_doubled: float
    half_width_all_rows: float


@final
@dataclass(frozen=True, kw_only=True)
class LabelValue:
    """``labels`` in hand and what they tell ``at`` the strengths that matter, the decision first.

    ``worth_doubling`` is whether twice the labels would narrow the gain by 5 % at any of them.
    """

    labels: int
    pressure: str
    at: tuple[GainPrecision, ...]
    worth_doubling: bool
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data, field by field."""
        return {**asdict(self), "at": [asdict(one) for one in self.at]}


def label_value(
    samples: Samples,
    proxy: str,
    completed: CompletedGold,
    curve: EstimatedCurve,
    decided: float,
) -> LabelValue | None:
    """Worth of the labels for the gain at the strength ``decided`` and at the end of the curve.

    None where labels are not partial, or were not drawn uniformly or by recorded chances, or where
    the curve has no interval or does not stand on all prompts of ``samples``.
    """
    ends = [decided, float(curve.strength[np.flatnonzero(~curve.grey)[-1]])]
    wanted = [s for s in dict.fromkeys(ends) if s > curve.strength[0]]
    drawn = completed.design in ("uniform", "recorded")
    every = np.count_nonzero(samples.group_sizes >= largest_common_size(samples)) == curve.groups
    if not (drawn and every and wanted) or curve.prompts < 2:
        return None
    at = tuple(_precision(samples, proxy, completed, curve, strength) for strength in wanted)
    return LabelValue(
        labels=samples.labelled,
        pressure=curve.pressure.id,
        at=at,
        worth_doubling=any(map(_worth, at)),
        sentence=_sentence(samples.labelled, at, curve),
    )


def _precision(
    samples: Samples, proxy: str, completed: CompletedGold, curve: EstimatedCurve, strength: float
) -> GainPrecision:
    position = int(np.flatnonzero(curve.strength == strength)[0])
    contrast = np.zeros((1, len(curve.strength)))
    contrast[0, [0, position]] = -1.0, 1.0
    _, covariance, _ = curve.contrast(contrast)
    total = max(float(covariance[0, 0]), 0.0)
    weight = gain_weights(samples, proxy, curve.pressure, curve.strength[0], strength)
    residual = _residuals(samples, completed)
    noise, doubled = (_label_noise(completed, residual, weight, times) for times in (1.0, 2.0))
    own = within_spread(replace(samples, gold=residual)) ** 2 * float(weight @ weight)
    share = noise / (noise + max(total - noise, own)) if noise > 0 else 0.0
    effective = float(min(curve.labels_effective[[0, position]]))
    left = 1 - share * (1 - doubled / noise) if noise > 0 else 1.0

    def half(part: float, labels: float) -> float:
        df = min(curve.prompts - 1.0, max(labels - 1, 1.0))
        return float(t_quantile(curve.level, df)) * float(np.sqrt(total * part))

    return GainPrecision(
        strength=strength,
        labels_effective=float(curve.labels_effective[position]),
        design_effect=samples.labelled / max(float(curve.labels_effective[position]), CERTAIN),
        label_share=share,
        half_width=half(1.0, effective),
        half_width_doubled=half(left, 2 * effective),
        half_width_all_rows=half(1 - share, np.inf),
    )


def _residuals(samples: Samples, completed: CompletedGold) -> FloatArray:
    """V - g [rows] where a label was not certain, else NaN."""
    assert samples.gold is not None and completed.inverse is not None
    # Completed gold is V + (1 / pi - 1) (V - g); where pi is 1, no draw of it can vary.
    drawn = completed.inverse > 1 + CERTAIN
    found = np.full(samples.rows, np.nan)
    found[drawn] = (completed.value - samples.gold)[drawn] / (completed.inverse[drawn] - 1)
    return found


def _label_noise(
    completed: CompletedGold, residual: FloatArray, weight: FloatArray, times: float
) -> float:
    """Variance that the draw of ``times`` as many labels puts into the gain, from those in hand."""
    assert completed.inverse is not None
    drawn = ~np.isnan(residual)
    inverse = completed.inverse[drawn]
    later = np.maximum(inverse / times, 1.0)
    return float(np.sum((weight[drawn] * residual[drawn]) ** 2 * inverse * (later - 1)))


def _worth(one: GainPrecision) -> bool:
    return one.half_width_doubled < (1 - WORTH_SHRINKING) * one.half_width


def _sentence(labels: int, at: tuple[GainPrecision, ...], curve: EstimatedCurve) -> str:
    """About the first strength where twice the labels would tell more, else about the first."""
    one = next(filter(_worth, at), at[0])
    known = (
        f"{labels:,} labels count for {one.labels_effective:.0f} at {curve.pressure.knob} = "
        f"{one.strength:.4g} (design effect {one.design_effect:.2g}) and tell its gain to "
        f"±{one.half_width:.2g}; twice as many would to ±{one.half_width_doubled:.2g}, labels on "
        f"every row to ±{one.half_width_all_rows:.2g}"
    )
    if _worth(one):
        return f"{known}."
    return f"{known}: the next batch of labels is not worth it, sample more prompts instead."
