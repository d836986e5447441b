"""Wrong decisions are rare: at most one in twenty simulated tables of any kind."""

from __future__ import annotations

import pytest
from calibrated import assert_coverage_within
from statistical.cells import DECISION_LABELS, DECISION_REGIMES, decided, regime_cell

TRIALS = 1000


@pytest.mark.parametrize("labels", DECISION_LABELS)
@pytest.mark.parametrize("regime", DECISION_REGIMES)
def test_wrong_decisions_are_rare(regime: str, labels: int) -> None:
    found = decided(regime_cell(regime, labels), TRIALS)
    assert_coverage_within(found["wrong"], TRIALS, 0.0, 0.05)


@pytest.mark.parametrize("regime", ["light_ind", "reversed"])
def test_four_hundred_labels_decide_clear_cases(regime: str) -> None:
    """An evaluation that never decides would never be wrong."""
    found = decided(regime_cell(regime, 400), 200)
    assert found["undecided"] < 100
