"""Mean gold of candidates in bins (of rank, of score, of pass rate), with intervals over prompts.

Each bin's estimate is a ratio, weighted gold over weight; its error is the jackknife over prompts,
which is the clustered sandwich of a ratio with its small-sample correction. Student t with one
degree less than the effective number of labelled prompts. On a bounded scale the spread seen can
vanish by luck: where few prompts show gold off its nearer end, the union with a Wilson interval on
the effective number of prompts, for then nothing in the data says that their rows are independent.

Intervals hold for each bin, not for all at once. Assumes independent prompts, and labels drawn as
``completed_gold`` assumes. A bin without a label has no estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import CompletedGold
from overopt.samples import Samples
from overopt.stats.intervals import t_quantile, wilson_interval
from overopt.stats.order import ranking

__all__ = [
    "BinSums",
    "MeanGold",
    "interpolated_gold",
    "mean_gold",
    "or_none",
    "rank_sums",
    "row_sums",
]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
# With twenty prompts off the nearer end, or most of them, the spread seen can be believed: the t
# interval of a share then covers at least .87 at a nominal .90.
FEWEST_SHOWING = 20


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class BinSums:
    """Sums over the rows of each prompt in each bin, every field [prompts, bins].

    ``value`` of weight times completed gold, ``weight``, ``mass`` of weight / label probability on
    labelled rows, ``rows`` and ``labelled`` counts, ``off_low`` and ``off_high`` labelled rows off
    that end of the gold scale (zeros without one).
    """

    value: FloatArray
    weight: FloatArray
    mass: FloatArray
    rows: FloatArray
    labelled: FloatArray
    off_low: FloatArray
    off_high: FloatArray


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MeanGold:
    """Mean gold of every bin with pointwise limits, all [bins]; NaN where undefined.

    ``rows`` and ``labelled`` count rows (a tied row counts in part in each rank that it may have),
    ``prompts`` those with a row in the bin.
    """

    gold: FloatArray
    lower: FloatArray
    upper: FloatArray
    rows: FloatArray
    labelled: FloatArray
    prompts: IntArray


def mean_gold(sums: BinSums, bounds: tuple[float, float] | None, level: float) -> MeanGold:
    """Estimates and limits from the sums; ``bounds`` are the ends of the gold scale, or None."""
    mass = sums.mass.sum(axis=0)
    known = mass > 0
    gold: FloatArray = _ratio(sums.value.sum(axis=0), sums.weight.sum(axis=0))
    gold = np.where(known, gold, np.nan)
    if bounds is not None:
        gold = np.clip(gold, *bounds)
    clusters = _ratio(mass**2, (sums.mass**2).sum(axis=0))
    half = t_quantile(level, clusters - 1 + 1e-9) * _jackknife_error(sums, gold)
    lower, upper = gold - half, gold + half
    if bounds is not None and bounds[1] > bounds[0]:
        wide = _widened(gold, lower, upper, clusters, bounds, level)
        doubtful = _spread_is_doubtful(sums, gold, bounds)
        lower = np.where(doubtful, wide[0], np.clip(lower, *bounds))
        upper = np.where(doubtful, wide[1], np.clip(upper, *bounds))
    return MeanGold(
        gold=gold,
        lower=lower,
        upper=upper,
        rows=sums.rows.sum(axis=0),
        labelled=sums.labelled.sum(axis=0),
        prompts=np.count_nonzero(sums.weight > 0, axis=0),
    )


def row_sums(samples: Samples, completed: CompletedGold, bin_of: IntArray, bins: int) -> BinSums:
    """Sums where every row lies in the bin ``bin_of`` [rows], from 0; negative means in none."""
    inside = bin_of >= 0
    cell = samples.prompt[inside].astype(np.int64) * bins + bin_of[inside]
    shape = (samples.prompts, bins)

    def total(values: FloatArray) -> FloatArray:
        summed = np.bincount(cell, weights=values[inside], minlength=shape[0] * bins)
        return summed.reshape(shape).astype(float)  # counts whole numbers where there are no rows

    columns = _columns(samples, completed)
    one = total(np.ones(samples.rows))
    return BinSums(
        value=total(completed.value),
        weight=one,
        rows=one,
        mass=total(columns["inverse"]),
        labelled=total(columns["labelled"]),
        off_low=total(columns["off_low"]),
        off_high=total(columns["off_high"]),
    )


def rank_sums(samples: Samples, proxy: str, completed: CompletedGold, bins: int) -> BinSums:
    """Sums where bin b holds the ranks between shares b / bins and (b + 1) / bins of the group.

    Every prompt has weight 1 in every bin, shared between its groups; a candidate without rivals
    has no rank. A rank that a bin's edge cuts counts in both in part; tied candidates share their
    ranks, as under random tie-breaking.
    """
    columns = {"value": completed.value, **_columns(samples, completed)}
    total = {name: np.zeros((samples.prompts, bins)) for name in (*columns, "weight", "rows")}
    groups = _rival_groups(samples)
    for batch in samples.batches(2):
        part = _parts_of_ranks(batch.size, bins)
        ranked = ranking(batch.gather(samples.proxies[proxy]))
        weight = 1.0 / groups[batch.prompt][:, None]
        for name, column in columns.items():
            counted = name not in ("value", "inverse")
            scale = batch.size / bins if counted else weight
            cells = ranked.sorted_values(batch.gather(column)) @ part * scale
            np.add.at(total[name], batch.prompt, cells)
        np.add.at(total["weight"], batch.prompt, weight)
        np.add.at(total["rows"], batch.prompt, batch.size / bins)
    mass = total.pop("inverse")
    return BinSums(mass=mass, **total)


def interpolated_gold(
    value: float,
    ends: tuple[float, float],
    centre: FloatArray,
    gold: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> tuple[float, float, float]:
    """Gold and its limits at ``value``, linear between bin centres that have gold.

    NaN outside ``ends``, the lowest and highest value in any bin; level beyond the outer centres.
    """
    known = ~np.isnan(gold)
    if not (ends[0] <= value <= ends[1] and known.any()):
        return float("nan"), float("nan"), float("nan")
    at = [float(np.interp(value, centre[known], of[known])) for of in (gold, lower, upper)]
    return at[0], at[1], at[2]


def or_none(value: float) -> float | None:
    """A plain float for JSON; None where it is NaN or infinite."""
    return float(value) if np.isfinite(value) else None


def _columns(samples: Samples, completed: CompletedGold) -> dict[str, FloatArray]:
    """What is summed besides completed gold, each [rows]."""
    ones = np.ones(samples.rows)
    inverse = ones if completed.inverse is None else completed.inverse
    labelled = (inverse > 0).astype(float)
    off_low = off_high = np.zeros(samples.rows)
    if completed.bounds is not None and samples.gold is not None:
        low, high = completed.bounds
        off_low = (samples.gold > low).astype(float)  # a missing gold is off neither end
        off_high = (samples.gold < high).astype(float)
    return {"inverse": inverse, "labelled": labelled, "off_low": off_low, "off_high": off_high}


def _rival_groups(samples: Samples) -> FloatArray:
    """Number of groups of two or more of every prompt: [prompts]."""
    first = samples.group_starts[:-1][samples.group_sizes > 1]
    return np.bincount(samples.prompt[first], minlength=samples.prompts).astype(float)


def _parts_of_ranks(size: int, bins: int) -> FloatArray:
    """Weight of each ascending rank in the mean of each bin: [size, bins], columns sum to 1."""
    rank, edge = np.arange(size)[:, None] / size, np.arange(bins)[None, :] / bins
    overlap = np.minimum(rank + 1 / size, edge + 1 / bins) - np.maximum(rank, edge)
    overlap = np.where(overlap > 1e-12, overlap, 0.0)
    return np.asarray(overlap / overlap.sum(axis=0))


def _jackknife_error(sums: BinSums, gold: FloatArray) -> FloatArray:
    """Standard error [bins] of the ratio when prompts are left out one at a time."""
    residual = sums.value - gold * sums.weight
    left = sums.weight.sum(axis=0) - sums.weight
    shift = np.where(sums.weight > 0, _ratio(residual, left), 0.0)
    count = np.count_nonzero(sums.weight > 0, axis=0)
    scale = _ratio(count - 1.0, count.astype(float))
    return np.asarray(np.sqrt(scale * (shift**2).sum(axis=0)))


def _spread_is_doubtful(
    sums: BinSums, gold: FloatArray, bounds: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Bins where few prompts have a labelled row off the end that gold is nearer to."""
    low, high = bounds
    off = np.where(gold < (low + high) / 2, sums.off_low > 0, sums.off_high > 0)
    showing = np.count_nonzero(off, axis=0)
    few = (showing < FEWEST_SHOWING) & (2 * showing <= np.count_nonzero(sums.mass > 0, axis=0))
    return np.asarray(few)


def _widened(
    gold: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    size: FloatArray,
    bounds: tuple[float, float],
    level: float,
) -> tuple[FloatArray, FloatArray]:
    """Union with the Wilson interval, within the scale; NaN stays NaN."""
    low, high = bounds
    wilson = wilson_interval((gold - low) / (high - low), size, level)
    return (
        np.clip(np.minimum(lower, low + (high - low) * wilson[0]), low, high),
        np.clip(np.maximum(upper, low + (high - low) * wilson[1]), low, high),
    )


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Quotient, NaN where the divisor is not positive."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
