"""Gold by rank and by score: exact cases, the identity with the gold curve, comparability."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tables import noise, table

from overopt import read_samples
from overopt.curves.comparable_scale import comparable_scale
from overopt.curves.completed_gold import completed_gold
from overopt.curves.estimation import gold_curve
from overopt.curves.score_worth import ScoreWorth, score_worth
from overopt.pressure import BestOfN
from overopt.samples import Samples

DATA = Path(__file__).resolve().parents[3] / "../shared/data"


def worth(samples: Samples, design: str = "all", level: float = 0.95) -> ScoreWorth:
    return score_worth(samples, "a", completed_gold(samples, "a", design), level)


def coarse(seed: int, prompts: int = 40, size: int = 8) -> np.ndarray:
    return np.rint(2 * noise(seed, prompts, size))


class TestByRank:
    @pytest.mark.parametrize("labelled", [1.0, 0.6])
    def test_best_of_n_is_the_weighted_sum_of_ranks_even_with_ties(self, labelled: float) -> None:
        known = np.random.default_rng(3).random((40, 8)) < labelled
        samples = table(a=coarse(1), gold=np.where(known, noise(2, 40, 8), np.nan))
        design = "all" if known.all() else "uniform"
        by_rank = worth(samples, design).by_rank
        curve = gold_curve(samples, "a", BestOfN(), labels_drawn=design)
        weights = BestOfN().rank_weights(8, curve.strength)
        np.testing.assert_allclose(weights @ by_rank.found.gold, curve.gold, atol=1e-12)

    def test_a_prompt_with_two_groups_counts_once(self) -> None:
        samples = table(
            sizes=[4, 2],
            a=np.array([[1.0, 2, 1, 2, 1, 2]]),
            gold=np.array([[0.0, 6, 4, 10, 3, 5]]),
            group=np.array([0, 0, 1, 1, 2, 2]),
        )
        found = worth(samples).by_rank.found
        np.testing.assert_allclose(found.gold, [2.5, 6.5])
        np.testing.assert_array_equal(found.rows, [3, 3])

    def test_limits_are_those_of_a_mean_over_prompts(self) -> None:
        scores, gold = noise(4, 12, 3), noise(5, 12, 3)
        best = gold[np.arange(12), scores.argmax(axis=1)]
        half = stats.t.ppf(0.975, 11) * best.std(ddof=1) / np.sqrt(12)
        found = worth(table(a=scores, gold=gold)).by_rank.found
        assert found.lower[-1] == pytest.approx(best.mean() - half)
        assert found.upper[-1] == pytest.approx(best.mean() + half)

    def test_ranks_are_merged_where_groups_are_large(self) -> None:
        for size, bins in ((20, 20), (24, 12), (23, 20), (64, 16)):
            samples = table(a=noise(6, 4, size), gold=noise(7, 4, size))
            by_rank = worth(samples).by_rank
            assert len(by_rank.centre) == bins
            assert by_rank.found.gold.mean() == pytest.approx(samples.gold.mean())

    def test_a_lone_candidate_has_no_rank(self) -> None:
        gold = np.array([1.0, 2, 3, 4, 100])
        samples = table(sizes=[2, 2, 1], a=np.array([1.0, 2, 1, 2, 9]), gold=gold)
        np.testing.assert_allclose(worth(samples).by_rank.found.gold, [2.0, 3.0])


class TestByScore:
    def test_each_of_few_values_is_a_bin(self) -> None:
        scores, gold = coarse(1), noise(2, 40, 8)
        by_score = worth(table(a=scores, gold=gold)).by_score
        np.testing.assert_array_equal(by_score.centre, np.unique(scores))
        for value, mean, rows in zip(
            by_score.centre, by_score.found.gold, by_score.found.rows, strict=True
        ):
            assert mean == pytest.approx(gold[scores == value].mean())
            assert rows == (scores == value).sum()

    def test_error_is_the_jackknife_over_prompts(self) -> None:
        scores = np.array([[0.0, 1, 1], [1, 1, 1], [0, 0, 1], [0, 1, 0]])
        gold = noise(3, 4, 3)
        total, count = (gold * (scores == 1)).sum(axis=1), (scores == 1).sum(axis=1)
        without = np.array(
            [np.delete(total, p).sum() / np.delete(count, p).sum() for p in range(4)]
        )
        error = np.sqrt(3 / 4 * ((without - total.sum() / count.sum()) ** 2).sum())
        effective = count.sum() ** 2 / (count**2).sum()
        found = worth(table(a=scores, gold=gold)).by_score.found
        expected = stats.t.ppf(0.975, effective - 1) * error
        assert (found.upper[1] - found.lower[1]) / 2 == pytest.approx(expected)

    def test_reading_a_score(self) -> None:
        found = worth(table(a=np.tile([0.0, 1.0], (6, 1)), gold=noise(1, 6, 2)))
        low, high = found.by_score.found.gold
        assert found.at(0.0)[0] == low
        assert found.at(0.25)[0] == pytest.approx(0.75 * low + 0.25 * high)
        assert np.isnan(found.at(1.01)).all()
        assert np.isnan(found.at(np.nan)).all()

    def test_prompts_that_never_fail_are_not_certain(self) -> None:
        scores = np.tile([0.0, 0, 1, 1], (6, 1))
        gold = np.tile([0.0, 1, 1, 1], (6, 1))
        found = worth(table(a=scores, gold=gold)).by_score.found
        assert found.gold[1] == found.upper[1] == 1
        z2 = stats.norm.ppf(0.975) ** 2
        assert found.lower[1] == pytest.approx(6 / (6 + z2))  # Wilson on 6 prompts, not 12 rows

    def test_a_bin_without_label_is_empty_and_json_says_null(self) -> None:
        scores = np.tile([0.0, 1, 2], (20, 1))
        gold = np.where(scores == 2, np.nan, noise(2, 20, 3))
        rows = worth(table(a=scores, gold=gold), "uniform").by_score.to_dicts()
        assert rows[2]["gold"] is rows[2]["lower"] is None
        assert (rows[2]["rows"], rows[2]["labelled"]) == (20, 0)

    def test_few_labels_few_bins(self) -> None:
        known = np.random.default_rng(0).random((40, 16)) < 0.1
        gold = np.where(known, noise(2, 40, 16), np.nan)
        found = worth(table(a=noise(1, 40, 16), gold=gold), "uniform")
        assert known.sum() // 15 == len(found.by_score.centre) == 3
        assert len(found.by_rank.centre) == 2  # three would cut ranks of 16 in parts

    def test_one_prompt_has_estimates_without_limits(self) -> None:
        found = worth(table(a=noise(1, 1, 8), gold=noise(2, 1, 8)))
        for bins in (found.by_rank, found.by_score):
            assert not np.isnan(bins.found.gold).any()
            assert np.isnan(bins.found.lower).all()
        assert found.comparable.verdict == "not applicable"
        json.dumps(found.to_dict(), allow_nan=False)


class TestComparable:
    def law(self, seed: int, more: float = 0.0, prompts: int = 200) -> Samples:
        """Gold bends with the score; ``more`` for each point of the prompt's mean score."""
        rng = np.random.default_rng(seed)
        shift = rng.normal(size=(prompts, 1))
        score = shift + rng.normal(size=(prompts, 12))
        gold = score - 0.2 * np.maximum(score, 0) ** 2 + more * shift
        return table(a=score, gold=gold + 0.5 * rng.normal(size=gold.shape))

    def judged(self, samples: Samples) -> str:
        assert samples.gold is not None
        return comparable_scale(samples, "a", samples.gold).verdict

    def test_a_bent_scale_is_still_one_scale(self) -> None:
        assert self.judged(self.law(1)) == "yes"

    def test_a_scale_that_moves_with_the_prompt_is_not(self) -> None:
        for more in (0.6, -0.6):
            assert self.judged(self.law(1, more)) == "no"

    def test_a_third_more_between_prompts_is_too_much_and_a_tenth_is_not(self) -> None:
        assert self.judged(self.law(1, 0.35, prompts=1500)) == "no"
        assert self.judged(self.law(1, 0.08, prompts=1500)) == "yes"

    def test_few_prompts_do_not_tell(self) -> None:
        assert self.judged(self.law(1, 0.3, prompts=12)) == "undecided"

    def test_slopes_are_those_of_the_law_per_point_of_score(self) -> None:
        rng = np.random.default_rng(1)
        shift = rng.normal(size=(400, 1))
        score = 10 * (shift + rng.uniform(-1, 1, size=(400, 20)))
        samples = table(a=score, gold=0.3 * score + 4.0 * shift + rng.normal(size=score.shape))
        found = comparable_scale(samples, "a", samples.gold)
        assert found.within_slope == pytest.approx(0.3, abs=0.02)
        # Four per prompt is 0.4 per point of its mean score, up to that mean's sampling error.
        assert found.between_slope == pytest.approx(0.7, abs=0.04)
        assert found.difference == pytest.approx(found.between_slope - found.within_slope)

    def test_gold_that_differs_by_prompt_at_the_same_score_is_told(self) -> None:
        samples = self.law(1)
        gold = samples.gold + np.repeat(np.random.default_rng(2).normal(0, 0.7, 200), 12)
        found = comparable_scale(samples, "a", gold)
        assert found.prompt_sd == pytest.approx(0.7, abs=0.1)
        assert f"{found.prompt_sd:.2g} (sd)" in found.sentence

    def test_without_variation_there_is_nothing_to_compare(self) -> None:
        centred = noise(1, 40, 8)
        centred -= centred.mean(axis=1, keepdims=True)
        same = np.repeat(noise(1, 40, 1), 8, axis=1)
        clipped_alike = np.tile(np.arange(8.0), (40, 1))
        for scores in (same, np.zeros((40, 8)), clipped_alike):
            assert self.judged(table(a=scores, gold=noise(2, 40, 8))) == "not applicable"
        ranks = np.argsort(np.argsort(centred, axis=1), axis=1).astype(float)
        assert self.judged(table(a=ranks, gold=noise(2, 40, 8))) == "not applicable"

    @pytest.mark.parametrize(("scale", "shift"), [(1e-6, 5.0), (3.7, -100.0), (1e5, 0.0)])
    def test_units_of_the_score_change_no_verdict(self, scale: float, shift: float) -> None:
        for more in (0.0, 0.6):
            samples = self.law(5, more)
            moved = replace(samples, proxies={"a": scale * samples.proxies["a"] + shift})
            before, after = worth(samples), worth(moved)
            assert after.comparable.verdict == before.comparable.verdict
            assert after.comparable.within_slope * scale == pytest.approx(
                before.comparable.within_slope, rel=1e-4
            )
            np.testing.assert_allclose(after.by_rank.found.gold, before.by_rank.found.gold)
            np.testing.assert_allclose(
                after.by_score.found.lower, before.by_score.found.lower, rtol=1e-6
            )


@pytest.mark.skipif(not DATA.exists(), reason="the shared tables are not here")
def test_a_judges_hundred_points() -> None:
    samples = read_samples(DATA / "judge_bon24.parquet", proxies=["proxy_judge"], gold="gold")
    found = score_worth(samples, "proxy_judge", completed_gold(samples, "proxy_judge", "all"))
    # The judge's favourite score, 97, is worth less than 96: the dip before the top.
    gold = dict(zip(found.by_score.centre, found.by_score.found.gold, strict=True))
    scores = samples.proxies["proxy_judge"]
    for score in (96.0, 97.0):
        assert gold[score] == pytest.approx(samples.gold[scores == score].mean())
    assert found.at(97.0)[2] < found.at(96.0)[0]
    assert found.by_rank.found.gold[-1] == pytest.approx(0.831, abs=0.002)
