"""Repeated candidates, by text and by scores."""

from __future__ import annotations

import numpy as np
import pytest
from tables import PROMPTS, SIZE, about_table, codes, noise, of, table

from overopt.findings import Severity


class TestRepeats:
    def texts(self) -> np.ndarray:
        words = [f"the answer to question {i} is {i * i}" for i in range(PROMPTS * SIZE)]
        return np.array(words, dtype=object).reshape(PROMPTS, SIZE)

    def test_the_same_text_in_a_group_is_a_repeat_but_not_between_prompts(self) -> None:
        texts = self.texts()
        texts[0, 5] = texts[0, 1]
        texts[7, 2] = texts[8, 2]
        one = of("OV102", about_table(table(a=noise(6), text=texts)))
        assert (one.data["rows"], one.data["exact"], one.data["near"]) == ([5], 1, 0)
        assert one.severity == Severity.NOTE

    def test_case_spacing_and_edges_make_a_near_repeat(self) -> None:
        texts = self.texts()
        texts[0, 5] = f"  {texts[0, 1].upper()}. "
        one = of("OV102", about_table(table(a=noise(6), text=texts)))
        assert (one.data["rows"], one.data["exact"], one.data["near"]) == ([5], 0, 1)

    def test_near_text_is_a_repeat_only_at_the_same_score(self) -> None:
        texts, scores = self.texts(), noise(6)
        long = " ".join(f"word{i}" for i in range(20))
        texts[:3, 1], texts[:3, 5] = long, long.replace("word7", "other")
        assert "OV102" not in codes(about_table(table(a=scores, text=texts)))
        scores[:3, 5] = scores[:3, 1] * (1 + 1e-13)
        one = of("OV102", about_table(table(a=scores, text=texts)))
        assert (one.data["rows"], one.data["near"]) == ([5, 13, 21], 3)

    def test_sums_that_differ_in_a_sign_are_no_repeats(self) -> None:
        texts = self.texts()
        texts[0, 1], texts[0, 5] = "x = 1 + 2", "x = 1 - 2"
        assert "OV102" not in codes(about_table(table(a=noise(6), text=texts)))

    def test_missing_texts_are_no_repeats(self) -> None:
        texts = self.texts()
        texts[:, :4] = None
        assert "OV102" not in codes(about_table(table(a=noise(6), text=texts)))

    def test_many_repeats_are_a_caution(self) -> None:
        texts = self.texts()
        texts[:, 1] = texts[:, 0]
        one = of("OV102", about_table(table(a=noise(6), text=texts)))
        assert one.severity == Severity.CAUTION
        assert one.data["share"] == 1 / 8

    def test_without_texts_copies_share_all_scores(self) -> None:
        a, b, gold = noise(6), np.round(noise(7)), noise(8)
        for column in (a, b, gold):
            column[3:6, 1] = column[3:6, 0]
        one = of("OV102", about_table(table(a=a, b=b, gold=gold)))
        assert one.data["rows"] == [25, 33, 41]
        gold[3:6, 1] += 1
        assert "OV102" not in codes(about_table(table(a=a, b=b, gold=gold)))

    @pytest.mark.parametrize("seed", range(20))
    def test_coincidences_of_coarse_scores_are_no_copies(self, seed: int) -> None:
        level = 30 * noise(seed, PROMPTS, 1)
        lengths = np.round(300 + level + 60 * noise(seed + 100))
        passes = np.abs(noise(seed + 200)) < np.abs(noise(seed + 300, PROMPTS, 1))
        assert "OV102" not in codes(about_table(table(a=lengths)))
        assert "OV102" not in codes(about_table(table(a=passes, b=np.roll(passes, 1, axis=1))))

    def test_one_prompt_gives_no_rate_of_coincidences(self) -> None:
        lengths = np.round(300 + 60 * noise(9, 1, 200))
        assert "OV102" not in codes(about_table(table(a=lengths)))
