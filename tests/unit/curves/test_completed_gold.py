"""Completed gold: unbiased whatever the regression says, folds by name, scales and designs."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from tables import noise, table

from overopt.curves.completed_gold import (
    GoldScale,
    LabelTotals,
    completed_gold,
    label_design,
    prompt_folds,
)
from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples
from overopt.samples.table import name_hashes


def partly_labelled(share: float = 0.4) -> Samples:
    gold, chance = noise(1), np.full((40, 8), share)
    labelled = np.random.default_rng(2).random((40, 8)) < chance
    return table(a=noise(0), gold=np.where(labelled, gold, np.nan), label_prob=chance)


@pytest.mark.parametrize("guessed", [False, True])
@pytest.mark.parametrize("always", [1, 24])
def test_every_row_is_unbiased_over_all_label_draws(always: int, guessed: bool) -> None:
    """Enumerates the draws of five rows; the last row is never labelled, so none is complete.

    With 24 rows always labelled the regression has slopes, with one it is a constant. ``guessed``:
    a judge who is wrong by a lot, and says nothing of every third row.
    """
    size = always + 6
    proxies, gold = noise(0, size // 2, 2), noise(1, size // 2, 2).ravel()
    proxies = proxies if size % 2 == 0 else np.resize(proxies, (size, 1))
    gold = np.resize(gold, size)
    random_rows = np.arange(always, size - 1)
    chance = np.concatenate([np.ones(always), [0.2, 0.5, 0.35, 0.9, 0.6], [0.5]])
    expected = np.zeros(size)
    for drawn in product([False, True], repeat=5):
        labelled = np.concatenate([np.ones(always, bool), drawn, [False]])
        samples = table(a=proxies, gold=np.where(labelled, gold, np.nan), label_prob=chance)
        if guessed:
            wrong = np.where(np.arange(size) % 3 == 0, np.nan, 7 - 3 * gold**2)
            samples = replace(samples, prediction=wrong)
        value = completed_gold(samples, "a", "recorded").value
        odds = np.where(drawn, chance[random_rows], 1 - chance[random_rows])
        expected += odds.prod() * value
    np.testing.assert_allclose(expected[:-1], gold[:-1], atol=1e-12)


def test_labelled_rows_carry_one_over_their_chance() -> None:
    samples = partly_labelled()
    completed = completed_gold(samples, "a", "recorded")
    labelled = ~np.isnan(samples.gold)
    np.testing.assert_array_equal(completed.inverse, np.where(labelled, 1 / 0.4, 0.0))
    uniform = completed_gold(replace(samples, label_prob=None), "a", "uniform")
    np.testing.assert_allclose(uniform.inverse[labelled], samples.rows / labelled.sum())


def test_with_every_row_labelled_it_is_gold() -> None:
    samples = table(a=noise(0), gold=noise(1))
    completed = completed_gold(samples, "a", "all")
    np.testing.assert_array_equal(completed.value, samples.gold)
    assert completed.inverse is None


def test_regression_lowers_the_spread_of_what_it_can_predict() -> None:
    samples = partly_labelled()
    ranks = np.argsort(np.argsort(noise(0), axis=1), axis=1) / 8.0
    predictable = replace(samples, gold=np.where(np.isnan(samples.gold), np.nan, ranks.ravel()))
    completed = completed_gold(predictable, "a", "recorded")
    assert np.std(completed.value - ranks.ravel()) < 0.25 * np.std(ranks)


def test_folds_follow_the_name_of_the_prompt_not_its_position() -> None:
    samples = partly_labelled()
    shuffled = np.random.default_rng(3).permutation(40)
    gold, chance = samples.gold.reshape(40, 8)[shuffled], samples.label_prob.reshape(40, 8)
    moved = table(a=noise(0)[shuffled], gold=gold, label_prob=chance[shuffled])
    moved = replace(moved, prompt_ids=samples.prompt_ids[shuffled])
    there = completed_gold(samples, "a", "recorded").value.reshape(40, 8)
    here = completed_gold(moved, "a", "recorded").value.reshape(40, 8)
    np.testing.assert_allclose(here, there[shuffled], atol=1e-12)


def test_folds_of_a_thousand_prompts_are_even_and_fixed() -> None:
    names = np.array([f"prompt {i}" for i in range(1000)], dtype=object)
    folds = prompt_folds(name_hashes(names))
    np.testing.assert_array_equal(prompt_folds(name_hashes(names[::-1]))[::-1], folds)
    assert np.bincount(folds, minlength=5).min() > 150
    assert (
        prompt_folds(name_hashes(np.array([7, 8]))).tolist()
        == prompt_folds(name_hashes(np.array(["7", "8"]))).tolist()
    )


def test_a_prompt_does_not_predict_itself() -> None:
    """Moving the labels of one prompt leaves its own predictions where they were."""
    samples = partly_labelled()
    own = samples.prompt == 3
    moved = replace(samples, gold=np.where(own, samples.gold + 100, samples.gold))
    unlabelled = own & np.isnan(samples.gold)
    assert unlabelled.any()
    before = completed_gold(samples, "a", "recorded").value[unlabelled]
    after = completed_gold(moved, "a", "recorded").value[unlabelled]
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("gold", "bounds"),
    [
        ([0.0, 1.0, 1.0], (0, 1)),
        ([0.2, 0.7, 0.31], (0, 1)),
        ([1.0, 5.0, 3.0], (1, 5)),
        ([-1.0, 1.0, 1.0], (-1, 1)),
        ([1.5, 2.5, 2.5], (1.5, 2.5)),
        ([0.5, 1.5, 3.2], None),
        (list(range(12)), None),
    ],
)
def test_scales_are_recognised(gold: list[float], bounds: tuple[float, float] | None) -> None:
    assert GoldScale.of(np.array(gold, dtype=float)).bounds == bounds


def test_designs() -> None:
    samples = partly_labelled()
    without = replace(samples, label_prob=None)
    assert label_design(samples) == "recorded"
    assert label_design(without) == "unknown"
    assert label_design(without, "uniform") == "uniform"
    assert label_design(samples, "winners") == "winners"
    assert label_design(table(a=noise(0), gold=noise(1))) == "all"
    assert label_design(table(a=noise(0))) == "none"
    with pytest.raises(BadOption, match="of 320 rows have no gold"):
        label_design(samples, "all")
    with pytest.raises(BadOption, match="'some'"):
        label_design(samples, "some")


def test_no_labels_cannot_be_completed() -> None:
    with pytest.raises(BadSamples, match="no gold"):
        completed_gold(table(a=noise(0)), "a", "none")


def test_extremeness_is_one_for_two_values_and_less_between() -> None:
    right_or_wrong = GoldScale.of(np.array([0.0, 1, 1, 1]))
    graded = GoldScale.of(np.array([0.4, 0.5, 0.6]))
    assert right_or_wrong.extremeness == pytest.approx(1)
    assert graded.extremeness == pytest.approx((0.02 / 3) / 0.25)
    merged = graded.merge(right_or_wrong)
    every = np.array([0.0, 1, 1, 1, 0.4, 0.5, 0.6])
    assert merged.extremeness == pytest.approx(every.var() / (every.mean() * (1 - every.mean())))
    for flat in (np.full(3, 0.5), np.array([1.0]), np.array([3.2, 5.1, 7.7])):
        assert GoldScale.of(flat).extremeness == 1


def judged(prediction: np.ndarray) -> np.ndarray:
    samples = replace(partly_labelled(), prediction=prediction)
    return completed_gold(samples, "a", "recorded").value


def test_a_good_guess_completes_gold_and_its_unit_does_not_matter() -> None:
    gold = noise(1).ravel()
    guess = gold + 0.1 * noise(7).ravel()
    value = judged(guess)
    unlabelled = np.isnan(partly_labelled().gold)
    assert np.corrcoef(value[unlabelled], gold[unlabelled])[0, 1] > 0.98
    np.testing.assert_allclose(judged(5 - 1000 * guess), value, rtol=1e-9, atol=1e-9)
    assert np.corrcoef(judged(noise(8).ravel())[unlabelled], gold[unlabelled])[0, 1] < 0.3


def test_a_guess_that_says_nothing_changes_nothing() -> None:
    samples = partly_labelled()
    without = completed_gold(samples, "a", "recorded").value
    for nothing in (0.3, 0.0, np.nan, np.inf):
        np.testing.assert_allclose(judged(np.full(320, nothing)), without, atol=1e-9)


def test_rows_without_a_guess_count_as_its_mean() -> None:
    """Moving the known guesses moves nothing, so a missing one is worth no particular number."""
    guess = np.where(np.arange(320) % 4 == 0, np.nan, noise(1).ravel())
    value = judged(guess)
    np.testing.assert_allclose(judged(guess + 50), value, atol=1e-7)
    assert np.isfinite(value).all()


def test_labels_not_returned_scale_the_chances_by_the_share_that_came_back() -> None:
    samples = partly_labelled()
    labelled = np.flatnonzero(~np.isnan(samples.gold))
    planned = ~np.isnan(samples.gold)
    lost = labelled[::4]
    gold = samples.gold.copy()
    gold[lost] = np.nan
    returned = replace(samples, gold=gold, label_planned=planned.astype(float))
    inverse = completed_gold(returned, "a", "recorded").inverse
    share = 1 - len(lost) / len(labelled)
    kept = np.setdiff1d(labelled, lost)
    np.testing.assert_allclose(inverse[kept], 1 / (0.4 * share))
    assert not inverse[lost].any()


def test_blocks_of_a_stream_share_one_regression() -> None:
    samples = replace(partly_labelled(), prediction=noise(1).ravel() + noise(7).ravel())
    planned = np.where(np.random.default_rng(3).random(320) < 0.1, 1.0, ~np.isnan(samples.gold))
    samples = replace(samples, label_planned=planned)
    halves = [samples.take(samples.prompt < 15), samples.take(samples.prompt >= 15)]
    totals = LabelTotals.of(halves[0], "a").merge(LabelTotals.of(halves[1], "a"))
    assert totals.response < 1
    parts = [completed_gold(half, "a", "recorded", totals).value for half in halves]
    whole = completed_gold(samples, "a", "recorded").value
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-9)
