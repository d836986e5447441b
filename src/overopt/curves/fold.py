"""The fold over prompts: every curve is a mean of one vector per prompt.

Each prompt contributes its weighted gold at every strength (the mean over its comparison groups).
Mergeable sums of those vectors, of label weights and of tie patterns are all that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.evaluation import Evaluation, evaluated_by_rank, evaluated_by_weight, summed
from overopt.curves.weight_tail import SAMPLED_ROWS, WeightSample
from overopt.pressure import Divergences, Pressure, RankPressure, ScorePressure
from overopt.samples import GroupBatch, Samples
from overopt.stats.moments import Moments
from overopt.stats.order import ranking

__all__ = ["CurveSums", "curve_sums", "largest_common_size", "prompt_vectors"]

FloatArray = npt.NDArray[np.floating[Any]]
REACHED_BY = 0.95  # a curve stops at the largest n that this share of groups reach
CHUNK_ENTRIES = 1 << 17  # a chunk and what is made of it stay in the processor's cache
CHUNK_WEIGHTS = 1 << 21  # explicit weights held at once, 16 MB


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CurveSums:
    """What one fold keeps: all a curve needs, whatever the number of rows.

    ``moments`` of the prompt vectors (gold at S strengths, then S slopes where the pressure has
    slope weights), None without gold; ``proxy``, ``square``, ``kl``, ``chi_square``, ``win_rate``
    are sums over ``groups``; ``labels`` [S, S] and ``label_mass`` [S] as in ``Evaluation``.
    """

    groups: int
    moments: Moments | None
    proxy: FloatArray
    square: FloatArray
    kl: FloatArray
    chi_square: FloatArray
    win_rate: FloatArray
    labels: FloatArray | None
    label_mass: FloatArray | None
    sample: WeightSample | None

    def merge(self, other: CurveSums) -> CurveSums:
        """Sums over the prompts of both; the two must not share a prompt."""
        return CurveSums(
            groups=self.groups + other.groups,
            moments=None
            if self.moments is None or other.moments is None
            else self.moments.merge(other.moments),
            proxy=self.proxy + other.proxy,
            square=self.square + other.square,
            kl=self.kl + other.kl,
            chi_square=self.chi_square + other.chi_square,
            win_rate=self.win_rate + other.win_rate,
            labels=summed([self.labels, other.labels]),
            label_mass=summed([self.label_mass, other.label_mass]),
            sample=None
            if self.sample is None or other.sample is None
            else self.sample.merge(other.sample),
        )


def largest_common_size(samples: Samples) -> int:
    """Largest n that at least 95 % of the groups reach."""
    sizes = np.sort(samples.group_sizes)
    return int(sizes[int(np.floor((1 - REACHED_BY) * len(sizes) + 1e-9))])


def curve_sums(
    samples: Samples,
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray,
    *,
    smallest: int,
    gold: FloatArray | None,
    inverse: FloatArray | None = None,
) -> CurveSums:
    """Sums over the groups of at least ``smallest`` candidates; gold and inverse are [rows]."""
    parts = list(_parts(samples, proxy, pressure, strengths, smallest, gold, inverse))
    return CurveSums(
        groups=sum(part.groups for part in parts),
        moments=None if gold is None else _prompt_moments(samples, parts),
        proxy=np.sum([part.evaluation.proxy for part in parts], axis=0),
        square=np.sum([part.evaluation.square for part in parts], axis=0),
        kl=np.sum([part.divergences.kl * part.groups for part in parts], axis=0),
        chi_square=np.sum([part.divergences.chi_square * part.groups for part in parts], axis=0),
        win_rate=np.sum([part.divergences.win_rate * part.groups for part in parts], axis=0),
        labels=summed([part.evaluation.labels for part in parts]),
        label_mass=summed([part.evaluation.label_mass for part in parts]),
        sample=WeightSample.of([part.weights for part in parts if part.weights is not None]),
    )


def prompt_vectors(
    samples: Samples,
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray,
    *,
    smallest: int,
    gold: FloatArray,
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Prompt codes [used] and their vectors [used, S]: gold at each strength, prompt by prompt."""
    parts = list(_parts(samples, proxy, pressure, strengths, smallest, gold, None))
    used, vectors = _by_prompt(samples.prompts, parts)
    return used, vectors[:, : len(strengths)]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """Some groups of one size, evaluated."""

    prompt: npt.NDArray[np.int64]
    evaluation: Evaluation
    divergences: Divergences
    weights: FloatArray | None

    @property
    def groups(self) -> int:
        return len(self.prompt)


def _parts(
    samples: Samples,
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray,
    smallest: int,
    gold: FloatArray | None,
    inverse: FloatArray | None,
) -> Iterator[_Part]:
    scores = samples.proxies[proxy]
    by_rank = isinstance(pressure, RankPressure)
    entries = CHUNK_ENTRIES if by_rank else CHUNK_WEIGHTS // len(strengths)
    rows = 0
    for batch in samples.batches(smallest):
        width = max(1, entries // batch.size)
        for first in range(0, len(batch.prompt), width):
            here = slice(first, first + width)
            part = GroupBatch(starts=batch.starts[here], size=batch.size, prompt=batch.prompt[here])
            yield _part(
                pressure,
                strengths,
                part.prompt,
                part.gather(scores),
                None if gold is None else part.gather(gold),
                None if inverse is None else part.gather(inverse),
                keep_weights=rows < SAMPLED_ROWS,
            )
            rows += len(part.prompt) * part.size


def _part(
    pressure: Pressure,
    strengths: FloatArray,
    prompt: npt.NDArray[np.int64],
    proxies: FloatArray,
    gold: FloatArray | None,
    inverse: FloatArray | None,
    keep_weights: bool,
) -> _Part:
    """Groups of one size, all arrays but ``prompt`` being [groups, m]."""
    ranked = ranking(proxies)
    if isinstance(pressure, RankPressure):
        by_rank = _rank_weights(pressure, ranked.size, tuple(strengths))
        return _Part(
            prompt=prompt,
            evaluation=evaluated_by_rank(by_rank, ranked, gold, inverse),
            divergences=pressure.ranked_divergences([ranked], strengths),
            weights=None,
        )
    assert isinstance(pressure, ScorePressure)
    weights = pressure.weights(proxies, strengths)
    moving = None if gold is None else pressure.slope_weights(proxies, strengths)
    return _Part(
        prompt=prompt,
        evaluation=evaluated_by_weight(weights, moving, proxies, gold, inverse),
        divergences=pressure.weight_divergences(weights, ranked),
        weights=weights if keep_weights else None,
    )


@lru_cache(maxsize=32)
def _rank_weights(pressure: RankPressure, size: int, strengths: tuple[float, ...]) -> FloatArray:
    """Weights of a rank pressure, made once for all blocks of a stream."""
    return pressure.rank_weights(size, np.array(strengths))


def _prompt_moments(samples: Samples, parts: list[_Part]) -> Moments:
    """Moments over prompts; with one group for each prompt the parts need no regrouping."""
    if samples.groups == samples.prompts:
        return Moments.merged(part.evaluation.moments for part in parts)
    return Moments.of(_by_prompt(samples.prompts, parts)[1])


def _by_prompt(prompts: int, parts: list[_Part]) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Mean over its groups for every prompt that has one: codes [used], vectors [used, k]."""
    prompt = np.concatenate([part.prompt for part in parts])
    vectors = np.concatenate([part.evaluation.vectors for part in parts])
    total = np.zeros((prompts, vectors.shape[1]))
    np.add.at(total, prompt, vectors)
    count = np.bincount(prompt, minlength=prompts)
    used = np.flatnonzero(count)
    return used, total[used] / count[used, None]
