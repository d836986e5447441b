"""Six runs of known truth, 20 seeds each: red only where pushing hurts, and soon where it does."""

from __future__ import annotations

import pytest
from head_to_head import GUARDS, SCENARIOS, Course, Scenario, false_reds, reds, truth, watched

SEEDS = 20
COURSE = Course(quiet=100, push=200, hold=60)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_red_is_true_and_a_heavy_push_is_found(scenario: Scenario) -> None:
    known = truth(scenario.name, 1500)
    runs = [watched(scenario, COURSE, seed) for seed in range(SEEDS)]
    assert sum(bool(false_reds(scenario, COURSE, run, known)) for run in runs) <= 1
    if scenario.name == "heavy push":
        assert reds(runs)["decoupled"] >= 18
    if "no push" in scenario.name:
        never = {p for p in known.pressures if known.sign(p, 0.0) < 0}
        assert not {name for run in runs for name, _ in run.green if name not in GUARDS} & never
