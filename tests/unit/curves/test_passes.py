"""Passes: counts by hand, which scores have a ceiling, and what the sentences claim."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from tables import noise, table

from overopt.curves.completed_gold import completed_gold
from overopt.curves.passes import Passes, passes
from overopt.samples import Samples


def found(samples: Samples, design: str = "all") -> Passes | None:
    return passes(samples, "a", completed_gold(samples, "a", design))


def verifier(seed: int = 0, false_pass: float = 0.05, prompts: int = 200) -> Samples:
    """Twenty tries at tasks from hopeless to easy, by a verifier that errs at a fixed rate."""
    rng = np.random.default_rng(seed)
    skill = rng.choice([0.0, 0.02, 0.1, 0.4, 0.9], size=(prompts, 1))
    right = rng.random((prompts, 20)) < skill
    passed = np.where(right, rng.random(right.shape) < 0.95, rng.random(right.shape) < false_pass)
    return table(a=passed.astype(float), gold=right.astype(float))


class TestCounts:
    def hand_made(self) -> Passes:
        score = np.zeros((4, 20))
        score[0, :1], score[1, :4], score[2, :15] = 1, 1, 1  # pass rates .05, .2, .75, 0
        gold = np.zeros((4, 20))
        gold[1, :2], gold[2, :12] = 1, 1
        one = found(table(a=score, gold=gold))
        assert one is not None
        return one

    def test_passes_by_pass_rate(self) -> None:
        rows = self.hand_made().to_dict()["by_pass_rate"]
        kept = ("from", "to", "prompts", "passes", "precision")
        assert [tuple(row[key] for key in kept) for row in rows] == [
            (0.0, 0.05, 1, 1, 0.0),
            (0.05, 0.2, 1, 4, 0.5),
            (0.5, 1.0, 1, 15, 0.8),
        ]
        assert all(row["lower"] is None for row in rows)  # one prompt each

    def test_mass_gold_and_nats_at_the_cap(self) -> None:
        one = self.hand_made()
        assert (one.cap, one.mass, one.at_cap.gold[0]) == (1.0, 0.25, 0.7)
        assert one.kl == pytest.approx(-np.log([0.05, 0.2, 0.75]).mean())
        assert (one.groups.sum(), one.groups_without) == (3, 1)

    def test_limits_are_those_of_a_mean_over_prompts(self) -> None:
        score = np.tile([0.0, 0, 0, 1], (30, 1))
        gold = noise(3, 30, 4)
        one = found(table(a=score, gold=gold))
        assert one is not None
        half = stats.t.ppf(0.975, 29) * gold[:, 3].std(ddof=1) / np.sqrt(30)
        assert one.at_cap.upper[0] - one.at_cap.gold[0] == pytest.approx(half)
        assert one.found.upper[0] == pytest.approx(one.at_cap.upper[0])


class TestCeiling:
    def test_no_ceiling(self) -> None:
        assert found(table(a=noise(1, 40, 8), gold=noise(2, 40, 8))) is None
        assert found(table(a=np.ones((40, 8)), gold=noise(2, 40, 8))) is None

    def test_a_top_that_many_share(self) -> None:
        capped = np.minimum(noise(1, 40, 8), 1.0)
        one = found(table(a=capped, gold=noise(2, 40, 8)))
        assert one is not None
        assert one.mass == np.mean(capped == 1)

    def test_few_values_with_a_rare_top(self) -> None:
        scores = np.rint(noise(1, 40, 8))
        one = found(table(a=scores, gold=noise(2, 40, 8)))
        assert one is not None
        assert one.cap == scores.max()
        assert one.mass < 0.05


class TestSentence:
    def test_rare_passes_of_a_lenient_verifier_are_mostly_false(self) -> None:
        one = found(verifier())
        assert one is not None
        assert one.sentence.startswith("Rare passes are mostly false: gold among passes is 0.")

    def test_rare_passes_of_a_strict_verifier_are_not(self) -> None:
        one = found(verifier(false_pass=0.0))
        assert one is not None
        assert one.sentence.startswith("Even the rarest passes are mostly right")

    def test_graded_gold_is_neither_true_nor_false(self) -> None:
        samples = verifier()
        gold = 0.3 * samples.gold + 0.1 * np.random.default_rng(1).random(samples.rows)
        one = found(table(a=samples.proxies["a"].reshape(200, 20), gold=gold))
        assert one is not None
        assert one.sentence.startswith("Rare passes are worth less")

    def test_labels_pay_where_gold_is_least_known(self) -> None:
        samples = verifier()
        gold = samples.gold.reshape(200, 20).copy()
        rate = samples.proxies["a"].reshape(200, 20).mean(axis=1)
        rng = np.random.default_rng(1)
        rare = (rate > 0.05) & (rate <= 0.2)
        gold[rare] = np.where(rng.random(gold[rare].shape) < 0.05, gold[rare], np.nan)
        one = found(table(a=samples.proxies["a"].reshape(200, 20), gold=gold), "uniform")
        assert one is not None
        assert "Labels on passes pay most where 5 to 20 %" in one.sentence

    def test_a_single_odd_prompt_does_not_call_for_labels(self) -> None:
        score = np.tile([0.0, 0, 0, 1], (30, 1))
        score[0] = [0, 1, 1, 1]
        one = found(table(a=score, gold=noise(3, 30, 4)))
        assert one is not None
        assert "More prompts pay most where 20 to 50 %" in one.sentence

    def test_more_nats_than_the_pass_rate_buy_nothing(self) -> None:
        score = np.tile([0.0, 0, 0, 1], (30, 1))
        one = found(table(a=score, gold=noise(3, 30, 4)))
        assert one is not None
        assert "Some candidate scores 1 in 30 of 30 groups." in one.sentence
        assert f"beyond {np.log(4):.2f} nats" in one.sentence

    def test_passes_without_a_label_are_unknown(self) -> None:
        samples = verifier()
        scores = samples.proxies["a"].reshape(200, 20)
        gold = np.where(scores == 1, np.nan, samples.gold.reshape(200, 20))
        one = found(table(a=scores, gold=gold), "uniform")
        assert one is not None
        assert "unknown (no label)" in one.sentence
        text = json.dumps(one.to_dict(), allow_nan=False)
        assert json.loads(text)["gold_at_cap"] is None
