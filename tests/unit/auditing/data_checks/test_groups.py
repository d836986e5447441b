"""Checks of the shape of the table."""

from __future__ import annotations

import pytest
from tables import PROMPTS, about_table, noise, of, sources, table

from overopt.findings import Severity


class TestShape:
    def test_one_candidate_everywhere_stops(self) -> None:
        assert of("OV106", about_table(table(a=noise(5, 40, 1)))).severity == Severity.STOP

    def test_single_candidates_are_named(self) -> None:
        sizes = [1, 1, *[8] * 38]
        one = of("OV106", about_table(table(sizes, a=noise(5).ravel()[: sum(sizes)])))
        assert (one.severity, one.data["single"]) == (Severity.CAUTION, 2)
        assert one.data["rows"] == [0, 1]

    @pytest.mark.parametrize(("size", "severity"), [(3, Severity.CAUTION), (4, None)])
    def test_small_groups(self, size: int, severity: Severity | None) -> None:
        found = [one.severity for one in about_table(table(a=noise(5, 40, size)))]
        assert found == ([severity] if severity else [])

    def test_ragged_groups_say_how_far_the_curve_reaches(self) -> None:
        sizes = [5] * 10 + [8] * 30
        one = of("OV106", about_table(table(sizes, a=noise(5).ravel()[: sum(sizes)])))
        assert (one.severity, one.data["reached_by_most"]) == (Severity.NOTE, 5)
        assert one.message.startswith("groups hold 5 to 8 candidates, median 8; 95 % ")

    def test_even_groups_are_told_by_one_number(self) -> None:
        one = of("OV106", about_table(table(a=noise(5, 40, 3))))
        assert one.message.startswith("candidates per group: 3; ")

    def test_a_few_smaller_groups_are_fine(self) -> None:
        sizes = [7] + [8] * 39
        assert about_table(table(sizes, a=noise(5).ravel()[: sum(sizes)])) == []

    def test_pooled_policies_stop(self) -> None:
        pooled = table(a=noise(5), notes={"pooled_groups": [100, 200]})
        assert of("OV111", about_table(pooled)).severity == Severity.STOP

    @pytest.mark.parametrize(
        ("prompts", "severity"), [(1, Severity.STOP), (29, Severity.CAUTION), (30, None)]
    )
    def test_few_prompts(self, prompts: int, severity: Severity | None) -> None:
        found = [one.severity for one in about_table(table(a=noise(5, prompts)))]
        assert found == ([severity] if severity else [])

    def test_candidates_that_are_systems(self) -> None:
        notes = {"source_from_candidate_id": True}
        named = table(a=noise(5, PROMPTS, 4), source=sources(list("wxyz")), notes=notes)
        assert of("OV114", about_table(named)).data["systems"] == 4
