"""A source that wins nearly always."""

from __future__ import annotations

from typing import Any

import numpy as np
from tables import PROMPTS, codes, noise, of, sources, table

from overopt.auditing.data_findings import proxy_findings
from overopt.findings import Finding, Severity
from overopt.samples import Category


class TestSources:
    NAMES = tuple("abcdefgh")

    def winner(self, won: int, **more: Any) -> list[Finding]:
        """Findings where source h gets the best score in ``won`` of the prompts."""
        scores = noise(5)
        scores[:won, 7] = 5
        return proxy_findings(table(a=scores, source=sources(list(self.NAMES)), **more), "a")

    def test_a_source_that_wins_nearly_always_is_named_with_its_rows(self) -> None:
        one = of("OV107", self.winner(35))
        assert one.severity == Severity.CAUTION
        assert one.data["source"] == "h"
        assert one.data["win_share"] >= 35 / 40
        assert one.data["fair_share"] == 1 / 8
        assert one.data["rows"][:3] == [7, 15, 23]

    def test_a_source_that_wins_often_is_not(self) -> None:
        assert "OV107" not in codes(self.winner(15))

    def test_gold_tells_the_exploiter_from_the_best(self) -> None:
        worse, better = noise(8), noise(8)
        worse[:, 7] -= 3
        better[:, 7] += 3
        bad, good = (
            of("OV107", self.winner(35, gold=worse)),
            of("OV107", self.winner(35, gold=better)),
        )
        assert bad.severity == Severity.CAUTION
        assert bad.data["gold_gap"]["upper"] < -2
        assert good.severity == Severity.NOTE
        assert good.data["gold_gap"]["lower"] > 2

    def test_a_source_with_most_candidates_wins_fairly(self) -> None:
        most = Category(codes=np.tile([0] * 7 + [1], PROMPTS), names=("big", "small"))
        assert "OV107" not in codes(proxy_findings(table(a=noise(5), source=most), "a"))

    def test_three_prompts_prove_nothing(self) -> None:
        scores = noise(5, 3)
        scores[:, 7] = 5
        few = table(a=scores, source=sources(list(self.NAMES), 3))
        assert "OV107" not in codes(proxy_findings(few, "a"))

    def test_a_source_in_some_prompts_only(self) -> None:
        scores, codes_ = noise(5), np.tile(np.arange(8), (PROMPTS, 1))
        scores[:15, 7], codes_[15:, 7] = 5, 6
        rare = Category(codes=codes_.ravel(), names=self.NAMES)
        one = of("OV107", proxy_findings(table(a=scores, source=rare), "a"))
        assert (one.data["source"], one.data["win_share"]) == ("h", 1.0)
