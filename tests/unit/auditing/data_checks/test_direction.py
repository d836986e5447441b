"""A proxy that gold falls with."""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within
from tables import PROMPTS, codes, noise, of, table

from overopt.auditing.data_findings import proxy_findings
from overopt.findings import Severity


class TestDirection:
    def test_a_flipped_proxy_is_found_with_its_spearman_correlation(self) -> None:
        quality = noise(1)
        samples = table(a=-quality + noise(2), gold=quality + 3 * noise(3, PROMPTS, 1))
        one = of("OV109", proxy_findings(samples, "a"))
        assert one.severity == Severity.CAUTION
        assert -0.8 < one.data["rank_correlation"] < -0.5

    def test_perfectly_flipped_is_minus_one(self) -> None:
        gold = np.tile(np.arange(8.0), (PROMPTS, 1))
        one = of("OV109", proxy_findings(table(a=-gold, gold=gold), "a"))
        assert one.data["rank_correlation"] == pytest.approx(-1)

    def test_prompt_levels_that_run_the_other_way_do_not_count(self) -> None:
        quality, level = noise(1), 5 * noise(3, PROMPTS, 1)
        samples = table(a=quality + noise(2) - level, gold=quality + level)
        assert "OV109" not in codes(proxy_findings(samples, "a"))

    def test_labels_at_an_overoptimised_top_do_not_look_flipped(self) -> None:
        """Gold rises, then falls in the top tenth, where most labels were bought."""
        rng = np.random.default_rng(4)
        proxy = rng.normal(size=(200, 20))
        position = proxy.argsort(axis=1).argsort(axis=1) / 20
        gold = position - 2 * (position > 0.875)
        prob = np.where(position >= 0.85, 0.8, 0.1)
        seen = rng.random(proxy.shape) < prob
        samples = table(a=proxy, gold=np.where(seen, gold, np.nan), label_prob=prob)
        assert np.corrcoef(position[seen], gold[seen])[0, 1] < -0.2
        assert "OV109" not in codes(proxy_findings(samples, "a"))
        inverse = table(a=-proxy, gold=np.where(seen, gold, np.nan), label_prob=prob)
        assert "OV109" in codes(proxy_findings(inverse, "a"))

    def test_it_rings_by_chance_less_than_once_in_a_thousand(self) -> None:
        rng = np.random.default_rng(11)
        trials, rings = 2_000, 0
        for _ in range(trials):
            samples = table(a=rng.normal(size=(12, 4)), gold=rng.normal(size=(12, 4)))
            rings += "OV109" in codes(proxy_findings(samples, "a"))
        assert_coverage_within(rings, trials, 0, 1e-3)
