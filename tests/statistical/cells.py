"""Simulated tables whose gold under best-of-n is known, and how intervals and decisions fared.

A cell is one kind of table: a law of proxy and gold, a number of prompts and candidates, and how
many labels were bought how. ``covered`` counts, over many tables, how often intervals held the
truth; ``decided`` what was decided. The tests judge the counts, ``benchmarks/calibration.py``
prints them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
from statistical.regimes import Regime, drawn, regimes, table

from overopt.curves.estimation import gold_curve
from overopt.curves.objective import within_spread
from overopt.curves.operating_point import operating_point
from overopt.labels.design import label_probabilities
from overopt.pressure import BestOfN
from overopt.samples import Samples

FloatArray = npt.NDArray[np.floating[Any]]
LEVEL = 0.90  # where calibration has power


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """``draw(rng)`` gives proxies and gold [prompts, size]; ``truth`` [size] gold of best-of-n.

    ``labels`` is the expected number of labels, None for all; ``tail`` whether they were bought
    where best-of-n needs them, else evenly.
    """

    name: str
    prompts: int
    size: int
    draw: Callable[[np.random.Generator], tuple[FloatArray, FloatArray]]
    truth: FloatArray
    labels: int | None
    tail: bool

    @cached_property
    def chance_by_rank(self) -> FloatArray:
        """Chance [size] that the candidate of each rank is labelled."""
        assert self.labels is not None
        if not self.tail:
            return np.full(self.size, self.labels / (self.prompts * self.size))
        ranks = np.tile(np.arange(float(self.size)), (self.prompts, 1))
        doublings = 2.0 ** np.arange(int(np.log2(self.size)) + 1)
        chance = label_probabilities(
            table(ranks, ranks), "u", BestOfN(), doublings, float(self.labels)
        )
        return chance[: self.size]

    def table(self, rng: np.random.Generator) -> Samples:
        """One table, with the labels that were drawn."""
        proxies, gold = self.draw(rng)
        if self.labels is None:
            return table(proxies, gold)
        chance = np.empty_like(proxies)
        order = np.argsort(proxies, axis=1)
        np.put_along_axis(chance, order, np.broadcast_to(self.chance_by_rank, order.shape), axis=1)
        labelled = rng.random(proxies.shape) < chance
        return table(proxies, np.where(labelled, gold, np.nan), chance)

    def rng(self) -> np.random.Generator:
        """The cell's own stream, the same in every run."""
        return np.random.default_rng(crc32(self.name.encode()))


@dataclass(frozen=True, kw_only=True, eq=False)
class Covered:
    """In how many of ``trials`` tables intervals held the truth: ``gold`` and ``gain`` [size].

    ``band`` counts the joint bands that held it at every n; ``regret`` [trials] is what serving the
    n with the best estimate lost.
    """

    trials: int
    gold: npt.NDArray[np.int64]
    gain: npt.NDArray[np.int64]
    band: int
    regret: FloatArray


def covered(cell: Cell, trials: int) -> Covered:
    """Coverage counts of 90 % intervals over ``trials`` tables of a cell."""
    rng, truth = cell.rng(), cell.truth
    gold, gain = np.zeros(cell.size, dtype=np.int64), np.zeros(cell.size, dtype=np.int64)
    band, regret = 0, np.empty(trials)
    for trial in range(trials):
        curve = gold_curve(cell.table(rng), "u", BestOfN(), level=LEVEL)
        gold += _holds(curve.interval(), truth)
        gain += _holds(curve.gain()[1:], truth - truth[0])
        band += bool(_holds(curve.interval(joint=True), truth).all())
        regret[trial] = truth.max() - truth[np.argmax(curve.gold)]
    return Covered(trials=trials, gold=gold, gain=gain, band=band, regret=regret)


def _holds(limits: tuple[FloatArray, ...], truth: FloatArray) -> npt.NDArray[np.bool_]:
    rounding = 1e-12
    return np.asarray((limits[0] <= truth + rounding) & (truth - rounding <= limits[1]))


def decided(cell: Cell, trials: int) -> Counter[str]:
    """How often each decision was made, and under ``wrong`` how often it was a wrong one.

    Wrong are a strength recommended that is truly worse than no pressure, and do_not_push where
    some strength truly helps; where the proxy says nothing, any decision.
    """
    rng, gain = cell.rng(), cell.truth - cell.truth[0]
    counts: Counter[str] = Counter()
    for _ in range(trials):
        samples = cell.table(rng)
        curve = gold_curve(samples, "u", BestOfN())
        point = operating_point(curve, within_spread(samples))
        counts[point.decision] += 1
        if point.decision == "do_not_push":
            counts["wrong"] += bool(gain.max() > 0 or not gain.any())
        elif point.decision != "undecided":
            counts["wrong"] += bool(gain[int(point.strength) - 1] < 0 or not gain.any())
    return counts


@lru_cache
def _regimes() -> dict[str, Regime]:
    """The five regimes and two that punish optimism: gold reversed, and gold that is mere noise."""
    known = {regime.name: regime for regime in regimes()}
    smooth = known["gao"]

    def reversed_draw(
        rng: np.random.Generator, shape: tuple[int, ...]
    ) -> tuple[FloatArray, FloatArray]:
        gold, proxy = smooth.draw(rng, shape)
        return -gold, proxy

    def noise_draw(
        rng: np.random.Generator, shape: tuple[int, ...]
    ) -> tuple[FloatArray, FloatArray]:
        return rng.standard_normal(shape), rng.standard_normal(shape)

    known["reversed"] = Regime("reversed", reversed_draw, lambda n: -smooth.truth(n))
    known["noise"] = Regime("noise", noise_draw, lambda n: np.zeros(len(n)))
    return known


REGIMES = ("light_ind", "heavy_ind", "dep_light", "gao", "t10_t5")
LABELS = (120, 400, 1200)
DECISION_REGIMES = (*REGIMES, "reversed", "noise")
DECISION_LABELS = (40, 120, 400)
LARGEST_REGRET = {120: 0.03, 400: 0.02, 1200: 0.01}


@lru_cache
def regime_cell(name: str, labels: int | None, prompts: int = 200, size: int = 64) -> Cell:
    """A table of one regime with tail-designed labels."""
    regime = _regimes()[name]
    return Cell(
        name=f"{name}, {prompts} x {size}, {labels or 'all'} labels",
        prompts=prompts,
        size=size,
        draw=lambda rng: drawn(regime, prompts, size, rng),
        truth=regime.truth(np.arange(1.0, size + 1)),
        labels=labels,
        tail=True,
    )


_RANK = np.arange(8)
SUCCESS = {  # chance that the candidate of each rank is right
    "rare": np.full(8, 0.02),
    "even": np.full(8, 0.5),
    "ceiling": np.full(8, 0.98),
    "rise": 0.9 + 0.09 * _RANK / 7,
    "dip": np.where(_RANK < 7, 0.97, 0.80),
}
BINARY_LABELS = (40, 120, None)


@lru_cache
def binary_cell(name: str, labels: int | None, unequal: bool, prompts: int = 40) -> Cell:
    """Binary gold of 8 candidates; ``unequal`` prompts are harder or easier, by the same chance."""
    success = SUCCESS[name]
    swing = 0.5 * np.minimum(success, 1 - success) if unequal else np.zeros(8)

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        chance = success + swing * rng.choice([-1.0, 1.0], size=(prompts, 1))
        proxies = np.tile(_RANK.astype(float), (prompts, 1))
        return proxies, (rng.random((prompts, 8)) < chance).astype(float)

    return Cell(
        name=f"{name}{' unequal' if unequal else ''}, {prompts} x 8, {labels or 'all'} labels",
        prompts=prompts,
        size=8,
        draw=draw,
        truth=BestOfN().rank_weights(8, np.arange(1.0, 9.0)) @ success,
        labels=labels,
        tail=False,
    )
