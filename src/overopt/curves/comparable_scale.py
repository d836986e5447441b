"""May scores be compared across prompts, or only within one?

Two slopes of gold per point of score: within comparison groups (deviations from the group's mean),
and by how much the group's mean score changes gold at the same score, from a regression of gold on
the score (straight between its quartiles) and the group's mean. That change is zero if the same
score means the same gold whatever the prompt's other scores are (Mundlak 1978); within slope plus
change is the slope between prompts.

Scores are cut at their 1st and 99th percentiles, so that no tail rules the fit; errors are the
joint jackknife over prompts. It answers "on average": ``prompt_sd`` is how much gold still differs
between prompts at the same score. Few prompts or prompts alike in mean score leave it undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.binned_gold import or_none
from overopt.samples import Samples
from overopt.stats.intervals import t_quantile

__all__ = ["ComparableScale", "comparable_scale"]

FloatArray = npt.NDArray[np.floating[Any]]
TOLERATED = 0.25  # of the within-prompt slope: a change that does not matter
CUT = (0.01, 0.99)
KNOTS = (0.25, 0.5, 0.75)
FEWEST_PROMPTS = 10
RIDGE = 1e-9  # of the rows: only so that a refit without one prompt never divides by zero


@final
@dataclass(frozen=True, kw_only=True)
class ComparableScale:
    """Verdict (yes, no, undecided, not applicable) and its numbers, NaN where not applicable.

    Slopes are gold per point of score; ``difference`` is between less within, with limits at the
    level asked for. ``prompt_sd`` is the sd of gold between prompts at the same score.
    """

    verdict: str
    sentence: str
    within_slope: float = float("nan")
    between_slope: float = float("nan")
    difference: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    prompt_sd: float = float("nan")

    def to_dict(self) -> dict[str, float | str | None]:
        """The fields as plain data."""
        return {
            "verdict": self.verdict,
            "within_slope": or_none(self.within_slope),
            "between_slope": or_none(self.between_slope),
            "difference": or_none(self.difference),
            "lower": or_none(self.lower),
            "upper": or_none(self.upper),
            "prompt_sd": or_none(self.prompt_sd),
            "sentence": self.sentence,
        }


def comparable_scale(
    samples: Samples, proxy: str, gold: FloatArray, level: float = 0.95
) -> ComparableScale:
    """Whether a point of ``proxy`` is worth as much gold between prompts as within one.

    ``gold`` [rows] is complete (see ``completed_gold``); all rows must be scored.
    """
    scores = np.clip(samples.proxies[proxy], *np.quantile(samples.proxies[proxy], CUT))
    spread = float(scores.std())
    standard = (scores - scores.mean()) / (spread if spread > 0 else 1.0)
    mean = _group_means(samples, standard)
    reason = _not_applicable(samples, standard - mean, mean)
    if reason:
        return ComparableScale(
            verdict="not applicable",
            sentence=f"Whether scores compare across prompts does not show: {reason}.",
        )
    within, within_shift, _ = _jackknifed(
        samples, (standard - mean)[:, None], gold - _group_means(samples, gold)
    )
    design = np.stack([mean, np.ones_like(mean), *_bent(standard)], axis=1)
    fitted, shift, residual = _jackknifed(samples, design, gold)
    slopes = np.array([within[0], fitted[0]])
    shifts = np.stack([within_shift[:, 0], shift[:, 0]], axis=1)
    covariance = (samples.prompts - 1) / samples.prompts * shifts.T @ shifts
    critical = float(t_quantile(level, samples.prompts - design.shape[1]))
    return _judged(slopes, covariance, critical, spread, _prompt_sd(samples, residual))


def _not_applicable(samples: Samples, deviation: FloatArray, mean: FloatArray) -> str:
    """Why there is nothing to compare, or an empty text."""
    if samples.prompts < FEWEST_PROMPTS:
        return f"it takes at least {FEWEST_PROMPTS} prompts, here are {samples.prompts}"
    if float(np.square(deviation).mean()) < 1e-9:
        return "scores do not vary within prompts"
    if float(mean.var()) < 1e-9:
        return "every prompt has the same mean score"
    return ""


def _group_means(samples: Samples, values: FloatArray) -> FloatArray:
    """Mean of each row's comparison group: [rows]."""
    total = np.add.reduceat(values, samples.group_starts[:-1])
    return np.repeat(total / samples.group_sizes, samples.group_sizes)


def _bent(standard: FloatArray) -> list[FloatArray]:
    """The score, and how far it lies above each of its quartiles (those inside its range)."""
    inside = np.unique(np.quantile(standard, KNOTS))
    inside = inside[(inside > standard.min()) & (inside < standard.max())]
    return [standard, *(np.maximum(standard - knot, 0.0) for knot in inside)]


def _jackknifed(
    samples: Samples, design: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least squares on design [rows, k]: coefficients [k], their shift [prompts, k], residuals.

    The shift is what leaving out one prompt changes, from its normal equations.
    """
    starts, width = _prompt_starts(samples), design.shape[1]
    normal = np.empty((samples.prompts, width, width))
    for i in range(width):
        for j in range(i, width):
            normal[:, i, j] = np.add.reduceat(design[:, i] * design[:, j], starts)
            normal[:, j, i] = normal[:, i, j]
    moment = np.add.reduceat(design * target[:, None], starts, axis=0)
    ridge = RIDGE * len(target) * np.eye(width)
    whole = np.linalg.solve(normal.sum(axis=0) + ridge, moment.sum(axis=0))
    left = (moment.sum(axis=0) - moment)[:, :, None]
    without = np.linalg.solve(normal.sum(axis=0) - normal + ridge, left)[:, :, 0]
    return whole, without - whole, target - design @ whole


def _judged(
    slopes: FloatArray, covariance: FloatArray, critical: float, spread: float, prompt_sd: float
) -> ComparableScale:
    """Verdict from within slope and change, in gold per sd of score, and their covariance."""
    within, change = float(slopes[0]), float(slopes[1])
    share = TOLERATED * float(np.sign(within))

    def limits(of_within: float) -> tuple[float, float]:
        """Limits of change + of_within * within."""
        contrast = np.array([of_within, 1.0])
        half = critical * float(np.sqrt(contrast @ covariance @ contrast))
        centre = float(contrast @ slopes)
        return centre - half, centre + half

    lower, upper = limits(0.0)
    verdict = "undecided"
    if (lower > 0 or upper < 0) and abs(change) > TOLERATED * abs(within):
        verdict = "no"
    elif limits(share)[0] > 0 and limits(-share)[1] < 0:  # inside both ends of the tolerance
        verdict = "yes"
    return ComparableScale(
        verdict=verdict,
        sentence=_sentence(verdict, within, within + change, prompt_sd),
        within_slope=within / spread,
        between_slope=(within + change) / spread,
        difference=change / spread,
        lower=lower / spread,
        upper=upper / spread,
        prompt_sd=prompt_sd,
    )


def _prompt_sd(samples: Samples, residual: FloatArray) -> float:
    """Standard deviation between prompts of residuals, from products of different rows."""
    starts = _prompt_starts(samples)
    count = np.diff(np.append(starts, samples.rows)).astype(float)
    pairs = np.add.reduceat(residual, starts) ** 2 - np.add.reduceat(residual**2, starts)
    return float(np.sqrt(max(float(pairs.sum()), 0.0) / (count * (count - 1)).sum()))


def _prompt_starts(samples: Samples) -> npt.NDArray[np.int64]:
    """First row of every prompt: [prompts]."""
    return np.flatnonzero(np.diff(samples.prompt, prepend=-1))


def _sentence(verdict: str, within: float, between: float, prompt_sd: float) -> str:
    """What to do, with both slopes in gold per standard deviation of score."""
    slopes = (
        f"one standard deviation of score is worth {within:+.2g} of gold within a prompt and "
        f"{between:+.2g} between prompts"
    )
    rest = f"At the same score, gold still differs between prompts by {prompt_sd:.2g} (sd)."
    if verdict == "no":
        return (
            "The same score means different gold in different prompts, so compare scores only "
            f"within a prompt: {slopes}. {rest}"
        )
    if verdict == "yes":
        return (
            f"On average the same score means the same gold in different prompts: {slopes}. {rest}"
        )
    return f"The data do not tell whether scores compare across prompts: {slopes}. {rest}"
