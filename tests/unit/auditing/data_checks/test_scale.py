"""Which kind of scale a score is on."""

from __future__ import annotations

import numpy as np
import pytest
from tables import PROMPTS, SIZE, noise, table

from overopt.auditing.data_findings import scale_of


class TestScale:
    def test_numbers_by_hand(self) -> None:
        scale = scale_of(table(a=[[1, 1, 3, 7], [2, 4, 6, 6], [0, 0, 0, 0]]), "a")
        assert (scale.distinct, scale.min, scale.max) == (7, 0, 7)
        assert scale.mean == pytest.approx(30 / 12)
        assert scale.within_sd == pytest.approx((8**0.5 + (11 / 3) ** 0.5) / 3)
        assert scale.tied_share == pytest.approx(8 / 12)
        assert scale.tied_top_share == pytest.approx(2 / 3)
        assert scale.to_dict()["kind"] == scale.kind

    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            (noise(4), "continuous"),
            (np.round(50 + 10 * noise(4), -1), "ordinal"),
            (noise(4) > 0, "binary"),
            (np.zeros((PROMPTS, SIZE)), "constant"),
            (np.full((PROMPTS, SIZE), np.nan), "constant"),
            (np.round(300 + 100 * noise(4)), "continuous"),  # lengths
        ],
    )
    def test_kind(self, values: np.ndarray, kind: str) -> None:
        assert scale_of(table(a=values), "a").kind == kind

    def test_single_candidates_have_no_spread_within(self) -> None:
        scale = scale_of(table(a=noise(4, 30, 1)), "a")
        assert np.isnan(scale.within_sd)
        assert np.isnan(scale.tied_top_share)
