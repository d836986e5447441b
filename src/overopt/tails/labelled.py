"""Tails of gold and of the error, from labelled rows.

The error is the proxy less gold put on the proxy's scale: residuals of the regression of the proxy
on gold within groups, labelled rows weighted by one over the chance of their label. Where labels
had unequal chances, each labelled row is then kept with the smallest of these chances over its own,
by a fixed random number per row: what is left was labelled with one chance, as the ladder assumes.
That wastes labels; ladders need hundreds anyway.

Assumes that proxy and gold are linear in one another up to the error, and that the error is
uncorrelated with gold. With binary gold the error's tail is the proxy's within a class.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import CompletedGold
from overopt.errors import BadSamples
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples
from overopt.tails.sample import TailSample, tail_sample
from overopt.tails.verdict import REASONS, TailVerdict, tail_verdict

__all__ = ["error_tail", "gold_tail"]

FloatArray = npt.NDArray[np.floating[Any]]
STREAM = 20240714
NOTHING = 1e-9  # of the variance of gold
TWO_VALUES = "With two values of gold the error's tail cannot be told from the proxy's."
HIDDEN = {
    "bounded": "{name} ends at a highest value, which cuts the error off: its tail is not seen.",
    "discrete": "{name} takes too few values to show the tail of its error.",
}
KNOWN_CHANCES = ("all", "uniform", "recorded")


def error_tail(
    samples: Samples, score: TailVerdict, completed: CompletedGold, *, level: float = 0.95
) -> TailVerdict | None:
    """Verdict on the error's tail; None where labels were put on winners only, or are too few.

    ``samples`` are scored by the proxy throughout, ``score`` is the verdict on its own tail and
    ``completed`` their completed gold. A proxy without a tail cuts its error's off as well.
    """
    rows = _labelled(samples, completed)
    if rows is None:
        return None
    part, weight = samples.take(rows), _weights(completed, rows)
    extra = _thin_labels("error", completed, int(rows.sum()))
    if completed.scale.levels is not None and len(completed.scale.levels) <= 2:
        return _without_tail(part, "discrete", TWO_VALUES, level, (*extra, _inseparable(part)))
    if score.verdict == "not_applicable":
        sentence = HIDDEN[score.reason].format(name=score.name)
        return _without_tail(part, score.reason, sentence, level, extra)
    error = _residual(part, np.asarray(part.proxies[score.name], dtype=np.float64), weight)
    return _verdict(part, error, weight, "error", level, extra)


def gold_tail(
    samples: Samples, completed: CompletedGold, *, level: float = 0.95
) -> TailVerdict | None:
    """Verdict on the upper tail of gold itself; None as in ``error_tail``."""
    rows = _labelled(samples, completed)
    if rows is None or samples.gold is None:
        return None
    part, weight = samples.take(rows), _weights(completed, rows)
    extra = _thin_labels("gold", completed, int(rows.sum()))
    return _verdict(part, np.asarray(samples.gold[rows], float), weight, "gold", level, extra)


def _labelled(samples: Samples, completed: CompletedGold) -> npt.NDArray[np.bool_] | None:
    """Labelled rows, None where they are not a sample of the rows or fewer than two."""
    if samples.gold is None or completed.design == "winners":
        return None
    rows = ~np.isnan(samples.gold)
    return rows if np.count_nonzero(rows) >= 2 else None


def _weights(completed: CompletedGold, rows: npt.NDArray[np.bool_]) -> FloatArray:
    """One over the chance of each label: [labelled]."""
    if completed.inverse is None:
        return np.ones(int(rows.sum()))
    return np.asarray(completed.inverse[rows], dtype=np.float64)


def _residual(samples: Samples, proxy: FloatArray, weight: FloatArray) -> FloatArray:
    """Proxy less its regression on gold, [rows]; slope from within groups where they vary."""
    if samples.gold is None:
        raise BadSamples("no gold labels: name a gold column that has values")
    gold = np.asarray(samples.gold, dtype=np.float64)
    finite = np.where(np.isfinite(proxy), proxy, 0.0)
    used = weight * np.isfinite(proxy)
    total = max(float(used.sum()), 1e-300)
    overall = [values - float(used @ values) / total for values in (gold, finite)]
    within = [values - _mean(samples, values, used) for values in overall]
    # Groups with one label each leave nothing but rounding within them.
    if float(used @ within[0] ** 2) <= NOTHING * float(used @ overall[0] ** 2):
        within = overall
    spread = float(used @ within[0] ** 2)
    slope = float(used @ (within[0] * within[1])) / spread if spread > 0 else 0.0
    return proxy - slope * gold


def _mean(samples: Samples, values: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted mean of each row's group: [rows]."""
    starts = samples.group_starts[:-1]
    total, mass = (np.add.reduceat(part, starts) for part in (weight * values, weight))
    return np.repeat(total / np.where(mass > 0, mass, 1.0), samples.group_sizes)


def _verdict(
    samples: Samples,
    values: FloatArray,
    weight: FloatArray,
    name: str,
    level: float,
    extra: tuple[Finding, ...],
) -> TailVerdict:
    return tail_verdict(_thinned(samples, values, weight, name), name, level=level, extra=extra)


def _thinned(samples: Samples, values: FloatArray, weight: FloatArray, name: str) -> TailSample:
    """Sample of the rows that equal chances of a label would have left."""
    chance = weight / weight.max()
    # The random number belongs to the row's number, whatever the order of rows.
    order = np.argsort(np.argsort(samples.row))
    kept = np.random.default_rng(STREAM).random(len(values))[order] < chance
    return tail_sample(replace(samples, proxies={name: values}).take(kept), name)


def _thin_labels(name: str, completed: CompletedGold, labelled: int) -> tuple[Finding, ...]:
    if completed.design in KNOWN_CHANCES:
        return ()
    return (
        Finding(
            code="OV206",
            severity=Severity.CAUTION,
            message=f"{name}: how the {labelled:,} labelled rows were chosen is not known, so its "
            "tail describes these rows only",
            data={"labelled": labelled, "labels_drawn": completed.design},
        ),
    )


def _inseparable(samples: Samples) -> Finding:
    """With binary gold there is nothing to judge apart from the proxy."""
    return Finding(
        code="OV207",
        severity=Severity.NOTE,
        message="gold takes two values, so the error is the proxy shifted by one of two numbers: "
        "its tail cannot be told from the proxy's",
        data={"labelled": samples.rows},
    )


def _without_tail(
    samples: Samples, reason: str, sentence: str, level: float, findings: tuple[Finding, ...]
) -> TailVerdict:
    """The verdict on an error whose tail the labelled ``samples`` cannot show."""
    nan = float("nan")
    return TailVerdict(
        name="error",
        verdict=REASONS[reason],
        reason=reason,
        reach=nan,
        xi=nan,
        xi_lower=nan,
        xi_upper=nan,
        depth=nan,
        level=level,
        rungs=(),
        rows=samples.rows,
        prompts=samples.prompts,
        centred=samples.largest_group > 1,
        copies=0,
        outlier_p=nan,
        sentence=sentence,
        findings=findings,
    )
