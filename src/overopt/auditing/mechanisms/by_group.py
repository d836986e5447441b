"""What selection gains in each comparison group: a domain, a step, a checkpoint.

The same pressure at the strength of the pooled decision (at the end of its curve where that is no
pressure), group by group, with limits that hold for all groups together (the level is shared).
Pooling averages them: a score that helps in one domain and harms in another may look harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.mechanisms.mechanism import FEWEST_PROMPTS
from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.curves.fold import largest_common_size
from overopt.findings import Finding, Severity
from overopt.numerals import estimate, number
from overopt.pressure import BestOfN, Pressure
from overopt.samples import Samples

__all__ = ["GroupResult", "group_results", "opposite_signs"]

FloatArray = npt.NDArray[np.floating[Any]]
MOST_GROUPS = 20
LIMITED_BY_SIZE = ("best_of_n", "threshold")  # strengths above the group's size do not exist


@final
@dataclass(frozen=True, kw_only=True)
class GroupResult:
    """Gain of one group at ``strength`` against no pressure, and of a pair's better-scored one.

    ``pair_difference`` is its gold less that of the other candidate. Limits hold for all groups at
    once, each kind of its own.
    """

    group: str
    prompts: int
    rows: int
    labelled: int
    knob: str
    strength: float
    gain: float
    lower: float
    upper: float
    pair_difference: float
    pair_lower: float
    pair_upper: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)


def group_results(
    samples: Samples,
    proxy: str,
    completed: CompletedGold,
    curve: EstimatedCurve,
    chosen: float,
    level: float,
) -> list[GroupResult]:
    """Results of the groups with at least ten prompts, at most the twenty largest, in table order.

    ``curve`` is the pooled one of the pressure, ``chosen`` the strength of its decision. Empty for
    fewer than two such groups, and for labels that do not tell gold without pressure.
    """
    codes = _largest(samples)
    if len(codes) < 2 or completed.design in ("winners", "unknown"):
        return []
    strength = chosen
    if not chosen > curve.pressure.no_pressure:
        strength = float(curve.strength[curve.joint_strengths()[-1]])
    shared = 1 - (1 - level) / len(codes)
    found = [
        _result(samples, proxy, completed, curve.pressure, int(code), strength, shared)
        for code in codes
    ]
    return [one for one in found if one is not None]


def opposite_signs(results: Sequence[GroupResult]) -> list[Finding]:
    """OV328, where one group is proven to gain and another to lose."""
    gains = [one for one in results if one.lower > 0]
    losses = [one for one in results if one.upper < 0]
    if not gains or not losses:
        return []
    best, worst = max(gains, key=lambda one: one.gain), min(losses, key=lambda one: one.gain)
    return [
        Finding(
            code="OV328",
            severity=Severity.CAUTION,
            message=(
                f"pooling hides opposite signs: the gain is {_told(best)} in {best.group!r} and "
                f"{_told(worst)} in {worst.group!r}; decide for each group by itself"
            ),
            data={
                "gaining": [one.group for one in gains],
                "losing": [one.group for one in losses],
            },
        )
    ]


def _largest(samples: Samples) -> npt.NDArray[np.int64]:
    """Codes of the groups that are looked at, in the order of their first row."""
    value = samples.group_value
    if value is None or len(value.names) < 2:
        return np.empty(0, dtype=np.int64)
    known = value.codes >= 0
    width = len(value.names)
    pairs = np.unique(samples.prompt[known].astype(np.int64) * width + value.codes[known])
    prompts = np.bincount(pairs % width, minlength=width)
    ranked = np.argsort(-prompts, kind="stable")[:MOST_GROUPS]
    return np.sort(ranked[prompts[ranked] >= FEWEST_PROMPTS])


def _result(
    samples: Samples,
    proxy: str,
    completed: CompletedGold,
    pressure: Pressure,
    code: int,
    strength: float,
    level: float,
) -> GroupResult | None:
    """Gain and pair difference of one group; None where nothing in it can be selected."""
    assert samples.group_value is not None
    rows = samples.group_value.codes == code
    part, known = samples.take(rows), completed.take(rows)
    size = largest_common_size(part)
    if size < 2 or not part.labelled:
        return None
    if pressure.id in LIMITED_BY_SIZE:
        strength = min(strength, float(size))

    def gain(rule: Pressure, at: float) -> FloatArray:
        curve = gold_curve(
            part,
            proxy,
            rule,
            strengths=np.array([rule.no_pressure, at]),
            level=level,
            labels_drawn=completed.design,
            completed=known,
        )
        return np.stack(curve.gain())[:, 1]

    pair = 2 * gain(BestOfN(), 2.0)
    value, lower, upper = gain(pressure, strength).tolist()
    return GroupResult(
        group=samples.group_value.names[code],
        prompts=part.prompts,
        rows=part.rows,
        labelled=part.labelled,
        knob=pressure.knob,
        strength=strength,
        gain=value,
        lower=lower,
        upper=upper,
        pair_difference=float(pair[0]),
        pair_lower=float(pair[1]),
        pair_upper=float(pair[2]),
    )


def _told(one: GroupResult) -> str:
    gain = estimate(one.gain, one.lower, one.upper)
    return f"{gain} at {one.knob} = {number(one.strength)}"
