"""Options of an audit that make no sense are refused before any work."""

from __future__ import annotations

from typing import Any

import pytest
from rollouts import rollouts

from overopt import BadOption, audit
from overopt.auditing.options import AuditOptions
from overopt.auditing.proxy_audit import PRESSURES
from overopt.pressure import BestOfN, BestOfPoisson, ChiSquare, KLTilt, SoftBestOfN, Threshold

DEFAULTS: dict[str, Any] = {
    "level": 0.95,
    "pressures": PRESSURES,
    "labels_drawn": None,
    "objective": "mean",
    "tolerance_sd": 0.02,
    "tolerance_gain": 0.2,
    "cost": 0.0,
    "soft_lambda": None,
}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("level", 0.0, "level 0.0"),
        ("level", 1.0, "level 1.0"),
        ("level", float("nan"), "level nan"),
        ("pressures", (), "no pressure to audit: choose from best_of_n"),
        ("pressures", ("best_of_n", "worst_of_n"), "no pressure 'worst_of_n'"),
        ("labels_drawn", "some", "labels drawn 'some': choose from all, uniform"),
        ("labels_drawn", "recorded", "labels drawn 'recorded'"),
        ("labels_drawn", "none", "labels drawn 'none'"),
        ("objective", "median", "objective 'median'"),
        ("tolerance_sd", -0.1, "tolerance spread .* -0.1"),
        ("tolerance_gain", float("inf"), "tolerance gain .* inf"),
        ("cost", float("nan"), "tolerance cost .* nan"),
        ("soft_lambda", -1.0, "soft lambda -1.0"),
        ("soft_lambda", float("inf"), "soft lambda inf"),
        ("looks", -1, "looks -1: give the number"),
    ],
)
def test_nonsense_is_one_line(option: str, value: Any, message: str) -> None:
    with pytest.raises(BadOption, match=message) as caught:
        AuditOptions(**{**DEFAULTS, option: value}).check(PRESSURES)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadOption, match=message):  # before the table is looked at
        audit("no such file", **{option: value})


def test_sense_passes_unchanged() -> None:
    options = AuditOptions(**{**DEFAULTS, "level": 0.5, "soft_lambda": 2.0})
    assert options.check(PRESSURES) is options


def test_candidates_cost_something_only_where_the_strength_counts_them() -> None:
    options = AuditOptions(**{**DEFAULTS, "cost": 0.25})
    counting = (BestOfN(), BestOfPoisson(), SoftBestOfN(sharpness=1.0))
    assert [options.tolerance_for(pressure).cost for pressure in counting] == [0.25] * 3
    others = (Threshold(), KLTilt(), ChiSquare())
    assert [options.tolerance_for(pressure).cost for pressure in others] == [0.0] * 3


def test_a_proxy_that_the_table_lacks() -> None:
    samples = audit(rollouts(), proxies=["rm", "judge"], pressures=["best_of_n"]).samples
    with pytest.raises(BadOption, match=r"no proxy 'mr' in .*; its proxies are: 'rm', 'judge'"):
        audit(samples, proxies=["mr"])
