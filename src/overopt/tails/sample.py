"""What enters the ladder: scores centred within their group, copies left out, counts kept.

A group's scores are centred by its median where groups have several candidates, so that prompts
with high scores do not make the tail; they are never divided by a group's spread, which would bound
what it divides. Groups without a second candidate then say nothing and are left out. Where most
candidates are alone in their group, scores are taken as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.samples.table import Samples
from overopt.stats.ladder import LARGEST_RUNG, SHALLOWEST
from overopt.tails.near_repeats import repeat_width
from overopt.tails.spread import ScaleSpread, scale_spread
from overopt.tails.ties import is_coarse

__all__ = ["TailSample", "tail_sample"]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

LOOKED_AT = 1 << 17  # rows of one group size from which the width of copies is judged
WIDEST = 16.0  # that width is at most spread / (WIDEST * group size)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TailSample:
    """The largest scores of a table, and what was left out on the way.

    ``top`` are the largest values of ``rows``, descending, all ties with the last included;
    ``prompt`` [top] their prompts. ``levels``: before centring they take too few values to have a
    shape. ``highest`` rows share the highest score, copies counted once,
    and ``capped`` rows with copies. ``copies``,
    ``missing`` (NaN), ``below`` (-inf), ``above`` (+inf) and ``alone`` rows were left out.
    ``fuzz`` is the rounding error of a value. ``spread`` tells whether
    groups differ in scale, None where that cannot be told.
    """

    top: FloatArray
    prompt: IntArray
    rows: int
    prompts: int
    centred: bool
    highest: int
    capped: int
    levels: bool
    copies: int
    missing: int
    above: int
    below: int
    alone: int
    fuzz: float
    spread: ScaleSpread | None

    @property
    def different(self) -> int:
        """Rows with a finite score, copies counted once."""
        return self.rows + self.alone

    @property
    def finite(self) -> int:
        """Rows with a finite score."""
        return self.different + self.copies


@dataclass(frozen=True, kw_only=True, eq=False)
class _Groups:
    """Groups of one size: sorted different scores [groups, size], NaN behind; ``count`` of each."""

    scores: FloatArray
    count: IntArray
    prompt: IntArray


def tail_sample(samples: Samples, proxy: str) -> TailSample:
    """The tail of one proxy's scores; raises BadOption for a proxy that the table lacks."""
    if proxy not in samples.proxies:
        known = ", ".join(map(repr, samples.proxies))
        raise BadOption(f"no proxy {proxy!r} was read from {samples.origin}; read were: {known}")
    scores = np.asarray(samples.proxies[proxy], dtype=np.float64)
    finite = np.isfinite(scores)
    counts = {
        "capped": _highest(scores[finite]),
        "missing": int(np.isnan(scores).sum()),
        "above": int((scores == np.inf).sum()),
        "below": int((scores == -np.inf).sum()),
    }
    largest = float(np.abs(scores[finite]).max(initial=0.0))
    fuzz = 4 * float(np.finfo(float).eps) * largest
    grouped = _grouped(samples, finite)
    if not grouped:
        values, prompt = scores[finite], samples.prompt[finite]
        counts |= {"alone": 0, "copies": 0, "highest": _highest(values)}
        return _sample(values, prompt, False, fuzz, counts, None, values)
    groups = list(_different(samples, np.where(finite, scores, np.nan)))
    plural = [_plural(each) for each in groups]
    values, prompt = (np.concatenate(parts) for parts in zip(*map(_centred, plural), strict=True))
    kept = int(sum(each.count.sum() for each in groups))
    uncentred = np.concatenate([each.scores[~np.isnan(each.scores)] for each in groups])
    counts |= {"alone": kept - len(values), "copies": int(finite.sum()) - kept}
    counts |= {"highest": _highest(uncentred)}
    spread = scale_spread(rows for each in plural for rows in _by_count(each))
    return _sample(values, prompt, True, fuzz, counts, spread, uncentred)


def _grouped(samples: Samples, finite: npt.NDArray[np.bool_]) -> bool:
    """Whether most scored candidates have another in their group."""
    if samples.largest_group < 2:
        return False
    scored = np.add.reduceat(finite.astype(np.int64), samples.group_starts[:-1])
    return bool(2 * scored[scored > 1].sum() >= scored.sum() > 0)


def _different(samples: Samples, scores: FloatArray) -> Iterator[_Groups]:
    """Groups of every size with their copies left out."""
    for batch in samples.batches():
        ordered = np.sort(batch.gather(scores), axis=1)
        width = _width(ordered)
        if width >= 0:
            copy = np.diff(ordered, axis=1) <= width
            ordered[:, 1:][copy] = np.nan
            ordered.sort(axis=1)
        count = np.count_nonzero(~np.isnan(ordered), axis=1)
        yield _Groups(scores=ordered, count=count, prompt=batch.prompt)


def _width(ordered: FloatArray) -> float:
    """Width of copies in groups of one size, judged from some of them."""
    groups, size = ordered.shape
    if size < 2:
        return -1.0
    some = ordered[:: max(1, groups * size // LOOKED_AT)]
    gaps = np.diff(some, axis=1)
    gaps = gaps[~np.isnan(gaps)]
    if not len(gaps):
        return -1.0
    away = np.abs(some - np.nanmedian(_with_value(some), axis=1, keepdims=True))
    # A quantile that is not itself the distance of copies, unless they are three of four rows.
    spread = float(np.nanquantile(away, 0.75)) or float(np.nanmean(away))
    return repeat_width(gaps, spread / (WIDEST * size))


def _with_value(rows: FloatArray) -> FloatArray:
    """Rows [groups, size] with those that are NaN throughout set to 0."""
    return np.where(np.isnan(rows).all(axis=1, keepdims=True), 0.0, rows)


def _plural(groups: _Groups) -> _Groups:
    """The groups of at least two."""
    kept = groups.count >= 2
    return _Groups(scores=groups.scores[kept], count=groups.count[kept], prompt=groups.prompt[kept])


def _centred(groups: _Groups) -> tuple[FloatArray, IntArray]:
    """Scores less their group's median, and prompts: each [rows]."""
    at = np.arange(len(groups.count))
    low, high = (groups.count - 1) // 2, groups.count // 2
    median = (groups.scores[at, low] + groups.scores[at, high]) / 2
    inside = np.arange(groups.scores.shape[1]) < groups.count[:, None]
    centred = (groups.scores - median[:, None])[inside]
    return centred, np.repeat(groups.prompt, groups.count)


def _by_count(groups: _Groups) -> Iterator[FloatArray]:
    """Scores [groups, count] of groups with equally many different scores."""
    for count in np.unique(groups.count):
        yield groups.scores[groups.count == count, :count]


def _highest(scores: FloatArray) -> int:
    """How many scores equal the highest; NaN are none."""
    return int((scores == np.nanmax(scores)).sum()) if np.isfinite(scores).any() else 0


def _sample(
    values: FloatArray,
    prompt: IntArray,
    centred: bool,
    fuzz: float,
    counts: dict[str, int],
    spread: ScaleSpread | None,
    uncentred: FloatArray,
) -> TailSample:
    kept, rows = _top(values, fuzz), len(values)
    largest = uncentred[_top(uncentred, fuzz)]
    top = values[kept]
    # Rounding must not decide which of several tied rows, of different prompts, enters a rung.
    tie = np.cumsum(np.diff(top, prepend=top[:1]) < -fuzz)
    return TailSample(
        top=top,
        prompt=prompt[kept[np.lexsort((prompt[kept], tie))]],
        rows=rows,
        prompts=int(np.count_nonzero(np.bincount(prompt))),
        centred=centred,
        fuzz=fuzz,
        levels=len(largest) > 0 and is_coarse(largest, len(largest), fuzz),
        spread=spread,
        **counts,
    )


def _top(values: FloatArray, fuzz: float) -> IntArray:
    """Where the largest values are, descending: those of the first rung and one more."""
    rows = len(values)
    wanted = min(rows // SHALLOWEST, LARGEST_RUNG) + 1
    kept = np.arange(rows)
    if wanted < rows:
        cut = np.partition(values, rows - wanted)[rows - wanted]
        kept = np.flatnonzero(values >= cut - fuzz)  # with all that tie with the last
    return kept[np.argsort(-values[kept], kind="stable")]
