"""Rows that share a candidate, a step or a name: repeats, pooled groups, names that are sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.samples.arrange import Place, stable_order
from overopt.samples.arrow import shortened
from overopt.samples.table import FloatVector, IntVector, Samples

__all__ = ["Reduction", "pooled", "unrepeated", "with_source"]

Reduction = Literal["last", "sum", "mean"]
RECURS = 0.8  # share of prompts, and of rows, from which recurring candidate names are sources


def unrepeated(samples: Samples, place: Place, reduce: str | None = None) -> Samples:
    """One row per (prompt, group, candidate): as it is, or reduced where the user says how.

    ``reduce`` turns the rows of one candidate, such as the turns of a trajectory, into one: its
    proxies and features by their last, sum or mean; gold, its prediction and what is recorded of
    labels by their last (gold and prediction by their mean for ``mean``). Missing values are
    skipped. Raises BadSamples for repeats without ``reduce``.
    """
    if reduce not in (None, *get_args(Reduction)):
        raise BadOption(f"--reduce {reduce} is unknown: use last, sum or mean")
    if samples.candidate is None:
        if reduce is not None:
            raise BadOption(
                f"--reduce {reduce} needs a candidate column in {samples.origin}: name the column "
                "that tells trajectories apart with --candidate"
            )
        return samples
    key = _candidate_keys(samples.group, samples.candidate.codes, len(samples.candidate.names))
    in_order = np.sort(key)
    if not (in_order[1:] == in_order[:-1]).any():
        return samples
    order = stable_order(key)
    heads = np.flatnonzero(np.append(True, key[order][1:] != key[order][:-1]))
    if reduce is None:
        raise BadSamples(_repeats(samples, place, order, heads))
    return _reduced(samples, order, heads, reduce)


def pooled(samples: Samples) -> Samples:
    """All groups of a prompt as one; which they were is kept in ``notes["pooled_groups"]``."""
    if samples.group_value is None:
        return samples
    names = list(samples.group_value.names)
    return replace(
        samples,
        group=samples.prompt,
        group_value=None,
        notes={**samples.notes, "pooled_groups": names},
    )


def with_source(samples: Samples) -> Samples:
    """Takes candidate names that recur from prompt to prompt, such as systems, as sources.

    They do when names that occur in at least 80 % of the prompts cover at least 80 % of the rows,
    unless every name is a whole number or there is a source already.
    """
    candidate = samples.candidate
    if samples.source is not None or candidate is None or samples.prompts < 2:
        return samples
    if all(name.lstrip("+-").isdigit() for name in candidate.names):
        return samples
    width = len(candidate.names)
    named = candidate.codes >= 0
    enough = RECURS * samples.prompts
    often = np.bincount(candidate.codes[named], minlength=width) >= enough
    if np.count_nonzero(often[candidate.codes[named]]) < RECURS * samples.rows:
        return samples  # the usual case, seen without looking at prompts
    pairs = np.unique(samples.prompt[named] * np.int64(width) + candidate.codes[named])
    recurring = np.bincount(pairs % width, minlength=width) >= enough
    if np.count_nonzero(recurring[candidate.codes[named]]) < RECURS * samples.rows:
        return samples
    notes = {**samples.notes, "source_from_candidate_id": True}
    return replace(samples, source=candidate, notes=notes)


def _candidate_keys(group: IntVector, code: IntVector, names: int) -> npt.NDArray[np.int64]:
    """One number per (group, candidate); rows without a candidate are all different."""
    own = np.where(code < 0, names + np.arange(len(code)), code)
    return group * np.int64(names + len(code)) + own


def _repeats(samples: Samples, place: Place, order: IntVector, heads: IntVector) -> str:
    """What to say of repeated candidates, with the first repeat in row order."""
    repeat = np.ones(len(order), dtype=bool)
    repeat[heads] = False
    later = np.flatnonzero(repeat)
    first = later[np.argmin(samples.row[order[later]])]
    before, after = order[first - 1], order[first]
    assert samples.candidate is not None
    name = samples.candidate.names[samples.candidate.codes[after]]
    prompt = samples.prompt_ids[samples.prompt[after]]
    return (
        f"repeats of a candidate within a prompt: {len(later)} of {samples.rows} rows, first "
        f"{shortened(name)} of prompt {shortened(prompt)} {place.where(int(samples.row[after]))}, "
        f"already {place.where(int(samples.row[before]))}: remove them, or say with "
        "--reduce last|sum|mean how they become one"
    )


def _reduced(samples: Samples, order: IntVector, heads: IntVector, reduce: str) -> Samples:
    """One row for each run of ``order`` that begins at ``heads``; other columns by their last."""
    last = order[np.append(heads[1:], len(order)) - 1]
    rank = np.argsort(last)

    def merged(values: FloatVector, how: str) -> FloatVector:
        ordered = values[order]
        return (_last(ordered, heads) if how == "last" else _total(ordered, heads, how))[rank]

    def maybe(values: FloatVector | None, how: str) -> FloatVector | None:
        return None if values is None else merged(values, how)

    kept = samples.take(last[rank])
    return replace(
        kept,
        proxies={name: merged(values, reduce) for name, values in samples.proxies.items()},
        features={name: merged(values, reduce) for name, values in samples.features.items()},
        gold=maybe(samples.gold, "mean" if reduce == "mean" else "last"),
        label_prob=maybe(samples.label_prob, "last"),
        label_planned=maybe(samples.label_planned, "last"),
        prediction=maybe(samples.prediction, "mean" if reduce == "mean" else "last"),
        notes={**samples.notes, "reduced": reduce, "rows_before": samples.rows},
    )


def _last(values: FloatVector, heads: IntVector) -> FloatVector:
    """The last value of each run that is not missing."""
    position = np.where(np.isnan(values), -1, np.arange(len(values)))
    last = np.maximum.reduceat(position, heads)
    return np.where(last < heads, np.nan, values[last])


def _total(values: FloatVector, heads: IntVector, how: str) -> FloatVector:
    """Sum or mean of each run over what is not missing; NaN where all is."""
    present = ~np.isnan(values)
    count = np.add.reduceat(present, heads, dtype=np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):  # inf - inf, and runs of nothing
        total = np.add.reduceat(np.where(present, values, 0.0), heads)
        return np.where(count > 0, total / (count if how == "mean" else 1), np.nan)
