"""What a run is held against: gold at a score before the push, by a validity card or first labels.

Every bound here is a lower one: what the monitor takes as known must not be more than was shown.
``error`` is the chance that a detector which uses these bounds is misled by any of them; a detector
that learns its own reference spends a tenth of its false alarm on it, so that with three of them
seven tenths are left for the evidence of a run. Scores of
few values are taken value by value, others in bins of equal counts; a score that lies in no bin
(beyond the reference, or in the gap between two bins) has no known meaning and is never tested.

The promise is what a rise of the score stood for: the slope of gold on the score in spreads
(median and quartiles, so that a heavy tail does not set the scale). A detector demands half of it.
The margin of a row is its gold minus the gold that half the promise asks for at its score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.stats.betting_bound import lower_mean
from overopt.watch.draw import LabelledDraw

__all__ = [
    "EVIDENCE_PART",
    "LARGEST_RISE",
    "LEAST_RISE",
    "REFERENCE_PART",
    "Learning",
    "Reference",
    "ReferenceLabel",
    "card_reference",
    "first_labels_reference",
    "learned",
]

FloatVector = npt.NDArray[np.floating[Any]]
FEW_VALUES = 12
LABELS_PER_BIN, MOST_BINS = 75, 8
LEAST_RISE, LARGEST_RISE = -3.0, 20.0  # spreads at which a score is clipped
SLOPE_WITHIN = 2.0  # spreads within which a continuous score's promise is measured
LARGEST_SCORE = 1e150
DEMANDED = 0.5  # part of the promise
REFERENCE_PART = 0.1  # of the false alarm, for each of three questions that need a reference
EVIDENCE_PART = 1 - 3 * REFERENCE_PART


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """Bounds on gold, in units of gold scaled to [0, 1]; ``first`` and ``last`` [bins] in score.

    ``lower`` [bins] bounds mean gold in each bin, all at once with chance 1 - ``error``; ``gold``
    are the estimates. ``mean`` is gold overall, ``mean_lower`` its bound and ``margin_lower`` that
    of the mean margin, both at once with chance 1 - ``error``. ``centre`` and ``spread`` scale the
    score, ``rise`` is its mean in them, ``demand`` gold demanded for a rise of one spread.
    ``labels`` is how many labels say so (0: a card), ``source`` who says so.
    """

    source: str
    labels: int
    error: float
    first: tuple[float, ...]
    last: tuple[float, ...]
    gold: tuple[float, ...]
    lower: tuple[float, ...]
    mean: float
    mean_lower: float
    margin_lower: float
    centre: float
    spread: float
    rise: float
    demand: float

    def bin_of(self, score: float) -> int | None:
        """Bin in which a score lies; None where the reference knows nothing of it."""
        score = _measurable(score)
        for i, last in enumerate(self.last):
            if score <= last:
                return i if score >= self.first[i] else None
        return None

    def rise_of(self, score: float) -> float:
        """Spreads by which a score lies above the reference's centre, clipped."""
        if self.spread == 0:
            return 0.0
        score = _measurable(score)
        return min(max((score - self.centre) / self.spread, LEAST_RISE), LARGEST_RISE)


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceLabel:
    """One label; ``stake`` is its weight over the bound on the weights, times its draw's share.

    ``closes``: it is the last of those that are averaged into one value.
    """

    proxy: float
    gold: float
    weight: float
    stake: float
    closes: bool


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Learning:
    """A reference, or the labels from which it will be learnt once there are enough."""

    labels: tuple[ReferenceLabel, ...] = ()
    reference: Reference | None = None


def learned(state: Learning, label: LabelledDraw, needed: int, error: float) -> Learning:
    """State after one more of the ``needed`` first labels.

    A refused label counts as gold 0: the reference may only be too low.
    """
    draw = label.draw
    fresh = ReferenceLabel(
        proxy=_measurable(draw.proxy),
        gold=0.0 if label.gold is None else label.gold,
        weight=draw.weight,
        stake=min(draw.weight * draw.share / draw.largest_weight, 1.0),
        closes=draw.closes,
    )
    labels = (*state.labels, fresh)
    if len(labels) < needed:
        return Learning(labels=labels)
    return Learning(reference=first_labels_reference(labels, error))


def first_labels_reference(labels: Sequence[ReferenceLabel], error: float) -> Reference:
    """Reference of a run's own first labels.

    Assumes that gold at a score stood still while they came; a push that began with the run is
    measured from where they leave off.
    """
    if len(labels) < 2:
        raise BadSamples(f"{len(labels)} labels are no reference: give 2 or more")
    proxy = np.array([each.proxy for each in labels])
    gold = np.array([each.gold for each in labels])
    weight = np.array([each.weight for each in labels])
    stake = np.array([each.stake for each in labels])
    rounds = np.cumsum([False, *(each.closes for each in labels[:-1])])
    bin_of, few = _bins(proxy)
    inside = [bin_of == i for i in range(int(bin_of.max()) + 1)]
    centre, spread = _scale(proxy, weight, few)
    rise = _rises(proxy, centre, spread)
    demand = _demand(rise, gold, weight, few)
    least, most = -demand * LARGEST_RISE, 1 - demand * LEAST_RISE
    margin = (gold - demand * rise - least) / (most - least)  # scaled to [0, 1]
    return Reference(
        source=f"first {len(labels)} labels of the run",
        labels=len(labels),
        error=error,
        first=tuple(float(proxy[rows].min()) for rows in inside),
        last=tuple(float(proxy[rows].max()) for rows in inside),
        gold=tuple(float(np.average(gold[rows], weights=weight[rows])) for rows in inside),
        lower=tuple(
            lower_mean(gold[rows], error / len(inside), stake[rows], rounds[rows])
            for rows in inside
        ),
        mean=float(np.average(gold, weights=weight)),
        mean_lower=lower_mean(gold, error / 2, stake, rounds),
        margin_lower=least + (most - least) * lower_mean(margin, error / 2, stake, rounds),
        centre=centre,
        spread=spread,
        rise=float(np.average(rise, weights=weight)),
        demand=demand,
    )


def card_reference(card: Mapping[str, Any], limits: tuple[float, float], error: float) -> Reference:
    """Reference of an audit's validity card (``overopt.card/1``), gold scaled by ``limits``.

    The card's limits hold bin by bin at the card's level. Each bin is given as many independent 0/1
    labels as would have had that limit, and these an exact binomial bound at the error needed.
    Raises BadOption for a card without gold by score.
    """
    bins = [row for row in card["gold_by_score"] if row["lower"] is not None]
    if not bins or card.get("schema") != "overopt.card/1":
        raise BadOption(
            f"the card of {card.get('proxy')!r} (schema {card.get('schema')!r}) has no gold by "
            "score with limits: audit a table with labels, or leave the card out"
        )
    low, high = limits
    score, gold, lower = (
        np.array([row[name] for row in bins], dtype=float) for name in ("score", "gold", "lower")
    )
    gold, lower = (np.clip((each - low) / (high - low), 0, 1) for each in (gold, lower))
    labels = _equivalent_labels(gold, lower, float(card["level"]))
    rows = np.array([row["rows"] for row in bins], dtype=float)
    mean, every = float(np.average(gold, weights=rows)), float(labels.sum())
    few = all(row["from"] == row["to"] for row in bins)
    centre, spread = _card_scale(card, score, rows, few)
    rise = _rises(score, centre, spread)
    demand = _demand(rise, gold, rows, few)
    mean_rise = float(np.average(rise, weights=rows))
    mean_lower = float(_binomial_lower(np.array([mean]), np.array([every]), error / 2)[0])
    # The scores of a card are a whole table's: their mean is taken as known.
    return Reference(
        source=f"validity card of {card['proxy']} ({card['gold_source']})",
        labels=0,
        error=error,
        first=tuple(float(row["from"]) for row in bins),
        last=tuple(float(row["to"]) for row in bins),
        gold=tuple(gold.tolist()),
        lower=tuple(_binomial_lower(gold, labels, error / len(bins)).tolist()),
        mean=mean,
        mean_lower=mean_lower,
        margin_lower=mean_lower - demand * mean_rise,
        centre=centre,
        spread=spread,
        rise=mean_rise,
        demand=demand,
    )


def _bins(proxy: FloatVector) -> tuple[npt.NDArray[np.intp], bool]:
    """Bin of every label [labels], numbered upwards, and whether each bin is one value."""
    values, value_of = np.unique(proxy, return_inverse=True)
    if len(values) <= FEW_VALUES:
        return value_of, True
    bins = min(max(2, len(proxy) // LABELS_PER_BIN), MOST_BINS)
    edges = np.unique(np.quantile(proxy, np.arange(1, bins) / bins))
    return np.unique(np.searchsorted(edges, proxy, side="left"), return_inverse=True)[1], False


def _scale(proxy: FloatVector, weight: FloatVector, few: bool) -> tuple[float, float]:
    """Centre and spread of the score: quartiles of many values, moments of few."""
    if few:
        return _moments(proxy, weight)
    order = np.argsort(proxy)
    place = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    low, middle, high = np.interp([0.25, 0.5, 0.75], place, proxy[order])
    return (float(middle), float(high - low) / 1.349) if high > low else _moments(proxy, weight)


def _card_scale(
    card: Mapping[str, Any], score: FloatVector, rows: FloatVector, few: bool
) -> tuple[float, float]:
    place = {row["quantile"]: row["score"] for row in card["quantiles"]}
    if few or place[0.75] <= place[0.25]:
        return _moments(score, rows)
    return float(place[0.5]), float(place[0.75] - place[0.25]) / 1.349


def _moments(score: FloatVector, weight: FloatVector) -> tuple[float, float]:
    centre = float(np.average(score, weights=weight))
    return centre, float(np.sqrt(np.average(np.square(score - centre), weights=weight)))


def _rises(score: FloatVector, centre: float, spread: float) -> FloatVector:
    if spread == 0:
        return np.zeros(len(score))
    with np.errstate(over="ignore"):  # a spread next to nothing: clipped all the same
        return np.asarray(np.clip((score - centre) / spread, LEAST_RISE, LARGEST_RISE))


def _measurable(score: float) -> float:
    """The score, cut to where its square is still a number."""
    return min(max(score, -LARGEST_SCORE), LARGEST_SCORE)


def _demand(rise: FloatVector, gold: FloatVector, weight: FloatVector, few: bool) -> float:
    """Gold demanded for each spread of the score: half the slope, nothing of a falling one."""
    within = rise if few else np.clip(rise, -SLOPE_WITHIN, SLOPE_WITHIN)
    centred = within - np.average(within, weights=weight)
    variance = float(np.average(np.square(centred), weights=weight))
    slope = float(np.average(centred * gold, weights=weight)) / variance if variance > 0 else 0.0
    return DEMANDED * max(slope, 0.0)


def _equivalent_labels(gold: FloatVector, lower: FloatVector, level: float) -> FloatVector:
    """How many 0/1 labels have that Wilson lower limit: (gold - lower)^2 n = z^2 lower (1 - lower).

    No label where the limit is no limit.
    """
    from scipy.special import ndtri

    square = float(ndtri((1 + level) / 2)) ** 2
    distance = np.maximum(gold - lower, 1e-9)
    return np.asarray(square * lower * (1 - lower) / np.square(distance))


def _binomial_lower(share: FloatVector, labels: FloatVector, error: float) -> FloatVector:
    """Clopper and Pearson's lower bound of a share, for any number of labels: [bins]."""
    from scipy.special import betaincinv

    passed, failed = share * labels, (1 - share) * labels
    bound = betaincinv(np.maximum(passed, 1e-9), failed + 1, error)
    return np.asarray(np.where(passed > 0, bound, 0.0))
