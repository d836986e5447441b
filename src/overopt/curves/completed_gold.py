"""From a few gold labels to one number per row whose weighted sums are unbiased for gold.

Row i becomes  g_i + L_i / pi_i * (V_i - g_i):  the prediction g of a regression fitted on the other
folds of prompts, plus, on labelled rows, the residual weighted by one over the chance pi that the
row was labelled. Whatever the regression says, any weighted sum of these numbers is unbiased for
the same weighted sum of gold, because pi is known (augmented inverse-probability weighting; with
constant pi it is prediction-powered inference). With every row labelled it is gold itself.

Assumes that labels were drawn with the recorded probabilities, rows independently. Fails, and
nothing in the data can show it, when whoever labelled chose rows by looking at them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples
from overopt.stats.order import ranking

__all__ = ["LABEL_DESIGNS", "CompletedGold", "completed_gold", "label_design", "prompt_folds"]

FloatArray = npt.NDArray[np.floating[Any]]
FOLDS = 5
KNOTS = np.log([2.0, 5.0, 20.0])  # in s = -ln(1 - rank share): the top half, fifth, twentieth
RIDGE = 1.0  # pseudo-observations that pull each slope to zero
FEWEST_FOR_SLOPES = 20
MOST_LEVELS = 11  # of a rating scale, 0 to 10
LABEL_DESIGNS = ("all", "uniform", "recorded", "winners", "unknown", "none")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CompletedGold:
    """Per row: ``value`` [rows], and ``inverse`` [rows] = L / pi (None when all are labelled).

    ``design`` says how labels were drawn; ``bounds`` are the ends of the gold scale, or None. With
    design ``winners`` only sums that put all weight on the best of a group are unbiased.
    """

    value: FloatArray
    inverse: FloatArray | None
    design: str
    bounds: tuple[float, float] | None

    def take(self, rows: npt.NDArray[np.bool_]) -> CompletedGold:
        """The same for some rows; the scale stays that of all."""
        inverse = None if self.inverse is None else self.inverse[rows]
        return replace(self, value=self.value[rows], inverse=inverse)


def label_design(samples: Samples, declared: str | None = None) -> str:
    """How the labels of a table were drawn: what the user declared, else what the table shows."""
    if declared is not None and declared not in LABEL_DESIGNS:
        raise BadOption(f"labels drawn {declared!r}: choose one of {', '.join(LABEL_DESIGNS[:-1])}")
    labelled = samples.labelled
    if labelled == 0:
        return "none"
    if labelled == samples.rows:
        return "all"
    if declared == "all":
        missing = samples.rows - labelled
        raise BadOption(
            f"labels drawn 'all', but {missing} of {samples.rows} rows have no gold: "
            "declare uniform, winners or unknown, or give the label_prob column"
        )
    if declared in ("uniform", "winners", "unknown"):
        return declared
    return "recorded" if samples.label_prob is not None else "unknown"


def completed_gold(samples: Samples, proxy: str, design: str) -> CompletedGold:
    """Completed gold of every row; ``samples`` must be scored by ``proxy`` throughout."""
    if samples.gold is None or design == "none":
        raise BadSamples("no gold labels: name a gold column that has values")
    if samples.labelled == samples.rows:
        bounds = gold_bounds(samples.gold)
        return CompletedGold(value=samples.gold, inverse=None, design=design, bounds=bounds)
    gold = np.asarray(samples.gold, dtype=float)
    labelled = ~np.isnan(gold)
    bounds = gold_bounds(gold[labelled])
    if design == "winners":
        inverse = _winner_inverse(samples, proxy, labelled)
        value = np.where(inverse > 0, np.nan_to_num(gold) * inverse, 0.0)
        return CompletedGold(value=value, inverse=inverse, design=design, bounds=bounds)
    inverse = np.where(labelled, 1.0 / _label_probability(samples, labelled, design), 0.0)
    predicted = _cross_fitted(samples, proxy, gold, labelled)
    residual = np.where(labelled, gold - predicted, 0.0)
    value = predicted + inverse * residual
    return CompletedGold(value=value, inverse=inverse, design=design, bounds=bounds)


def gold_bounds(gold: FloatArray) -> tuple[float, float] | None:
    """Ends of the gold scale: 0 and 1 for values within [0, 1], the extremes for few whole values.

    None for anything else, where gold is taken as unbounded.
    """
    low, high = float(gold.min()), float(gold.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    few = len(np.unique(gold[:100])) <= MOST_LEVELS and len(np.unique(gold)) <= MOST_LEVELS
    whole = few and bool(np.all(gold == np.rint(gold)))
    return (low, high) if whole or (few and len(np.unique(gold)) == 2) else None


def prompt_folds(prompt_hash: npt.NDArray[np.uint64], folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """Fold of every prompt [prompts], by its hash: whatever the order of rows or shards."""
    return (prompt_hash % np.uint64(folds)).astype(np.int64)


def _label_probability(
    samples: Samples, labelled: npt.NDArray[np.bool_], design: str
) -> FloatArray:
    if design == "recorded" and samples.label_prob is not None:
        return np.where(labelled, samples.label_prob, 1.0)
    return np.full(samples.rows, labelled.mean())


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


def _cross_fitted(
    samples: Samples, proxy: str, gold: FloatArray, labelled: npt.NDArray[np.bool_]
) -> FloatArray:
    """Predicted gold [rows]: ridge, piecewise linear in rank, fitted off the row's own fold."""
    basis = _basis(_rank_share(samples, proxy), slopes=labelled.sum() >= FEWEST_FOR_SLOPES)
    fold = prompt_folds(samples.prompt_hash)[samples.prompt]
    width = basis.shape[1]
    normal = np.zeros((FOLDS, width, width))
    target = np.zeros((FOLDS, width))
    for k in range(FOLDS):
        rows = labelled & (fold == k)
        normal[k] = basis[rows].T @ basis[rows]
        target[k] = basis[rows].T @ gold[rows]
    penalty = RIDGE * np.diag(np.concatenate([[1e-9], np.ones(width - 1)]))
    predicted = np.zeros(samples.rows)
    for k in range(FOLDS):
        others = np.arange(FOLDS) != k
        fitted = np.linalg.solve(normal[others].sum(axis=0) + penalty, target[others].sum(axis=0))
        here = fold == k
        predicted[here] = basis[here] @ fitted
    return predicted


def _basis(share: FloatArray, slopes: bool) -> FloatArray:
    """Basis [rows, k] in s = -ln(1 - share), which is linear in the KL of selection."""
    s = -np.log1p(-share)
    columns = [np.ones_like(s)]
    if slopes:
        columns += [s - 1.0, *(np.maximum(s - knot, 0.0) for knot in KNOTS)]
    return np.stack(columns, axis=1)


def _rank_share(samples: Samples, proxy: str) -> FloatArray:
    """Mid-rank within the group divided by m + 1, in (0, 1): [rows]."""
    share = np.empty(samples.rows)
    scores = samples.proxies[proxy]
    for batch in samples.batches():
        start, stop = ranking(batch.gather(scores)).bounds()
        share[batch.rows] = (start + stop + 1) / (2.0 * (batch.size + 1))
    return share
