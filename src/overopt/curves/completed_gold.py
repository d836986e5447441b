"""From a few gold labels to one number per row whose weighted sums are unbiased for gold.

Row i becomes  g_i + L_i / pi_i * (V_i - g_i):  the prediction g of a regression fitted on the other
folds of prompts, plus, on labelled rows, the residual weighted by one over the chance pi that the
row was labelled. Whatever the regression says, any weighted sum of these numbers is unbiased for
the same weighted sum of gold, because pi is known (augmented inverse-probability weighting; with
constant pi it is prediction-powered inference). With every row labelled it is gold itself.

Somebody's guess of gold, such as a judge's, enters the regression as one more column. Its weight is
fitted off the fold, so a guess that tells nothing gets none, and one that is wrong biases nothing
(Angelopoulos, Duchi and Zrnic 2023, prediction-powered inference with a tuned weight).

Assumes that labels were drawn with the recorded probabilities, rows independently, and that those
which were planned but did not come back are missing by chance alone: pi is then the recorded
chance times the share that came back. Fails, and nothing in the data can show it, when whoever
labelled chose rows by looking at them; ``missing_labels`` bounds the harm of labels not returned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples
from overopt.stats.order import ranking

__all__ = [
    "LABEL_DESIGNS",
    "CompletedGold",
    "GoldScale",
    "LabelTotals",
    "completed_gold",
    "label_design",
    "planned_labels",
    "prompt_folds",
]

FloatArray = npt.NDArray[np.floating[Any]]
FOLDS = 5
KNOTS = np.log([2.0, 5.0, 20.0])  # in s = -ln(1 - rank share): the top half, fifth, twentieth
RIDGE = 0.3  # pseudo-observations that pull each slope to zero: more flattens small n
MISSING, PREDICTION = 2 + len(KNOTS), 3 + len(KNOTS)  # columns of the basis
ROUNDED = 1e-12  # variance over squared mean below which a prediction does not vary
FEWEST_FOR_SLOPES = 20
MOST_LEVELS = 11  # of a rating scale, 0 to 10
LABEL_DESIGNS = ("all", "uniform", "recorded", "winners", "unknown", "none")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CompletedGold:
    """Per row: ``value`` [rows], and ``inverse`` [rows] = L / pi (None when all are labelled).

    ``design`` says how labels were drawn; ``scale`` what gold looks like where it was labelled.
    With design ``winners`` only sums that put all weight on the best of a group are unbiased.
    """

    value: FloatArray
    inverse: FloatArray | None
    design: str
    scale: GoldScale

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Ends of the gold scale, None where it has none."""
        return self.scale.bounds

    def take(self, rows: npt.NDArray[np.bool_]) -> CompletedGold:
        """The same for some rows; the scale stays that of all."""
        inverse = None if self.inverse is None else self.inverse[rows]
        return replace(self, value=self.value[rows], inverse=inverse)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LabelTotals:
    """What a first fold over prompts must learn before labels can be completed; mergeable.

    ``labelled`` of ``rows``, of which labels were ``planned`` for at least as many, whether label
    probabilities are ``recorded``, the gold ``scale``, and the normal equations of the gold
    regression for each fold of prompts: ``normal`` [folds, k, k], ``target`` [folds, k].
    """

    labelled: int
    planned: int
    rows: int
    recorded: bool
    scale: GoldScale
    normal: FloatArray
    target: FloatArray

    @classmethod
    def of(cls, samples: Samples, proxy: str) -> LabelTotals:
        """Totals of a table scored by ``proxy`` throughout."""
        gold = _gold(samples)
        rows = np.flatnonzero(~np.isnan(gold))
        basis = _basis(samples, proxy, rows)
        fold = _row_folds(samples)[rows]
        held = [fold == k for k in range(FOLDS)]
        return cls(
            labelled=len(rows),
            planned=int(np.count_nonzero(planned_labels(samples))),
            rows=samples.rows,
            recorded=samples.label_prob is not None,
            scale=GoldScale.of(gold[rows]),
            normal=np.stack([basis[part].T @ basis[part] for part in held]),
            target=np.stack([basis[part].T @ gold[rows][part] for part in held]),
        )

    def merge(self, other: LabelTotals) -> LabelTotals:
        """Totals of both tables; they must not share a prompt."""
        return LabelTotals(
            labelled=self.labelled + other.labelled,
            planned=self.planned + other.planned,
            rows=self.rows + other.rows,
            recorded=self.recorded and other.recorded,
            scale=self.scale.merge(other.scale),
            normal=self.normal + other.normal,
            target=self.target + other.target,
        )

    def design(self, declared: str | None = None) -> str:
        """How the labels were drawn: what the user declared, else what the tables show."""
        return _design(self.labelled, self.rows, self.recorded, declared)

    @property
    def response(self) -> float:
        """Share of the planned labels that came back; 1 where no plan is known."""
        return self.labelled / self.planned if self.planned else 1.0

    def coefficients(self) -> FloatArray:
        """Ridge coefficients [folds, k] fitted off each fold; without slopes for few labels."""
        used = self.normal.shape[1] if self.labelled >= FEWEST_FOR_SLOPES else 1
        penalty = RIDGE * np.diag(np.concatenate([[1e-9], np.ones(used - 1)]))
        found = np.zeros_like(self.target)
        for k in range(FOLDS):
            others = np.arange(FOLDS) != k
            normal = self.normal[others, :used, :used].sum(axis=0)
            scaling = _standardising(normal)
            target = scaling.T @ self.target[others, :used].sum(axis=0)
            fitted = np.linalg.solve(scaling.T @ normal @ scaling + penalty, target)
            found[k, :used] = scaling @ fitted
        return found


@final
@dataclass(frozen=True, kw_only=True)
class GoldScale:
    """Least and largest gold, its distinct values while they are few (else None), and its moments.

    ``total`` and ``square`` are sums of ``count`` labels and of their squares.
    """

    low: float
    high: float
    levels: frozenset[float] | None
    count: int
    total: float
    square: float

    @classmethod
    def of(cls, gold: FloatArray) -> GoldScale:
        """Scale of labelled gold; an empty one has infinite ends."""
        few = len(np.unique(gold[:100])) <= MOST_LEVELS  # cheap to rule out
        levels = frozenset(np.unique(gold).tolist()) if few else None
        low, high = gold.min(initial=np.inf), gold.max(initial=-np.inf)
        return cls(
            low=float(low),
            high=float(high),
            levels=_few(levels),
            count=len(gold),
            total=float(gold.sum(dtype=np.float64)),
            square=float(np.einsum("r,r->", gold, gold, dtype=np.float64)),
        )

    def merge(self, other: GoldScale) -> GoldScale:
        """Scale of both."""
        known = self.levels is not None and other.levels is not None
        levels = self.levels | other.levels if known else None  # type: ignore[operator]
        low, high = min(self.low, other.low), max(self.high, other.high)
        return GoldScale(
            low=low,
            high=high,
            levels=_few(levels),
            count=self.count + other.count,
            total=self.total + other.total,
            square=self.square + other.square,
        )

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Ends of the scale: 0 and 1 for values within [0, 1], the extremes for few whole values.

        None for anything else, where gold is taken as unbounded.
        """
        if self.low >= 0 and self.high <= 1:
            return 0.0, 1.0
        if self.levels is None:
            return None
        whole = all(value == round(value) for value in self.levels)
        return (self.low, self.high) if whole or len(self.levels) == 2 else None

    @property
    def extremeness(self) -> float:
        """Variance of gold over the largest one with its mean on its scale: 1 for two values.

        Gold spread between the ends tells more per label than right or wrong does. 1 where there
        is no scale or no spread.
        """
        if self.bounds is None or self.bounds[1] <= self.bounds[0] or self.count < 2:
            return 1.0
        low, high = self.bounds
        mean = self.total / self.count
        largest = (mean - low) * (high - mean)
        variance = self.square / self.count - mean**2
        return min(max(variance / largest, 0.01), 1.0) if largest > 0 and variance > 0 else 1.0


def label_design(samples: Samples, declared: str | None = None) -> str:
    """How the labels of a table were drawn: what the user declared, else what the table shows."""
    recorded = samples.label_prob is not None
    return _design(samples.labelled, samples.rows, recorded, declared)


def completed_gold(
    samples: Samples, proxy: str, design: str, totals: LabelTotals | None = None
) -> CompletedGold:
    """Completed gold of every row; ``samples`` must be scored by ``proxy`` throughout.

    ``totals`` are those of all blocks where the table is one block of a stream.
    """
    if samples.gold is None or design == "none":
        raise BadSamples("no gold labels: name a gold column that has values")
    if design == "all":
        scale = GoldScale.of(samples.gold)
        return CompletedGold(value=samples.gold, inverse=None, design=design, scale=scale)
    known = LabelTotals.of(samples, proxy) if totals is None else totals
    gold = _gold(samples)
    labelled = ~np.isnan(gold)
    if design == "winners":
        inverse = _winner_inverse(samples, proxy, labelled)
        value = np.where(inverse > 0, np.nan_to_num(gold) * inverse, 0.0)
    else:
        chance = _label_probability(samples, design, known)
        inverse = np.where(labelled, 1.0 / chance, 0.0)
        basis = _basis(samples, proxy, np.arange(samples.rows))
        predicted = np.einsum("rk,rk->r", basis, known.coefficients()[_row_folds(samples)])
        value = predicted + inverse * np.where(labelled, gold - predicted, 0.0)
    return CompletedGold(value=value, inverse=inverse, design=design, scale=known.scale)


def prompt_folds(prompt_hash: npt.NDArray[np.uint64], folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """Fold of every prompt [prompts], by its hash: whatever the order of rows or shards."""
    return (prompt_hash % np.uint64(folds)).astype(np.int64)


def _design(labelled: int, rows: int, recorded: bool, declared: str | None) -> str:
    if declared is not None and declared not in LABEL_DESIGNS:
        raise BadOption(f"labels drawn {declared!r}: choose one of {', '.join(LABEL_DESIGNS[:-1])}")
    if labelled == 0:
        return "none"
    if labelled == rows:
        return "all"
    if declared == "all":
        raise BadOption(
            f"labels drawn 'all', but {rows - labelled} of {rows} rows have no gold: "
            "declare uniform, winners or unknown, or give the label_prob column"
        )
    if declared in ("uniform", "winners", "unknown"):
        return declared
    return "recorded" if recorded else "unknown"


def planned_labels(samples: Samples) -> npt.NDArray[np.bool_]:
    """Rows [rows] for which a label was asked: those that have one, and those planned."""
    labelled = ~np.isnan(_gold(samples))
    return labelled if samples.label_planned is None else labelled | (samples.label_planned == 1)


def _gold(samples: Samples) -> FloatArray:
    """Gold [rows] as 64-bit floats, NaN throughout where there is no such column."""
    if samples.gold is None:
        return np.full(samples.rows, np.nan)
    return np.asarray(samples.gold, dtype=float)


def _few(levels: frozenset[float] | None) -> frozenset[float] | None:
    return levels if levels is not None and len(levels) <= MOST_LEVELS else None


def _row_folds(samples: Samples) -> npt.NDArray[np.int64]:
    return prompt_folds(samples.prompt_hash)[samples.prompt]


def _label_probability(samples: Samples, design: str, totals: LabelTotals) -> FloatArray:
    """Chance of a label [rows]: recorded (1 where it does not matter), else the share labelled."""
    if design == "recorded" and samples.label_prob is not None:
        return np.where(np.isnan(_gold(samples)), 1.0, samples.label_prob * totals.response)
    return np.full(samples.rows, totals.labelled / totals.rows)


def _winner_inverse(samples: Samples, proxy: str, labelled: npt.NDArray[np.bool_]) -> FloatArray:
    """L / pi when one winner of each group was labelled: the size of its tie at the top, else 0."""
    inverse = np.zeros(samples.rows)
    scores = samples.proxies[proxy]
    for batch in samples.batches():
        values, known = batch.gather(scores), batch.gather(labelled)
        top = values == values.max(axis=1, keepdims=True)
        found = (top & known).sum(axis=1, keepdims=True)
        inverse[batch.rows] = top & known
        inverse[batch.rows] *= top.sum(axis=1, keepdims=True) / np.maximum(found, 1)
    return inverse


def _basis(samples: Samples, proxy: str, rows: npt.NDArray[np.intp]) -> FloatArray:
    """Basis [rows, k], 1 first, piecewise linear in s = -ln(1 - rank share), the KL of selection.

    A prediction of gold adds two columns: where it is missing, and itself (0 there).
    """
    s = -np.log1p(-_rank_share(samples, proxy)[rows])
    columns = [np.ones_like(s), s - 1.0, *(np.maximum(s - knot, 0.0) for knot in KNOTS)]
    if samples.prediction is not None:
        guess = samples.prediction[rows].astype(float)
        known = np.isfinite(guess)
        columns += [~known, np.where(known, guess, 0.0)]
    return np.stack(columns, axis=1)


def _standardising(normal: FloatArray) -> FloatArray:
    """Matrix [k, k] that turns the basis into one whose prediction has mean 0 and variance 1.

    Its moments are those of the labelled rows with a prediction, read off their normal equations;
    a missing prediction becomes the mean. So the penalty knows no units. A prediction that does
    not vary is left out.
    """
    scaling = np.eye(len(normal))
    if len(normal) > PREDICTION:
        count = normal[0, 0] - normal[MISSING, MISSING]
        mean = normal[0, PREDICTION] / max(count, 1.0)
        variance = normal[PREDICTION, PREDICTION] / max(count, 1.0) - mean**2
        varies = variance > ROUNDED * mean**2
        spread = np.sqrt(variance) if varies else np.inf
        scaling[[0, MISSING, PREDICTION], PREDICTION] = np.array([-mean, mean, 1.0]) / spread
    return scaling


def _rank_share(samples: Samples, proxy: str) -> FloatArray:
    """Mid-rank within the group divided by m + 1, in (0, 1): [rows]."""
    share = np.empty(samples.rows)
    scores = samples.proxies[proxy]
    for batch in samples.batches():
        start, stop = ranking(batch.gather(scores)).bounds()
        share[batch.rows] = (start + stop + 1) / (2.0 * (batch.size + 1))
    return share
