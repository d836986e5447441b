"""Checks of the gold labels: how they were drawn, how many, how varied."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import finding, per_cent
from overopt.auditing.data_checks.ranks import group_ranks, group_sums, prompt_sample
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples

__all__ = [
    "disagreeing_annotators",
    "dominating_prompt",
    "few_labels",
    "label_design",
    "uniform_gold",
]

BoolVector = npt.NDArray[np.bool_]
FloatVector = npt.NDArray[np.floating[Any]]

SAMPLE_ROWS = 200_000
# |z| of a self-normalised sum over prompts; two tests per proxy stay below 1e-3 up to 70 proxies.
SURELY_NOT_UNIFORM, FEWEST_PROMPTS = 4.5, 20
# Recorded probabilities must predict the number of rows to within 5 % and five standard errors.
WRONG_BY, WRONG_ERRORS = 0.05, 5.0
FEW_LABELS, FEW_PROMPTS = 50, 30
FEW_DIFFER = 10
DOMINATES = 0.5
LITTLE_AGREEMENT = 0.4  # Krippendorff's alpha
DESIGN_EFFECT = 2.2  # of labels placed well, over uniform labels for mean gold


def label_design(samples: Samples, labels_drawn: str) -> Finding | None:
    """OV110: some rows lack a label, and how the others were drawn is unknown or contradicted."""
    labelled = _labelled(samples)
    if labelled.all() or not labelled.any():
        return None
    if samples.label_prob is not None:
        return _recorded_design(samples, labelled)
    where = f"{np.count_nonzero(labelled):,} of {samples.rows:,} rows are labelled"
    if labels_drawn == "winners":
        said = "only winners, as declared: they cannot show what less pressure would have given"
        return _design(samples, labelled, Severity.CAUTION, f"{where}, {said}")
    skewed = _far_from_uniform(samples, labelled)
    if skewed is not None:
        said = (
            f"{where}, and not evenly: by {skewed} their ranks within groups differ from those of "
            "uniform draws" + (", although declared uniform" if labels_drawn == "uniform" else "")
        )
        return _design(samples, labelled, Severity.STOP, said, proxy=skewed)
    if labels_drawn == "uniform":
        return None
    said = (
        "but were declared to be all"
        if labels_drawn == "all"
        else "by a design that is not recorded, though their ranks look like uniform draws"
    )
    return _design(samples, labelled, Severity.CAUTION, f"{where}, {said}")


def _design(
    samples: Samples, labelled: BoolVector, severity: Severity, said: str, **numbers: Any
) -> Finding:
    return finding(
        "OV110",
        severity,
        said,
        samples,
        ~labelled,
        labelled=int(np.count_nonzero(labelled)),
        **numbers,
    )


def _recorded_design(samples: Samples, labelled: BoolVector) -> Finding | None:
    """Do recorded probabilities add up? 1 / probability summed over labels estimates the rows."""
    assert samples.label_prob is not None
    inverse = 1 / samples.label_prob[labelled].astype(np.float64)
    if samples.label_planned is not None:  # what did not come back is the business of OV121
        planned = labelled | (samples.label_planned == 1)
        inverse *= np.count_nonzero(planned) / np.count_nonzero(labelled)
    implied = float(inverse.sum())
    error = float(np.sqrt((inverse * (inverse - 1)).sum()))
    away = abs(implied - samples.rows)
    if not away > WRONG_BY * samples.rows + WRONG_ERRORS * error:
        return None
    said = (
        f"the recorded label probabilities imply {implied:,.0f} rows (standard error {error:,.0f}) "
        f"but the table has {samples.rows:,}: rows that could never be labelled, labels that did "
        "not come back, or probabilities per draw instead of ever"
    )
    return _design(samples, labelled, Severity.CAUTION, said, implied_rows=implied)


def _far_from_uniform(samples: Samples, labelled: BoolVector) -> str | None:
    """First proxy by which the ranks of labelled rows cannot come from uniform draws.

    Under uniform draws the centred position and its centred square have mean zero over the labels
    of any group; both sums are compared with their spread over prompts.
    """
    some = np.repeat(group_sums(samples, labelled) > 0, samples.group_sizes)
    part = prompt_sample(samples.take(some), SAMPLE_ROWS)
    chosen = _labelled(part)
    for name, column in part.proxies.items():
        centred = group_ranks(part, np.nan_to_num(column)).position - 0.5
        spread = np.square(centred)
        spread -= np.repeat(group_sums(part, spread) / part.group_sizes, part.group_sizes)
        for score in (centred, spread):
            sums = np.bincount(part.prompt[chosen], weights=score[chosen], minlength=part.prompts)
            moved = np.count_nonzero(sums) >= FEWEST_PROMPTS
            if moved and abs(sums.sum()) > SURELY_NOT_UNIFORM * np.sqrt(np.square(sums).sum()):
                return name
    return None


def few_labels(samples: Samples) -> Finding | None:
    """OV116: fewer than 50 labels, or labels in fewer than 30 of more prompts."""
    labelled = _labelled(samples)
    count = int(np.count_nonzero(labelled))
    prompts = len(np.unique(samples.prompt[labelled]))
    few = count < FEW_LABELS or prompts < min(FEW_PROMPTS, samples.prompts)
    if count == 0 or not few:
        return None
    half = 1.96 * (DESIGN_EFFECT / min(count, prompts)) ** 0.5
    return finding(
        "OV116",
        Severity.CAUTION,
        f"{count:,} gold labels in {prompts:,} prompt{'s' * (prompts > 1)}: even well placed they "
        f"fix gold at one strength only to about ±{half:.1f} of its sd",
        samples,
        labelled,
        labelled=count,
        labelled_prompts=prompts,
    )


def uniform_gold(samples: Samples) -> Finding | None:
    """OV113: all labels equal, equal within every group, or nearly all equal."""
    labelled = _labelled(samples)
    if np.count_nonzero(labelled) < 2 or samples.gold is None:
        return None
    gold = samples.gold
    typical = float(np.quantile(gold[labelled], 0.5, method="lower"))
    differ = labelled & (gold != typical)
    count, total = int(np.count_nonzero(differ)), int(np.count_nonzero(labelled))
    if count == 0:
        # Few labels near the ceiling agree by luck; a whole table of them does not.
        severity = Severity.STOP if total == samples.rows else Severity.CAUTION
        said = f"all {total:,} gold labels are {typical:g}"
    elif _equal_within_groups(samples, labelled):
        severity = Severity.STOP
        said = "gold is the same for all labelled candidates of a group, as if given per prompt"
    elif count < min(FEW_DIFFER, 0.1 * total):
        severity = Severity.CAUTION
        said = f"only {count} of {total:,} gold labels differ from {typical:g}"
    else:
        return None
    return finding(
        "OV113",
        severity,
        f"{said}: gold tells the candidates apart too little to show a gain or a loss",
        samples,
        differ if count else labelled,
        differing=count,
    )


def _equal_within_groups(samples: Samples, labelled: BoolVector) -> bool:
    """Whether gold never differs within a group, with at least ten groups of two labels to see."""
    assert samples.gold is not None
    starts = samples.group_starts[:-1]
    lowest = np.minimum.reduceat(np.where(labelled, samples.gold, np.inf), starts)
    highest = np.maximum.reduceat(np.where(labelled, samples.gold, -np.inf), starts)
    plural = group_sums(samples, labelled) > 1
    return bool(plural.sum() >= FEW_DIFFER and (lowest[plural] == highest[plural]).all())


def dominating_prompt(samples: Samples) -> Finding | None:
    """OV118: one of at least 30 prompts carries half of the spread of gold within groups.

    Only prompts with two labels in a group show a spread, and ten of them must differ at all:
    fewer are the business of OV113.
    """
    labelled = _labelled(samples)
    if samples.gold is None or not labelled.any():
        return None
    counts = group_sums(samples, labelled)
    gold = np.where(labelled, samples.gold, 0)
    means = np.repeat(group_sums(samples, gold) / np.maximum(counts, 1), samples.group_sizes)
    squares = np.bincount(samples.prompt, weights=np.where(labelled, gold - means, 0) ** 2)
    seen = len(np.unique(samples.prompt[samples.group_starts[:-1]][counts > 1]))
    worst = int(squares.argmax())
    enough = seen >= FEW_PROMPTS and np.count_nonzero(squares) >= FEW_DIFFER
    if not enough or not squares[worst] > DOMINATES * squares.sum():
        return None
    share = float(squares[worst] / squares.sum())
    return finding(
        "OV118",
        Severity.CAUTION,
        f"prompt {samples.prompt_ids[worst]!s} carries {per_cent(share)} of the spread of gold "
        f"within groups, of {seen:,} prompts that show one: the curve is that prompt's",
        samples,
        labelled & (samples.prompt == worst),
        share=share,
        prompt=str(samples.prompt_ids[worst]),
    )


def disagreeing_annotators(samples: Samples) -> Finding | None:
    """OV122: those who labelled the same rows agree little, by the record of the labels."""
    agreed = samples.notes.get("labels", {}).get("agreement") or {}
    alpha = agreed.get("alpha")
    if not isinstance(alpha, int | float) or not alpha < LITTLE_AGREEMENT:
        return None
    rows = agreed.get("rows")
    return Finding(
        code="OV122",
        severity=Severity.CAUTION,
        message=(
            f"annotators agree little (Krippendorff's alpha {alpha:.2f} on {rows} rows labelled "
            "more than once): that only widens intervals, unless they are fooled by what fools "
            "the proxy"
        ),
        data={"alpha": alpha, "shared_rows": rows},
    )


def _labelled(samples: Samples) -> BoolVector:
    if samples.gold is None:
        return np.zeros(samples.rows, dtype=bool)
    return ~np.isnan(samples.gold)
