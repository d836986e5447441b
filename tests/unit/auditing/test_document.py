"""The document: plain values only, and about the table that the user gave."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from rollouts import DECIDED, curve_of, labelled, rollouts

import overopt
from overopt import audit
from overopt.auditing.document import plain
from overopt.numerals import estimate

QUICK: dict[str, Any] = {"pressures": ["best_of_n"]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float64("nan"), None),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([1.0, math.nan]), [1.0, None]),
        ((1, "a"), [1, "a"]),
        ({1: {"x": np.arange(2)}}, {"1": {"x": [0, 1]}}),
        (None, None),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


def test_it_says_which_table_it_is_about() -> None:
    samples = overopt.read_samples(rollouts(), proxies=["rm"], gold="human", gold_source="judge X")
    document = audit(samples, **QUICK).to_dict()
    assert document["version"] == overopt.__version__
    assert document["fingerprint"] == samples.fingerprint
    assert document["origin"] == samples.origin
    assert document["candidates"] == {"min": 8, "median": 8.0, "max": 8}
    assert (document["gold"], document["gold_source"]) == ("human", "judge X")
    assert document["notes"]["columns"]["prompt_id"] == "prompt_id"


def test_the_objective_changes_the_answer_and_not_the_table() -> None:
    samples = overopt.read_samples(rollouts(), proxies=["rm"], gold="human")
    mean, wins = (audit(samples, objective=name, **QUICK) for name in ("mean", "win-rate"))
    assert mean.to_dict()["objective"] == "mean gold"
    assert wins.to_dict()["objective"] == wins.card()["objective"] == "win rate"
    assert wins.to_dict()["fingerprint"] == wins.card()["fingerprint"] == samples.fingerprint
    assert wins.samples is samples


def test_the_headline_of_several_proxies_is_that_of_the_best() -> None:
    columns = rollouts(100)
    options: dict[str, Any] = {"proxies": ["judge", "rm"], "gold": "human", **QUICK}
    document = audit(columns, **options).to_dict()
    assert [row["name"] for row in document["ranking"]["rows"]] == ["rm", "judge"]
    assert document["headline"].startswith("rm (first of 2 proxies): Push to n = 8")
    assert document["headline"].endswith(document["ranking"]["comparison"]["sentence"])
    first = document["ranking"]["rows"][0]  # at the level that both proxies share
    gain = estimate(first["gain"], first["gain_lower"], first["gain_upper"])
    assert f"gold gains {gain} over no pressure" in document["headline"]
    unlabelled = {**columns, "human": np.full(800, np.nan)}
    blind = audit(unlabelled, proxies=["judge", "rm"], **QUICK).to_dict()
    assert blind["ranking"] is None
    assert blind["headline"].startswith("judge: No gold labels")


@pytest.mark.parametrize(
    ("design", "method", "assumed"),
    [
        ("all", "gold of every row", False),
        ("uniform", "labels drawn evenly", True),
        ("recorded", "recorded probabilities", True),
        ("unknown", "descriptive only", True),
        ("none", "proxy only", False),
    ],
)
def test_methods_and_assumptions_follow_the_labels(design: str, method: str, assumed: bool) -> None:
    declared = design if design in {"uniform", "unknown"} else None
    gold = None if design == "none" else "human"
    columns = labelled(rollouts(), design)
    options: dict[str, Any] = {"proxies": ["rm"], "gold": gold, "labels_drawn": declared}
    document = audit(columns, **options, pressures=["best_of_n", "kl_tilt"]).to_dict()
    curve, tilt = curve_of(document, "best_of_n"), curve_of(document, "kl_tilt")
    assert method in curve["method"]
    assert any("drawn with the stated" in said for said in curve["assumptions"]) == assumed
    assert "nothing outside their support" in tilt["assumptions"][-1]
    assert document["labels_drawn"] == design


def test_bounded_gold_is_said_to_be_bounded() -> None:
    columns = rollouts()
    columns["human"] = (columns["human"] > 0) * 1.0
    document = audit(columns, proxies=["rm"], gold="human", **QUICK).to_dict()
    assert "gold lies between 0 and 1" in curve_of(document, "best_of_n")["assumptions"]


def test_a_curve_says_up_to_where_it_is_reliable() -> None:
    columns = rollouts(30, 64)
    columns["rm"] = np.random.default_rng(4).standard_t(1.2, size=len(columns["rm"]))
    options: dict[str, Any] = {"proxies": ["rm"], "gold": "human"}
    document = audit(columns, **options, pressures=["best_of_n", "kl_tilt"]).to_dict()
    tilt = curve_of(document, "kl_tilt")
    assert tilt["reliable_to"] == tilt["strength"][tilt["grey"].index(True) - 1]
    assert curve_of(document, "best_of_n")["reliable_to"] is None


def test_gains_on_the_curve_are_net_of_cost_like_the_decision() -> None:
    columns = rollouts(shape=DECIDED["no_peak"])
    options: dict[str, Any] = {"proxies": ["rm"], "gold": "human"}
    gross, net = (audit(columns, cost=cost, **options, **QUICK).to_dict() for cost in (0, 0.05))
    paid = np.array(curve_of(gross, "best_of_n")["gain"]) - curve_of(net, "best_of_n")["gain"]
    np.testing.assert_allclose(paid, 0.05 * np.arange(8), atol=1e-12)
    assert curve_of(gross, "best_of_n")["gold"] == curve_of(net, "best_of_n")["gold"]
