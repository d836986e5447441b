"""Does one feature, such as length, take over as pressure rises?

The feature enters by its rank within the group, in units of the sd of such ranks, so no outlier
rules it. It takes over when four things hold: the winners' mean feature lies proven 0.3 sd or more
from that of random candidates and still moves away over the last doubling of n; candidates with
more of it (or less, as it goes) have on the whole hardly more gold; and best-of-n by the score
with the feature's share removed is proven to give more gold; and at equal ranks by the score, more
of the feature is proven to mean less gold (see ``at_rank``). That share is the regression, within
groups, of the score (normal scores of its ranks) on the feature's rank, piecewise linear with bends
at the median and the top fifth.

A feature that drives the score and is worth it fails the second and the third. What the feature
stands for, the data cannot say: length may bring padding, or merely more claims to be wrong about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.ranks import group_ranks, group_sums
from overopt.auditing.mechanisms.association import pair_difference
from overopt.auditing.mechanisms.at_rank import gold_at_rank
from overopt.auditing.mechanisms.comparison import Changed, Comparison, comparison
from overopt.auditing.mechanisms.mechanism import (
    FEWEST_PROMPTS,
    NEGLIGIBLE,
    Inspection,
    Mechanism,
    rows_to_read,
)
from overopt.curves.fold import prompt_vectors
from overopt.findings import Severity
from overopt.numerals import estimate, number
from overopt.pressure import BestOfN
from overopt.samples import Samples
from overopt.stats.intervals import t_quantile
from overopt.stats.moments import Moments

__all__ = ["feature_takeover"]

FloatArray = npt.NDArray[np.floating[Any]]
LEAST_SHIFT = 0.3  # sd
BENDS = (0.5, 0.8)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Driver:
    """A feature, turned so that winners have more of it: ``values`` and ``position`` [rows].

    ``shift`` and ``shift_half`` are the winners' mean in sd at the most candidates and at half as
    many; ``explained`` the share of the score's variance within groups.
    """

    name: str
    more: bool
    values: FloatArray
    position: FloatArray
    size: int
    shift: float
    shift_half: float


def feature_takeover(case: Inspection) -> Mechanism | None:
    """``feature_takeover``: of the features proven, the one that costs most gold."""
    drivers = [found for name in case.features if (found := _driver(case, name)) is not None]
    proven = []
    for driver in drivers:
        own = pair_difference(case, _scored_by(case, driver.values))
        residual, explained = _without_share(case, driver.position)
        change = comparison(case, _changed(case, residual), claims=len(drivers))
        guilty = not gold_at_rank(case, driver.position, claims=len(drivers)).acquits
        if change and change.matters and guilty and own and own[0] <= NEGLIGIBLE * case.spread:
            proven.append((driver, change, own, explained))
    if not proven:
        return None
    return _named(case, *max(proven, key=lambda one: one[1].improvement))


def _driver(case: Inspection, name: str) -> _Driver | None:
    """The feature, if winners have proven more or less of it, the more the harder the pressure."""
    ranks = group_ranks(case.samples, case.features[name])
    centred = np.sqrt(12) * (ranks.position - 0.5)
    strengths = np.array([max(case.size // 2, 1), case.size], dtype=float)
    _, winners = prompt_vectors(
        case.samples, case.view.name, BestOfN(), strengths, smallest=case.size, gold=centred
    )
    if len(winners) < FEWEST_PROMPTS:
        return None
    sign = 1.0 if winners[:, 1].mean() > 0 else -1.0
    moments = Moments.of(sign * winners).map(np.array([[0.0, 1.0], [-1.0, 1.0]]))
    error = np.sqrt(np.maximum(np.diag(moments.covariance_of_mean()), 0))
    lower = moments.mean - t_quantile(case.claim, len(winners) - 1.0) * error
    if lower[0] < LEAST_SHIFT or lower[1] <= 0:
        return None
    return _Driver(
        name=name,
        more=sign > 0,
        values=sign * case.features[name],
        position=ranks.position if sign > 0 else 1 - ranks.position,
        size=case.size,
        shift=float(moments.mean[0]),
        shift_half=float(moments.mean[0] - moments.mean[1]),
    )


def _without_share(case: Inspection, position: FloatArray) -> tuple[FloatArray, float]:
    """Score [rows] less what the feature explains of it within groups, and the share explained."""
    from scipy.special import ndtri

    score = _centred(case.samples, ndtri(case.view.ranks.position))
    parts = [position, *(np.maximum(position - bend, 0) for bend in BENDS)]
    basis = np.stack([_centred(case.samples, part) for part in parts], axis=1)
    coefficients = np.linalg.lstsq(basis, score, rcond=None)[0]
    residual = score - basis @ coefficients
    return residual, 1 - float(residual @ residual) / float(score @ score)


def _centred(samples: Samples, values: FloatArray) -> FloatArray:
    """Values [rows] less the mean of their group."""
    means = group_sums(samples, values) / samples.group_sizes
    return values - np.repeat(means, samples.group_sizes)


def _scored_by(case: Inspection, values: FloatArray) -> Samples:
    """The same table, with ``values`` as its score."""
    return replace(case.samples, proxies={case.view.name: values})


def _changed(case: Inspection, scores: FloatArray) -> Changed:
    return Changed(
        samples=_scored_by(case, scores),
        completed=case.completed,
        prompts=np.arange(case.samples.prompts),
    )


def _named(
    case: Inspection,
    driver: _Driver,
    found: Comparison,
    own: tuple[float, float, float],
    explained: float,
) -> Mechanism:
    at = f"n = {number(float(found.strength[found.at]))}"
    with_it, without = (
        estimate(*map(float, gains[found.at])) for gains in (found.gain, found.gain_changed)
    )
    how = "higher" if driver.more else "lower"
    return Mechanism(
        id="feature_takeover",
        code="OV326",
        severity=Severity.CAUTION,
        message=(
            f"{driver.name} takes over: winners of n = {driver.size} are "
            f"{number(driver.shift, digits=2)} sd {how} in it than random candidates "
            f"(n = {max(driver.size // 2, 1)}: {number(driver.shift_half, digits=2)}), but between "
            f"two candidates being {how} is worth {estimate(*own)} gold. With its share taken out "
            f"of the score the gain at {at} is "
            f"{without} instead of {with_it}: adjust the score for {driver.name}"
        ),
        data={
            "feature": driver.name,
            "direction": how,
            "shift_sd": driver.shift,
            "shift_sd_half": driver.shift_half,
            "share_explained": explained,
            "pair_difference": own[0],
            "lower": own[1],
            "upper": own[2],
            "comparison": found.to_dict(),
            "level": case.claim,
            **rows_to_read(case.samples, case.view.ranks.top & (driver.position > 0.8)),
        },
    )
