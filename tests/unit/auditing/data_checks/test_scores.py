"""Checks of one proxy: finite, varied, untied, on a sane scale."""

from __future__ import annotations

import numpy as np
import pytest
from tables import PROMPTS, SIZE, codes, noise, of, table

from overopt.auditing.data_findings import proxy_findings
from overopt.findings import Severity


class TestFiniteScores:
    def test_plus_infinity_stops_and_names_its_rows_as_the_user_numbered_them(self) -> None:
        scores = noise(5)
        scores[2, 3], scores[4, 0] = np.inf, -np.inf
        backwards = np.arange(PROMPTS * SIZE)[::-1]
        one = of("OV101", proxy_findings(table(a=scores, row=backwards), "a"))
        assert one.severity == Severity.STOP
        assert one.data["rows"] == [319 - 19, 319 - 32]
        assert (one.data["plus_infinity"], one.data["minus_infinity"]) == (1, 1)

    def test_minus_infinity_is_a_caution(self) -> None:
        scores = noise(5)
        scores[2, 3] = -np.inf
        assert of("OV101", proxy_findings(table(a=scores), "a")).severity == Severity.CAUTION

    def test_missing_scores_matter_more_where_they_cut_a_group(self) -> None:
        cut, whole = noise(5), noise(5)
        cut[:3, 0], whole[0] = np.nan, np.nan
        assert of("OV101", proxy_findings(table(a=cut), "a")).severity == Severity.CAUTION
        assert of("OV101", proxy_findings(table(a=whole), "a")).severity == Severity.NOTE

    def test_many_missing_scores_have_their_own_code(self) -> None:
        scores = noise(5)
        scores[:, :2] = np.nan
        one = of("OV115", proxy_findings(table(a=scores), "a"))
        assert one.data["count"] == 80
        assert len(one.data["rows"]) == 20
        assert one.severity == Severity.CAUTION

    def test_no_score_at_all_stops(self) -> None:
        found = proxy_findings(table(a=np.full((PROMPTS, SIZE), np.nan)), "a")
        assert [(one.code, one.severity) for one in found] == [("OV115", Severity.STOP)]

    def test_other_checks_see_only_the_finite_scores(self) -> None:
        scores = np.ones((PROMPTS, SIZE))
        scores[:, 0] = np.nan
        scores[0, 0] = np.inf
        assert "OV103" in codes(proxy_findings(table(a=scores), "a"))


class TestScores:
    def test_constant_scores_stop(self) -> None:
        assert of("OV103", proxy_findings(table(a=np.ones((3, 4))), "a")).severity == Severity.STOP
        per_prompt = np.repeat(noise(5, PROMPTS, 1), SIZE, axis=1)
        assert of("OV103", proxy_findings(table(a=per_prompt), "a")).data["distinct"] == PROMPTS

    def test_scores_that_vary_in_one_prompt_are_not_constant(self) -> None:
        scores = np.repeat(noise(5, PROMPTS, 1), SIZE, axis=1)
        scores[0, 0] += 1
        assert "OV103" not in codes(proxy_findings(table(a=scores), "a"))

    def test_binary_and_ordinal_scores_are_noted(self) -> None:
        passes = of("OV104", proxy_findings(table(a=noise(5) > 1), "a"))
        assert passes.data["kind"] == "binary"
        assert passes.data["share_at_cap"] == pytest.approx((noise(5) > 1).mean())
        ratings = np.clip(np.round(3 + noise(5)), 1, 5)
        assert of("OV104", proxy_findings(table(a=ratings), "a")).data["distinct"] == 5

    def test_ties_at_the_top_end_the_pressure_at_minus_log_of_their_share(self) -> None:
        scores = noise(5)
        scores[:20, :2] = 9
        one = of("OV105", proxy_findings(table(a=scores), "a"))
        assert one.data["share"] == 0.5
        assert one.data["kl_end"] == pytest.approx(np.log(4))
        assert one.data["count"] == 40

    def test_ties_below_the_top_or_in_few_groups_are_fine(self) -> None:
        low, few = noise(5), noise(5)
        low[:, :2], few[:4, :2] = -9, 9
        for scores in (low, few):
            assert "OV105" not in codes(proxy_findings(table(a=scores), "a"))

    @pytest.mark.parametrize("code", [-999.0, 1e6])
    def test_a_shared_far_extreme_looks_like_a_code(self, code: float) -> None:
        scores = noise(5)
        scores[1, 2] = code
        assert "OV119" not in codes(proxy_findings(table(a=scores), "a"))  # one is an outlier
        scores[6, 0] = code
        one = of("OV119", proxy_findings(table(a=scores), "a"))
        assert (one.data["value"], one.data["rows"]) == (code, [10, 48])

    def test_binary_scores_hold_no_code(self) -> None:
        assert "OV119" not in codes(proxy_findings(table(a=noise(5) > 0), "a"))

    def test_spread_that_differs_tenfold_between_prompts(self) -> None:
        spread = np.geomspace(1, 100, PROMPTS)[:, None]
        assert "OV120" in codes(proxy_findings(table(a=noise(5) * spread), "a"))
        assert "OV120" not in codes(proxy_findings(table(a=noise(5) * spread**0.3), "a"))
