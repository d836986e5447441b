"""How gold labels were drawn, how many, how varied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from calibrated import assert_coverage_within
from tables import PROMPTS, SIZE, about_table, codes, noise, of, table

from overopt.findings import Severity
from overopt.samples import Samples


class TestLabels:
    def part(self, chosen: np.ndarray, **more: Any) -> Samples:
        return table(
            a=noise(5, *chosen.shape),
            gold=np.where(chosen, noise(6, *chosen.shape), np.nan),
            **more,
        )

    def uniform(self, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).random((100, 10)) < 0.3

    def winners(self) -> np.ndarray:
        scores = noise(5, 100, 10)
        return scores >= np.sort(scores, axis=1)[:, [-3]]

    def test_uniform_labels_are_fine_when_declared_and_a_caution_when_not(self) -> None:
        assert about_table(self.part(self.uniform()), "uniform") == []
        for drawn in ("unknown", "all"):
            one = of("OV110", about_table(self.part(self.uniform()), drawn))
            assert one.severity == Severity.CAUTION

    def test_labels_of_the_best_are_not_uniform(self) -> None:
        for drawn in ("uniform", "unknown"):
            one = of("OV110", about_table(self.part(self.winners()), drawn))
            assert (one.severity, one.data["proxy"]) == (Severity.STOP, "a")
        assert of("OV110", about_table(self.part(self.winners()), "winners")).severity == "caution"

    def test_labels_of_both_extremes_are_not_uniform(self) -> None:
        ranks = noise(5, 100, 10).argsort(axis=1).argsort(axis=1)
        one = of("OV110", about_table(self.part((ranks == 0) | (ranks == 9)), "uniform"))
        assert one.severity == Severity.STOP

    def test_whole_prompts_may_be_labelled(self) -> None:
        chosen = np.repeat(np.arange(100)[:, None] < 40, 10, axis=1)
        assert about_table(self.part(chosen), "uniform") == []

    def test_uniform_draws_never_look_otherwise(self) -> None:
        trials = 400
        wrong = sum(
            codes(about_table(self.part(self.uniform(seed)), "uniform")) != []
            for seed in range(trials)
        )
        assert_coverage_within(wrong, trials, 0, 1e-3)

    def test_recorded_probabilities_must_add_up(self) -> None:
        prob = np.where(noise(5, 100, 10) > 1, 0.9, 0.2)
        chosen = np.random.default_rng(3).random(prob.shape) < prob
        assert about_table(self.part(chosen, label_prob=prob), "recorded") == []
        certain = self.part(chosen, label_prob=np.ones_like(prob))
        one = of("OV110", about_table(certain, "recorded"))
        assert one.data["implied_rows"] == chosen.sum()

    def test_complete_labels_need_no_design(self) -> None:
        assert about_table(self.part(np.ones((100, 10), dtype=bool)), "unknown") == []

    def test_few_labels(self) -> None:
        chosen = np.zeros((100, 10), dtype=bool)
        chosen[:49, 0] = True
        assert of("OV116", about_table(self.part(chosen), "uniform")).data["labelled"] == 49
        chosen[49, 0] = True
        assert about_table(self.part(chosen), "uniform") == []

    def test_many_labels_in_few_prompts(self) -> None:
        chosen = np.repeat(np.arange(100)[:, None] < 29, 10, axis=1)
        assert of("OV116", about_table(self.part(chosen), "uniform")).data["labelled_prompts"] == 29

    @pytest.mark.parametrize(
        ("gold", "severity"),
        [
            (np.ones((PROMPTS, SIZE)), "stop"),
            (np.repeat(noise(6, PROMPTS, 1), SIZE, axis=1), "stop"),
            (noise(6) > 2.2, "caution"),
            (noise(6) > 1.0, None),
            (noise(6), None),
        ],
    )
    def test_gold_that_hardly_differs(self, gold: np.ndarray, severity: str | None) -> None:
        found = about_table(table(a=noise(5), gold=gold.astype(float)))
        assert [one.severity for one in found if one.code == "OV113"] == (
            [severity] if severity else []
        )

    def test_few_labels_may_agree_by_luck(self) -> None:
        gold = np.where(self.uniform(), 1.0, np.nan)
        found = about_table(table(a=noise(5, 100, 10), gold=gold), "uniform")
        assert of("OV113", found).severity == Severity.CAUTION

    def test_twelve_balanced_labels_do_differ(self) -> None:
        gold = np.tile([0.0, 1.0], (3, 2))
        assert "OV113" not in codes(about_table(table(a=noise(5, 3, 4), gold=gold)))

    def test_one_prompt_that_carries_the_spread_of_gold(self) -> None:
        gold = noise(6)
        assert "OV118" not in codes(about_table(table(a=noise(5), gold=gold)))
        sparse = np.where(np.random.default_rng(2).random(gold.shape) < 0.15, gold, np.nan)
        assert "OV118" not in codes(about_table(table(a=noise(5), gold=sparse), "uniform"))
        gold[7, 2] = -999
        one = of("OV118", about_table(table(a=noise(5), gold=gold)))
        assert one.data["prompt"] == "p7"
        assert one.data["rows"] == list(range(56, 64))
