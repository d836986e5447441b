"""The bank: at which pressures is the gain watched, and how is each row of a batch scored for it?

For a policy that a pressure tilts further, d E[gold] = Cov(gold, score) with score the relative
change of a sample's weight (the policy gradient identity). A rank pressure changes the weight of
quantile F of one prompt's proxies by h'(F), with h(F) the change of the weight below F; among B
candidates of one prompt the i-th smallest stands for the quantiles from (i-1)/B to i/B, so its
score is the cell's average

    s_i = B [h(i/B) - h((i-1)/B)],      ties sharing the cells they fill.

    rank_gain        h = F^2 - F                         the rank: what advantages push along
    best_of_n        h = n F^n ln F                      d/d ln n of the best-of-n policy F^n
    top_vs_random    h = -F, and (B-1)(F-1) in the last cell: the best row against a random one

The averages are exact where a midpoint has the wrong sign (n near B). h(0) = h(1) = 0, so scores
sum to 0 within every prompt: what differs between prompts (their difficulty) cancels.

Best of more than a prompt's candidates cannot be seen within the prompt. The *pooled* form ranks
the proxy less its prompt's median over the whole batch, scores those ranks, and centres the scores
within each prompt: the pressure of one threshold in centred proxy for all prompts. Such names end
in ``_pooled``.

A prompt whose proxies are all equal, or that has one row, scores 0: no pressure can choose there.
Rows without a finite proxy are not ranked and score 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.stats.order import ranking
from overopt.watch.batch import Batch

__all__ = [
    "DEFAULT_SIGNALS",
    "POOLED",
    "Bank",
    "bank_for",
    "bank_scores",
    "centred_by_median",
    "rank_scores",
    "recentred_scores",
]

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
DEFAULT_SIGNALS = ("rank_gain", "best_of_4", "best_of_16", "best_of_64", "top_vs_random")
POOLED = "_pooled"
NAMES = re.compile(rf"(rank_gain|top_vs_random|best_of_(\d{{1,6}}))({POOLED})?")
SHOWN = 0.95  # share of the rows that must have n candidates of their prompt beside them


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Bank:
    """Signals ``rank_gain``, ``best_of_N``, ``top_vs_random``, each with or without ``_pooled``.

    Their order is that of the scores in every draw of the run.
    """

    signals: tuple[str, ...] = DEFAULT_SIGNALS

    def __post_init__(self) -> None:
        for signal in self.signals:
            known = NAMES.fullmatch(signal)
            if not known or int(known[2] or 2) < 2:
                raise BadOption(
                    f"signal {signal!r} is unknown: rank_gain, top_vs_random, or best_of_N "
                    "with N from 2 on, each with _pooled or without"
                )
        if not self.signals or len(set(self.signals)) < len(self.signals):
            raise BadOption(f"signals {self.signals}: give at least one, and each once")


def bank_for(batch: Batch, signals: Sequence[str] = DEFAULT_SIGNALS) -> Bank:
    """The bank that can be seen in batches like this one.

    ``best_of_n`` becomes pooled where fewer than 95 % of the rows with a finite proxy have n such
    candidates of their prompt, and there are other prompts to pool with.
    """
    group = batch.group[batch.finite]
    sizes = np.bincount(group)[group] if len(group) else np.zeros(1, dtype=int)
    alone = sizes[0] == len(group)

    def seen(signal: str) -> str:
        found = re.fullmatch(r"best_of_(\d+)", signal)
        fits = found is None or alone or bool(np.mean(sizes >= int(found[1])) >= SHOWN)
        return signal if fits else signal + POOLED

    return Bank(signals=tuple(seen(signal) for signal in signals))


def bank_scores(batch: Batch, bank: Bank) -> FloatArray:
    """Scores [signals, rows]; those of each signal sum to 0 within each prompt."""
    scores = np.zeros((len(bank.signals), batch.rows))
    usable = np.flatnonzero(batch.finite)
    if not len(usable):
        return scores
    proxy, prompts = batch.proxy[usable], _rows_by_size(batch.group[usable])
    pooled = [signal.endswith(POOLED) for signal in bank.signals]
    names = [signal.removesuffix(POOLED) for signal in bank.signals]
    overall: FloatArray = np.zeros((len(names), len(usable)))
    if any(pooled):
        overall = rank_scores(_centred(proxy, prompts)[None, :], names)[:, 0]
    found = np.empty_like(overall)
    for rows in prompts:
        inside = rank_scores(proxy[rows], names)
        inside[pooled] = recentred_scores(overall[:, rows], proxy[rows])[pooled]
        found[:, rows] = inside
    scores[:, usable] = found
    return scores


def rank_scores(proxies: FloatArray, names: Sequence[str]) -> FloatArray:
    """Scores [names, groups, m] of candidates with finite proxies [groups, m]."""
    size = proxies.shape[1]
    start, stop = ranking(proxies).bounds()
    below = np.array([_change_below(name, size) for name in names])
    return np.asarray((below[:, stop] - below[:, start]) * size / (stop - start))


def centred_by_median(proxies: FloatArray) -> FloatArray:
    """Proxies [groups, m] less their group's median; halved first, so that none overflows."""
    size = proxies.shape[1]
    middle = np.sort(proxies / 2, axis=1)[:, [(size - 1) // 2, size // 2]].mean(axis=1)
    return np.asarray(proxies / 2 - middle[:, None])


def recentred_scores(scores: FloatArray, proxies: FloatArray) -> FloatArray:
    """Scores [names, groups, m] less their group's mean; 0 where all of a group's proxies tie."""
    choice = proxies.max(axis=1, keepdims=True) > proxies.min(axis=1, keepdims=True)
    return np.where(choice, scores - scores.mean(axis=2, keepdims=True), 0.0)


@lru_cache(maxsize=512)
def _change_below(name: str, size: int) -> FloatArray:
    """h [size + 1] at the borders i/size of the cells: change of the weight below each border."""
    border = np.arange(size + 1) / size
    if name == "rank_gain":
        change = border**2 - border
    elif name == "top_vs_random":
        change = -border
    else:
        n = int(name.removeprefix("best_of_"))
        change = n * border**n * np.log(np.maximum(border, np.finfo(float).tiny))
    change[[0, -1]] = 0.0
    change.flags.writeable = False
    return change


def _rows_by_size(group: IntArray) -> list[IntArray]:
    """Positions [groups, m] of the rows of every prompt, one array for each number m of rows."""
    order = np.argsort(group, kind="stable")
    counts = np.bincount(group)
    counts = counts[counts > 0]
    starts = np.cumsum(counts) - counts
    return [order[starts[counts == size][:, None] + np.arange(size)] for size in np.unique(counts)]


def _centred(proxy: FloatArray, prompts: Sequence[IntArray]) -> FloatArray:
    centred = np.empty(len(proxy))
    for rows in prompts:
        centred[rows] = centred_by_median(proxy[rows])
    return centred
