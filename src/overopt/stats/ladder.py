"""Is a tail heavier or lighter than exponential, and down to which depth do the data say so?

Rungs are the top k values for k = a tenth of the rows (at most 100,000), half of that, and so on
down to 50. On each, a generalised Pareto law is fitted to the exceedances over the next value, and
z is the signed root of twice its gain in log-likelihood over the exponential law: positive where
the mean excess rises (heavier), negative where it falls (lighter). Critical values hold for all
rungs at once (``ladder_null``), so no threshold need be chosen.

Draws that share a cluster are not independent. Per rung, z is divided by the root of the variance
inflation of xi: the sandwich variance with scores summed by cluster over the one with each score by
itself, never below 1 and exactly 1 where no cluster has two exceedances. A rung needs exceedances
from 25 clusters. The interval of xi is the profile likelihood's, with the same inflation and the
critical values of one rung; it covers a little too much at xi above 0 and small k.

The shape at a rung is that of the best-fitting law at this depth, not a statement about rarer
values. Source of the design: Northrop and Coleman (2014) for tests over several thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.stats.generalised_pareto import (
    ParetoFit,
    cluster_inflation,
    pareto_fit,
    profile_interval,
)
from overopt.stats.goodness_of_fit import fit_p
from overopt.stats.ladder_null import critical_values, joint_score, root_quantile

__all__ = [
    "FEWEST_EXCEEDANCES",
    "LARGEST_RUNG",
    "LEANING_LEVEL",
    "SHALLOWEST",
    "Rung",
    "ladder",
    "ladder_counts",
    "outlier_p",
]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

SHALLOWEST = 10  # the first rung is one row in so many
LARGEST_RUNG = 100_000
FEWEST_EXCEEDANCES = 50
FEWEST_CLUSTERS = 25
LEANING_LEVEL = 0.80  # a rung leans when it would be significant at this joint level


@final
@dataclass(frozen=True, kw_only=True)
class Rung:
    """The tail above one threshold.

    ``exceedances`` are ``share`` of all rows and come from ``prompts`` clusters; ``threshold`` has
    the unit of the values, ``scale`` too. ``z`` is adjusted for clusters; below ``critical_low``
    the tail is lighter than exponential, above ``critical_high`` heavier, jointly over all rungs.
    ``lean`` is -1 or 1 where z would be so at the joint level of 80 %, else 0. ``fit_p`` is the
    p-value of the generalised Pareto law (NaN where it has none), ``xi`` its shape with limits.
    """

    exceedances: int
    share: float
    threshold: float
    scale: float
    xi: float
    xi_lower: float
    xi_upper: float
    z: float
    critical_low: float
    critical_high: float
    lean: int
    fit_p: float
    prompts: int

    @property
    def side(self) -> int:
        """-1 where significantly lighter than exponential, 1 where heavier, else 0."""
        return int(self.z > self.critical_high) - int(self.z < self.critical_low)


def ladder_counts(rows: int) -> IntArray:
    """Exceedances of every rung for a table of ``rows``, largest first; empty below 500 rows."""
    largest = min(rows // SHALLOWEST, LARGEST_RUNG)
    counts = largest >> np.arange(max(largest, 1).bit_length())
    return counts[counts >= FEWEST_EXCEEDANCES]


def ladder(top: FloatArray, clusters: IntArray, rows: int, level: float = 0.95) -> tuple[Rung, ...]:
    """Rungs from the first to the deepest that has enough clusters.

    ``top`` are the largest values of ``rows``, descending, one more than the first rung takes (or
    more); ``clusters`` [top] are codes. Values must differ: spread ties first.
    """
    counts = ladder_counts(rows)
    first = np.sort(np.unique(clusters[: counts.max(initial=0)], return_index=True)[1])
    prompts = np.searchsorted(first, counts)  # clusters whose first row is within the rung
    usable = prompts >= FEWEST_CLUSTERS
    counts, prompts = counts[usable], prompts[usable]
    if not len(counts):
        return ()
    critical = np.stack(critical_values(counts, level))
    leaning = np.stack(critical_values(counts, LEANING_LEVEL))
    score = joint_score(1, (1 - level) / 2)
    single = np.stack([root_quantile(counts, score), root_quantile(counts, -score)])
    return tuple(
        _rung(top, clusters, rows, int(count), int(prompts[i]), critical[:, i], leaning[:, i], one)
        for i, (count, one) in enumerate(zip(counts, single.T, strict=True))
    )


def _rung(
    top: FloatArray,
    clusters: IntArray,
    rows: int,
    count: int,
    prompts: int,
    critical: FloatArray,
    leaning: FloatArray,
    single: FloatArray,
) -> Rung:
    threshold = float(top[count])
    exceedances = top[:count][::-1] - threshold
    fit = pareto_fit(exceedances)
    inflation = 1.0
    if prompts < count:
        inflation = _inflation(exceedances, fit, clusters[:count][::-1])
    z = fit.z / inflation**0.5
    low, high = profile_interval(
        exceedances, fit, inflation=inflation, critical=(float(single[0]), float(single[1]))
    )
    return Rung(
        exceedances=count,
        share=count / rows,
        threshold=threshold,
        scale=fit.scale,
        xi=fit.xi,
        xi_lower=low,
        xi_upper=high,
        z=z,
        critical_low=float(critical[0]),
        critical_high=float(critical[1]),
        lean=int(z > leaning[1]) - int(z < leaning[0]),
        fit_p=fit_p(exceedances, fit),
        prompts=prompts,
    )


def _inflation(exceedances: FloatArray, fit: ParetoFit, clusters: IntArray) -> float:
    """Sandwich variance of xi by cluster over the one by exceedance, at least 1."""
    clustered = cluster_inflation(exceedances, fit, clusters)
    alone = cluster_inflation(exceedances, fit, np.arange(len(exceedances)))
    ratio = clustered / alone if alone > 0 else 1.0
    return max(ratio, 1.0) if np.isfinite(ratio) else 1.0


def outlier_p(top: FloatArray, count: int) -> float:
    """Chance that the largest of ``count`` exceedances is as large as seen, by the law of the rest.

    ``top`` is descending with at least ``count`` + 1 values. Small: the largest value stands apart
    from the tail below it. An indication, no test: the law of the rest ends too early, so of honest
    exponential tails 4 in 10 have a value below .05 at 50 exceedances, 1 in 10 at 1000.
    """
    exceedances = top[:count][::-1] - top[count]
    fit = pareto_fit(exceedances[:-1])
    if not fit.scale > 0:
        return float("nan")
    reach = 1 + fit.theta * float(exceedances[-1])
    beyond = reach ** (-1 / fit.xi) if reach > 0 else 0.0
    return float(-np.expm1(count * np.log1p(-min(beyond, 1.0)))) if beyond < 1 else 1.0
