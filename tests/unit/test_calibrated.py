"""The judge of counts must convict and must acquit."""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage, assert_coverage_within
from scipy.stats import binom


def acceptance(nominal: float, trials: int, rate: float) -> float:
    """Chance that a count from ``rate`` is accepted as coming from ``nominal``, by enumeration."""
    counts = np.arange(trials + 1)
    accepted = np.zeros(trials + 1, dtype=bool)
    for hits in counts:
        try:
            assert_coverage(int(hits), trials, nominal)
            accepted[hits] = True
        except AssertionError:
            pass
    return float(binom.pmf(counts, trials, rate)[accepted].sum())


@pytest.mark.parametrize("nominal", [0.01, 0.5, 0.9])
def test_right_code_is_accused_at_most_once_in_a_million(nominal: float) -> None:
    assert 1 - acceptance(nominal, 400, nominal) <= 1e-6


def test_four_thousand_trials_catch_an_interval_that_covers_86_instead_of_90_percent() -> None:
    assert acceptance(0.9, 4000, 0.86) < 0.01


def test_a_window_admits_its_inside_and_nothing_far_outside() -> None:
    assert_coverage_within(3_500, 4_000, 0.86, 0.94)
    with pytest.raises(AssertionError, match=r"rate 0\.8000 \(3200 of 4000\)"):
        assert_coverage_within(3_200, 4_000, 0.86, 0.94)
    with pytest.raises(AssertionError):
        assert_coverage_within(3_900, 4_000, 0.86, 0.94)


def test_bounds_at_zero_and_one_are_bounds() -> None:
    assert_coverage_within(0, 100, 0.0, 0.05)
    assert_coverage_within(100, 100, 0.88, 1.0)
