"""From tables to a gold curve: one fold over prompts, or two where labels are partial.

A table in memory is one block; a stream is many, which share no prompt. Blocks whose rows all have
gold need one fold. As soon as a label is missing, a first fold merges what the gold regression and
the label counts need, and a second completes the labels and merges the prompts' contributions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import (
    CompletedGold,
    GoldScale,
    LabelTotals,
    completed_gold,
    label_design,
)
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.fold import CurveSums, curve_sums, largest_common_size
from overopt.curves.weight_tail import trusted_tail
from overopt.errors import BadOption
from overopt.pressure import Pressure
from overopt.samples import Samples

__all__ = ["default_strengths", "gold_curve"]

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
PROBED_GROUPS = 512


def gold_curve(
    samples: Samples | Iterable[Samples],
    proxy: str,
    pressure: Pressure,
    *,
    strengths: FloatArray | None = None,
    level: float = 0.95,
    labels_drawn: str | None = None,
    completed: CompletedGold | None = None,
) -> EstimatedCurve:
    """Gold under ``pressure`` on ``proxy``.

    ``samples`` is a table, or a stream: tables that share no prompt, walked again from the start
    where labels are missing. ``labels_drawn`` declares the design of partial labels: ``uniform``
    or ``unknown`` (labels used as if uniform, so the curve is descriptive only); with a
    ``label_prob`` column nothing need be declared. ``completed`` is the table's completed gold,
    where the caller has it already.
    Raises BadOption for a level outside (0, 1), BadSamples where nothing can be estimated.
    """
    if not 0 < level < 1:
        raise BadOption(f"level {level!r}: give a number between 0 and 1, such as 0.95")
    grid = None if strengths is None else np.asarray(strengths, dtype=float)
    if isinstance(samples, Samples):
        design = label_design(samples, labels_drawn)
        if completed is None and design != "none":
            completed = completed_gold(samples, proxy, design)
        every = _Labels(design=design, completed=completed)
        return _folded([samples], proxy, pressure, grid, level, every)
    try:
        every = _Labels(design="all")
        return _folded(_fully_labelled(samples), proxy, pressure, grid, level, every)
    except _LabelMissing as missing:
        if labels_drawn == "all" or iter(samples) is samples:
            raise BadOption(f"{missing}") from None
    totals = reduce(LabelTotals.merge, (LabelTotals.of(block, proxy) for block in samples))
    some = _Labels(design=totals.design(labels_drawn), totals=totals)
    return _folded(samples, proxy, pressure, grid, level, some)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Labels:
    """What is known of the labels before the fold: their design and what completes them."""

    design: str
    completed: CompletedGold | None = None
    totals: LabelTotals | None = None

    def of(self, block: Samples, proxy: str) -> CompletedGold | None:
        """Completed gold of a block; None where no row is labelled."""
        if self.design == "none":
            return None
        return self.completed or completed_gold(block, proxy, self.design, self.totals)


class _LabelMissing(Exception):
    """A stream that was taken to be labelled throughout is not."""


def _fully_labelled(blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The same blocks, as long as all their rows have gold."""
    for block in blocks:
        if block.labelled < block.rows:
            raise _LabelMissing(
                f"{block.origin}: some rows of a stream have no gold; say how rows were chosen, "
                "and pass a list or the result of stream_samples, which can be walked twice"
            )
        yield block


def _folded(
    blocks: Iterable[Samples],
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray | None,
    level: float,
    labels: _Labels,
) -> EstimatedCurve:
    """The curve of all blocks."""
    sums: CurveSums | None = None
    scale: GoldScale | None = None
    for block in blocks:
        if sums is None:
            first, smallest = block, largest_common_size(block)
            if strengths is None:
                strengths = default_strengths(block, proxy, pressure, smallest)
            grid = strengths
        known = labels.of(block, proxy)
        if known is not None:
            scale = known.scale if scale is None else scale.merge(known.scale)
        part = curve_sums(
            block,
            proxy,
            pressure,
            grid,
            smallest=smallest,
            gold=None if known is None else known.value,
            inverse=None if known is None else known.inverse,
        )
        sums = part if sums is None else sums.merge(part)
    if sums is None:
        raise BadOption("an empty stream of samples: nothing to estimate")
    tail, trusted = trusted_tail(sums.sample, len(grid))
    # More pressure never restores trust, so what follows a doubtful strength is doubtful too.
    grey = np.logical_or.accumulate(pressure.unreliable(smallest, grid) | ~trusted)
    identified = _identified(first, pressure, grid, labels.design, sums)
    gold = np.full(len(grid), np.nan) if sums.moments is None else sums.moments.mean[: len(grid)]
    return EstimatedCurve(
        pressure=pressure,
        proxy_name=proxy,
        strength=grid,
        kl=sums.kl / sums.groups,
        chi_square=sums.chi_square / sums.groups,
        win_rate=sums.win_rate / sums.groups,
        proxy=sums.proxy / sums.groups,
        gold=np.where(identified, gold, np.nan),
        ess=sums.groups / sums.square,
        pareto_k=tail,
        grey=grey,
        identified=identified,
        level=level,
        prompts=first.prompts if sums.moments is None else sums.moments.count,
        groups=sums.groups,
        design=labels.design,
        bounds=scale.bounds if scale else None,
        extremeness=scale.extremeness if scale else 1.0,
        moments=sums.moments,
        label_products=sums.labels,
        label_mass=sums.label_mass,
    )


def _identified(
    table: Samples, pressure: Pressure, strengths: FloatArray, design: str, sums: CurveSums
) -> BoolArray:
    """Strengths whose gold the labels can tell: all, or with labelled winners the best of all m.

    And that only where all groups are of one size and each has its winner labelled.
    """
    if design != "winners":
        return np.ones(len(strengths), dtype=bool)
    size = int(table.group_sizes.max())
    complete = table.group_sizes.min() == size and sums.label_mass is not None
    if not complete or pressure.id not in ("best_of_n", "threshold"):
        return np.zeros(len(strengths), dtype=bool)
    assert sums.label_mass is not None
    every_winner = np.isclose(sums.label_mass, sums.groups)
    return np.asarray((strengths == size) & every_winner)


def default_strengths(
    samples: Samples, proxy: str, pressure: Pressure, smallest: int
) -> FloatArray:
    """The pressure's own strengths for the groups of at least ``smallest`` candidates.

    Of each size the 512 groups whose prompts have the least hash stand for all.
    """
    scores = samples.proxies[proxy]
    batches = []
    for batch in samples.batches(smallest):
        few = np.argsort(samples.prompt_hash[batch.prompt], kind="stable")[:PROBED_GROUPS]
        batches.append(scores[batch.starts[few, None] + np.arange(batch.size)])
    return pressure.default_strengths(batches, smallest)
