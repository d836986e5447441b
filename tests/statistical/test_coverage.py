"""90 % intervals hold the truth in 90 % of simulated tables, at every n.

Four thousand tables a cell. A cell fails only when its true rate lies outside the window.
"""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within
from statistical.cells import (
    BINARY_LABELS,
    LABELS,
    LARGEST_REGRET,
    REGIMES,
    SUCCESS,
    Covered,
    binary_cell,
    covered,
    regime_cell,
)

TRIALS = 4000


def assert_pointwise(found: Covered, low: float, high: float) -> None:
    for hits in found.gold:
        assert_coverage_within(int(hits), found.trials, low, high)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("regime", REGIMES)
def test_few_labels_bought_in_the_tail(regime: str, labels: int) -> None:
    """Intervals, gains, the joint band, and the regret of serving the best estimate."""
    found = covered(regime_cell(regime, labels), TRIALS)
    assert_pointwise(found, 0.86, 0.94)
    assert_coverage_within(found.band, found.trials, 0.88, 1.0)
    for hits in found.gain[1:]:
        assert_coverage_within(int(hits), found.trials, 0.86, 0.95)
    error = found.regret.std(ddof=1) / np.sqrt(found.trials)
    assert found.regret.mean() - 4.9 * error <= LARGEST_REGRET[labels]


@pytest.mark.parametrize("prompts", [4, 40])
def test_everything_labelled_on_few_prompts(prompts: int) -> None:
    found = covered(regime_cell("light_ind", None, prompts), TRIALS)
    assert_pointwise(found, 0.86, 0.94)
    if prompts == 40:
        assert_coverage_within(found.band, found.trials, 0.88, 1.0)


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("labels", BINARY_LABELS)
@pytest.mark.parametrize("success", SUCCESS)
def test_right_or_wrong_answers(success: str, labels: int | None, unequal: bool) -> None:
    """Near the limits of the scale intervals may be too wide, never too narrow."""
    found = covered(binary_cell(success, labels, unequal), TRIALS)
    assert_pointwise(found, 0.88, 1.0)
    assert_coverage_within(found.band, found.trials, 0.88, 1.0)
    for hits in found.gain[1:]:
        assert_coverage_within(int(hits), found.trials, 0.88, 1.0)
