"""Columns that order all groups alike."""

from __future__ import annotations

import numpy as np
from tables import PROMPTS, codes, noise, of, table

from overopt.auditing.data_findings import proxy_findings, proxy_pair_findings
from overopt.findings import Severity


class TestPairs:
    def test_monotone_twins_are_found_with_their_direction(self) -> None:
        a = noise(5)
        found = proxy_pair_findings(table(a=a, b=np.exp(a), c=-np.cbrt(a)))
        assert [(one.data["proxies"], one.data["direction"]) for one in found] == [
            (["a", "b"], "increasing"),
            (["a", "c"], "decreasing"),
            (["b", "c"], "decreasing"),
        ]

    def test_the_map_may_differ_between_groups(self) -> None:
        a = noise(5)
        assert len(proxy_pair_findings(table(a=a, b=a * 2 + noise(6, PROMPTS, 1)))) == 1

    def test_one_swap_or_one_new_tie_makes_them_different(self) -> None:
        a = np.sort(noise(5), axis=1)
        swapped, tied = a.copy(), a.copy()
        swapped[7, [2, 3]] = swapped[7, [3, 2]]
        tied[7, 2] = tied[7, 3]
        assert proxy_pair_findings(table(a=a, b=swapped)) == []
        assert proxy_pair_findings(table(a=a, b=tied)) == []

    def test_missing_scores_must_be_missing_in_both(self) -> None:
        a = noise(5)
        a[:, 0] = np.nan
        b = -a
        assert len(proxy_pair_findings(table(a=a, b=b))) == 1
        b[0, 0] = 0
        assert proxy_pair_findings(table(a=a, b=b)) == []

    def test_agreement_by_chance_is_no_finding(self) -> None:
        a = noise(5, 5, 2)
        assert proxy_pair_findings(table(a=a, b=2 * a)) == []

    def test_large_tables_are_compared_on_all_rows(self) -> None:
        a = noise(5, 8_000)
        b = a.copy()
        assert len(proxy_pair_findings(table(a=a, b=b))) == 1
        b[-1] = b[-1, ::-1]
        b[0] = b[0, ::-1]
        assert proxy_pair_findings(table(a=a, b=b)) == []

    def test_gold_that_repeats_the_proxy_stops(self) -> None:
        a = noise(5)
        assert of("OV117", proxy_findings(table(a=a, gold=a**3), "a")).severity == Severity.STOP
        gold = a.copy()
        gold[3, 0] += 9
        assert "OV117" not in codes(proxy_findings(table(a=a, gold=gold), "a"))

    def test_a_perfect_verifier_is_a_caution(self) -> None:
        passes = noise(5) > 0
        one = of("OV117", proxy_findings(table(a=passes, gold=passes.astype(float)), "a"))
        assert one.severity == Severity.CAUTION
