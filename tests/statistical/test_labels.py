"""Labels bought in rounds: unbiased curves, honest intervals, and promises that are kept.

Rows are told by prompt and candidate and their chances depend on ranks alone, so with candidates in
the order of their proxy one ledger's chances serve every table; each draw has a seed of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within
from statistical.regimes import Regime, drawn, regimes, table

from overopt.curves.estimation import gold_curve
from overopt.labels.design import label_probabilities
from overopt.labels.drawing import (
    DrawOptions,
    checked_keys,
    cumulative_chances,
    new_ledger,
    with_round,
)
from overopt.labels.half_width import expected_half_width
from overopt.labels.ledger import Ledger
from overopt.labels.promise import KnownSpread, promises
from overopt.labels.row_keys import row_keys
from overopt.labels.weights import planning_strengths
from overopt.pressure import BestOfN
from overopt.samples import Category, Samples

FloatArray = npt.NDArray[np.floating[Any]]
PROMPTS, SIZE = 100, 16
LEVEL = 0.90
TRIALS = 4000
FIVE_SIGMA = 4.9  # exceeded about once in a million


@lru_cache
def known() -> dict[str, Regime]:
    return {regime.name: regime for regime in regimes()}


def ordered(
    name: str, rng: np.random.Generator, prompts: int = PROMPTS, size: int = SIZE
) -> tuple[FloatArray, FloatArray]:
    """Proxies and gold [prompts, size], each prompt's candidates in the order of their proxy."""
    proxies, gold = drawn(known()[name], prompts, size, rng)
    order = np.argsort(proxies, axis=1)
    return np.take_along_axis(proxies, order, axis=1), np.take_along_axis(gold, order, axis=1)


def named(proxies: FloatArray, gold: FloatArray, chance: FloatArray | None = None) -> Samples:
    """Samples whose candidates have names, the same in all tables of one size."""
    prompts, size = proxies.shape
    candidate = Category(
        codes=np.tile(np.arange(size), prompts), names=tuple(map(str, range(size)))
    )
    return replace(table(proxies, gold, chance), candidate=candidate)


@dataclass(frozen=True, eq=False)
class Plan:
    """Chances [prompts, size] after some rounds, for tables whose proxies are in order."""

    chance: FloatArray
    ranks: Samples

    def labelled(self, proxies: FloatArray, gold: FloatArray, seed: int) -> Samples:
        number = row_keys(self.ranks, seed).number.reshape(gold.shape)
        return named(proxies, np.where(number < self.chance, gold, np.nan), self.chance)


@lru_cache
def plan(rounds: int, each: float) -> Plan:
    """A ledger of so many rounds, of which later ones are for other strengths."""
    ranks = np.tile(np.arange(float(SIZE)), (PROMPTS, 1))
    samples = named(ranks, ranks)
    ledger: Ledger = new_ledger(samples)
    for k in range(rounds):
        up_to = None if k % 2 == 0 else 4
        ledger = with_round(ledger, samples, DrawOptions(budget=each, up_to=up_to))
    chance = cumulative_chances(ledger, samples, checked_keys(ledger, samples))
    return Plan(chance=chance.reshape(PROMPTS, SIZE), ranks=samples)


@pytest.mark.parametrize("rounds", [1, 2, 4])
@pytest.mark.parametrize("name", ["gao", "heavy_ind"])
def test_curves_are_unbiased_after_any_number_of_rounds(name: str, rounds: int) -> None:
    """One table, many draws: the mean curve is that of the same table with all its gold."""
    proxies, gold = ordered(name, np.random.default_rng(5))
    whole = gold_curve(named(proxies, gold), "u", BestOfN()).gold
    bought = plan(rounds, 60)
    curves = np.stack(
        [
            gold_curve(bought.labelled(proxies, gold, seed), "u", BestOfN()).gold
            for seed in range(TRIALS)
        ]
    )
    bias = (curves.mean(axis=0) - whole) / gold.std()
    error = curves.std(axis=0) / np.sqrt(TRIALS) / gold.std()
    assert np.all(np.abs(bias) - FIVE_SIGMA * error <= 0.01)


@pytest.mark.parametrize("rounds", [2, 4])
@pytest.mark.parametrize("name", ["gao", "heavy_ind"])
def test_intervals_hold_with_labels_of_several_rounds(name: str, rounds: int) -> None:
    rng = np.random.default_rng(rounds)
    truth = known()[name].truth(np.arange(1.0, SIZE + 1))
    bought = plan(rounds, 60)
    hits = np.zeros((2, SIZE), dtype=int)
    for seed in range(TRIALS):
        curve = gold_curve(bought.labelled(*ordered(name, rng), seed), "u", BestOfN(), level=LEVEL)
        low, high = curve.interval()
        _, gain_low, gain_high = curve.gain()
        gain = truth - truth[0]
        hits += [(low <= truth) & (truth <= high), (gain_low <= gain) & (gain <= gain_high)]
    for count in hits[0]:
        assert_coverage_within(int(count), TRIALS, 0.86, 0.94)
    for count in hits[1, 1:]:
        assert_coverage_within(int(count), TRIALS, 0.86, 0.95)


def realised(name: str, labels: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Mean half-widths of gold and gain over promised ones, for a spread known by rank: [2, S]."""
    _, gold = ordered(name, np.random.default_rng(1), 4000, 64)
    by_rank = np.sqrt(np.maximum(gold.var(axis=0) - 0.25, 0))  # less the prompts' level, sd .5
    found, promised = [], []
    for _ in range(200):
        proxies, gold = ordered(name, rng, 200, 64)
        samples = named(proxies, gold)
        grid = planning_strengths(samples, "u", BestOfN())
        chance = label_probabilities(samples, "u", BestOfN(), grid, labels)
        expected = expected_half_width(
            samples,
            "u",
            BestOfN(),
            grid,
            chance,
            residual_sd=np.tile(by_rank, 200),
            between_sd=0.5,
            level=LEVEL,
        )
        shape = gold.shape
        kept = rng.random(shape) < chance.reshape(shape)
        partly = named(proxies, np.where(kept, gold, np.nan), chance.reshape(shape))
        curve = gold_curve(partly, "u", BestOfN(), strengths=grid, level=LEVEL)
        (low, high), (_, gain_low, gain_high) = curve.interval(), curve.gain()
        found.append([(high - low) / 2, (gain_high - gain_low) / 2])
        promised.append([expected.gold, expected.gain])
    ratio = np.mean(found, axis=0) / np.maximum(np.mean(promised, axis=0), 1e-300)
    return ratio[0], ratio[1, 1:]


@pytest.mark.parametrize("labels", [120, 400])
@pytest.mark.parametrize("name", ["light_ind", "heavy_ind", "dep_light", "gao", "t10_t5"])
def test_promised_half_widths_are_reached(name: str, labels: int) -> None:
    """Within 15 % from n = 2 on; at n = 1, and for gains over it, the gold regression of few labels
    has an error of its own, which the promise leaves out where gold follows the score closely."""
    gold, gain = realised(name, labels, np.random.default_rng(labels))
    np.testing.assert_allclose(gold[1:], 1, atol=0.15)
    np.testing.assert_allclose(gold[0], 1, atol=0.20)
    np.testing.assert_allclose(gain[3:], 1, atol=0.15)
    np.testing.assert_allclose(gain, 1, atol=0.25)


@pytest.mark.parametrize("name", ["light_ind", "gao"])
def test_a_guessed_correlation_promises_as_much(name: str) -> None:
    """As typed: --spread, --between, --correlation, before there is a label."""
    rng = np.random.default_rng(9)
    proxies, gold = ordered(name, rng, 200, 64)
    far = [values - values.mean(axis=1, keepdims=True) for values in ordered(name, rng, 4000, 64)]
    spread = KnownSpread(
        within=float(far[1].std()) * np.sqrt(64 / 63),
        between=0.5,
        correlation=float(np.corrcoef(far[0].ravel(), far[1].ravel())[0, 1]),
    )
    samples = named(proxies, gold)
    ledger = with_round(new_ledger(samples), samples, DrawOptions(budget=400))
    (promise,) = promises(ledger, samples, spread, LEVEL)
    chance = cumulative_chances(ledger, samples, checked_keys(ledger, samples))
    halves = []
    for _ in range(200):
        kept = rng.random(samples.rows) < chance
        partly = named(
            proxies,
            np.where(kept, gold.ravel(), np.nan).reshape(gold.shape),
            chance.reshape(gold.shape),
        )
        grid = np.array(promise.target.strengths)
        low, high = gold_curve(partly, "u", BestOfN(), strengths=grid, level=LEVEL).interval()
        halves.append((high - low) / 2)
    ratio = np.mean(halves, axis=0) / promise.planned.gold
    np.testing.assert_allclose(ratio, 1, atol=0.2)


@pytest.mark.parametrize("name", ["light_ind", "heavy_ind", "gao"])
def test_even_labels_must_be_eight_times_as_many_at_n_64(name: str) -> None:
    """Root mean square error of gold at n = 64: 150 targeted labels against 1,200 even ones."""
    rng = np.random.default_rng(64)
    errors = []
    for _ in range(300):
        proxies, gold = ordered(name, rng, 200, 64)
        samples, top = named(proxies, gold), np.array([1.0, 64.0])
        whole = gold[:, -1].mean()
        grid = planning_strengths(samples, "u", BestOfN())
        targeted = label_probabilities(samples, "u", BestOfN(), grid, 150)
        found = []
        for chance in (targeted, np.full(samples.rows, 1200 / samples.rows)):
            kept = rng.random(gold.shape) < chance.reshape(gold.shape)
            partly = named(proxies, np.where(kept, gold, np.nan), chance.reshape(gold.shape))
            curve = gold_curve(partly, "u", BestOfN(), strengths=top)
            found.append(curve.gold[-1] - whole)
        errors.append(found)
    square = np.square(errors)
    ratio = square[:, 0].mean() / square[:, 1].mean()
    spread = np.sqrt(2 * 2 / len(errors))  # relative error of the ratio, for normal errors
    assert ratio * (1 - FIVE_SIGMA * spread) <= 1.0
