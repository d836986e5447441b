"""What ``overopt plan`` promises, against studies it has not seen: half-widths and decisions.

Promises come from few simulations of one seed, as a plan makes them; what happens, from many of
another. Half-widths are also held against the spread of the estimates themselves.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy import stats

from overopt.curves.estimation import gold_curve
from overopt.labels.study import Guess, Scenario, Study, scenarios
from overopt.labels.study.simulation import PROXY, Decided, decided, doublings, half_widths
from overopt.pressure import BestOfN

LEVEL = 0.95
CELLS = {
    "200 x 16, 120 labels": (Study(prompts=200, candidates=16, labels=120), Guess()),
    "60 x 8, all labels": (Study(prompts=60, candidates=8, labels=480), Guess()),
    "200 x 16, 600 labels": (Study(prompts=200, candidates=16, labels=600), Guess(correlation=0.3)),
    "100 x 8, 200 of right or wrong": (
        Study(prompts=100, candidates=8, labels=200),
        Guess(gold_kind="binary", base_rate=0.7, correlation=0.3),
    ),
}
SHAPES = ("rises", "levels_off", "turns", "unrelated", "harmful")
STUDIES = 600
WIDE = 5.0  # standard errors: the promise's own noise, which the judge of counts does not know


def world(guess: Guess, name: str) -> Scenario:
    return {one.name: one for one in scenarios(guess)}[name]


@lru_cache
def ended(cell: str, name: str, seed: int, studies: int) -> Decided:
    study, guess = CELLS[cell]
    return decided(study, world(guess, name), level=LEVEL, studies=studies, seed=seed)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", ["rises", "turns"])
def test_promised_half_widths_are_reached_within_15_percent(cell: str, name: str) -> None:
    study, guess = CELLS[cell]
    promised = half_widths(study, world(guess, name), level=LEVEL, studies=50, seed=0)
    realised = half_widths(study, world(guess, name), level=LEVEL, studies=400, seed=101)
    np.testing.assert_allclose(promised.gold, realised.gold, rtol=0.15)
    np.testing.assert_allclose(promised.gain[1:], realised.gain[1:], rtol=0.15)


@pytest.mark.parametrize("cell", list(CELLS)[:3])
def test_promised_half_widths_are_those_of_the_estimates(cell: str) -> None:
    study, guess = CELLS[cell]
    turn, rng, grid = world(guess, "turns"), np.random.default_rng(7), doublings(study.candidates)
    found = np.array(
        [
            gold_curve(study.samples(turn, rng), PROXY, BestOfN(), strengths=grid).gold
            for _ in range(1000)
        ]
    )
    promised = half_widths(study, turn, level=LEVEL, studies=50, seed=0)
    spread = stats.norm.ppf((1 + LEVEL) / 2) * found.std(axis=0, ddof=1)
    np.testing.assert_allclose(promised.gold, spread, rtol=0.15)
    np.testing.assert_allclose(found.mean(axis=0), turn.truth(grid), atol=5 * spread.max() / 62)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", SHAPES)
def test_chances_of_decisions_reproduce_on_another_seed(cell: str, name: str) -> None:
    promised, happened = ended(cell, name, 0, 200), ended(cell, name, 202, STUDIES)
    for decision, count in promised.counts.items():
        low, high = stats.binomtest(count, promised.studies).proportion_ci(
            stats.chi2.cdf(WIDE**2, 1), "wilson"
        )
        assert_coverage_within(happened.counts[decision], happened.studies, low, high)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", SHAPES)
def test_few_decisions_claim_what_is_untrue(cell: str, name: str) -> None:
    happened = ended(cell, name, 202, STUDIES)
    assert_coverage_within(happened.wrong, happened.studies, 0, 1 - LEVEL)
