"""Do the intervals of gold by rank and by score cover, with prompts that differ?

An ordinal score with five values and prompts of two kinds, so that every truth is exact: given the
kind and the score, gold does not depend on the other candidates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy.stats import binom
from statistical.regimes import table

from overopt.curves.comparable_scale import comparable_scale
from overopt.curves.completed_gold import completed_gold
from overopt.curves.score_worth import ScoreWorth, score_worth
from overopt.samples import Samples

TRIALS, LEVEL, SIZE = 4000, 0.90, 8
SCORES = np.array([[0.35, 0.25, 0.2, 0.15, 0.05], [0.1, 0.15, 0.2, 0.25, 0.3]])  # kind, value
MEAN = np.array([[0.02, 0.2, 0.4, 0.7, 0.6], [0.1, 0.4, 0.6, 0.9, 0.98]])


def truth_by_score() -> np.ndarray:
    return (SCORES * MEAN).sum(axis=0) / SCORES.sum(axis=0)


def truth_by_rank() -> np.ndarray:
    """Mean gold of each ascending rank of SIZE: the i-th smallest is <= k if i scores are."""
    below = np.cumsum(SCORES, axis=1)
    rank = np.arange(1, SIZE + 1)
    up_to = binom.sf(rank[:, None, None] - 1, SIZE, below)  # rank, kind, value
    chance = np.diff(up_to, axis=2, prepend=0)
    return (chance * MEAN).sum(axis=2).mean(axis=1)


def drawn(rng: np.random.Generator, prompts: int, binary: bool, labelled: float) -> Samples:
    kind = rng.integers(2, size=(prompts, 1))
    score = (rng.random((prompts, SIZE, 1)) > np.cumsum(SCORES, axis=1)[kind]).sum(axis=2)
    mean = MEAN[kind, score]
    gold = (rng.random(mean.shape) < mean) if binary else mean + rng.normal(0, 0.3, mean.shape)
    gold = np.where(rng.random(mean.shape) < labelled, gold, np.nan)
    prompt = np.repeat(np.arange(prompts), SIZE)
    return Samples(
        prompt=prompt,
        group=prompt,
        proxies={"u": score.ravel().astype(float)},
        prompt_ids=np.arange(prompts),
        row=np.arange(len(prompt)),
        gold=gold.ravel(),
    )


def counted(
    prompts: int, binary: bool, labelled: float, covers: Callable[[ScoreWorth], np.ndarray]
) -> np.ndarray:
    """How often each bin's interval covers."""
    rng = np.random.default_rng([prompts, binary, int(100 * labelled)])
    hits: list[np.ndarray] = []
    while len(hits) < TRIALS:
        samples = drawn(rng, prompts, binary, labelled)
        design = "all" if samples.labelled == samples.rows else "uniform"
        hits.append(covers(score_worth(samples, "u", completed_gold(samples, "u", design), LEVEL)))
    return np.sum(hits, axis=0)


def rank_covers(worth: ScoreWorth) -> np.ndarray:
    bins = worth.by_rank
    truth = truth_by_rank().reshape(len(bins.centre), -1).mean(axis=1)
    return (bins.found.lower <= truth) & (truth <= bins.found.upper)


def score_covers(worth: ScoreWorth) -> np.ndarray:
    """By value of the score; a value that no row has, or one without interval, is not a miss."""
    covered = np.ones(5, dtype=bool)
    bins = worth.by_score
    truth = truth_by_score()[bins.centre.astype(int)]
    missed = (truth < bins.found.lower) | (bins.found.upper < truth)
    covered[bins.centre[missed].astype(int)] = False
    return covered


@pytest.mark.parametrize("prompts", [4, 12, 40])
def test_real_valued_gold_by_rank(prompts: int) -> None:
    for hits in counted(prompts, False, 1.0, rank_covers):
        assert_coverage_within(int(hits), TRIALS, 0.86, 0.94)


@pytest.mark.parametrize(("prompts", "labelled"), [(12, 1.0), (40, 1.0), (40, 0.5), (120, 0.3)])
def test_real_valued_gold_by_score(prompts: int, labelled: float) -> None:
    for hits in counted(prompts, False, labelled, score_covers):
        assert_coverage_within(int(hits), TRIALS, 0.86, 0.95)


@pytest.mark.parametrize(("prompts", "labelled"), [(4, 1.0), (40, 1.0), (40, 0.5), (120, 0.3)])
def test_right_or_wrong_gold_is_covered_at_least_as_often(prompts: int, labelled: float) -> None:
    for covers in (rank_covers, score_covers):
        if covers is rank_covers and labelled < 1:
            continue  # the number of rank bins follows the number of labels
        for hits in counted(prompts, True, labelled, covers):
            assert_coverage_within(int(hits), TRIALS, 0.87, 1.0)


@pytest.mark.parametrize("prompts", [20, 60])
def test_one_scale_for_all_prompts_is_rarely_taken_for_several(prompts: int) -> None:
    """A bent scale, heavy-tailed scores, and gold that differs by prompt for other reasons."""
    rng = np.random.default_rng(prompts)
    covered = wrong = 0
    for _ in range(TRIALS):
        shift = rng.normal(size=(prompts, 1))
        score = shift + rng.standard_t(3, size=(prompts, SIZE))
        bent = score - 0.25 * np.maximum(score, 0) ** 2 / (1 + 0.1 * np.abs(score))
        gold = bent + 0.7 * rng.normal(size=shift.shape) + rng.normal(size=score.shape)
        samples = table(score, gold)
        found = comparable_scale(samples, "u", gold.ravel(), LEVEL)
        covered += found.lower <= 0 <= found.upper
        wrong += found.verdict == "no"
    assert_coverage_within(covered, TRIALS, 0.86, 0.94)
    assert_coverage_within(wrong, TRIALS, 0.0, 0.11)


def test_a_scale_at_the_edge_of_the_tolerance_is_rarely_called_one() -> None:
    """Between prompts a point is worth a quarter more than within: the least difference."""
    rng = np.random.default_rng(7)
    yes = 0
    for _ in range(TRIALS):
        shift = rng.normal(size=(60, 1))
        score = shift + rng.normal(size=(60, SIZE))
        gold = score + 0.25 * score.mean(axis=1, keepdims=True) + rng.normal(size=score.shape)
        verdict = comparable_scale(table(score, gold), "u", gold.ravel(), LEVEL).verdict
        yes += verdict == "yes"
    assert_coverage_within(yes, TRIALS, 0.0, 0.10)
