"""Doubts about curves (OV3xx): each is raised by the table that deserves it, and by no other."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from rollouts import Columns, curve_of, labelled, rollouts

from overopt import audit, report
from overopt.curves.reach import reach_in_kl
from overopt.errors import BadOption

CURVE_CODES = {"OV301", "OV302", "OV303", "OV304", "OV306", "OV307", "OV309"}


def audited(columns: Columns, **options: Any) -> dict[str, Any]:
    return audit(columns, proxies=["rm"], gold="human", **options).to_dict()


def curve_findings(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Findings about curves of the only proxy, by code; no code twice but OV301."""
    found = [one for one in document["proxies"][0]["findings"] if one["code"] in CURVE_CODES]
    codes = [one["code"] for one in found]
    assert codes == sorted(codes)
    once = [code for code in codes if code != "OV301"]
    assert len(once) == len(set(once))
    return {one["code"]: one for one in found}


def heavy_tailed() -> Columns:
    columns = rollouts(30, 64, seed=4)
    columns["rm"] = np.random.default_rng(4).standard_t(1.2, size=len(columns["rm"]))
    return columns


def ragged() -> Columns:
    """Two of sixty prompts have four candidates, the others eight."""
    columns = rollouts(60)
    kept = np.ones(480, dtype=bool)
    kept[4:8] = kept[12:16] = False
    return {name: values[kept] for name, values in columns.items()}


def few_labels_at_the_top() -> Columns:
    columns = rollouts(60)
    columns["human"][np.random.default_rng(0).random(480) > 0.15] = np.nan
    return columns


RAISED: dict[str, tuple[Columns, dict[str, Any]]] = {
    "OV301": (heavy_tailed(), {"pressures": ["best_of_n", "kl_tilt"]}),
    "OV302": (ragged(), {"pressures": ["best_of_n"]}),
    "OV303": (labelled(rollouts(), "unknown"), {"pressures": ["best_of_n"]}),
    "OV304": (few_labels_at_the_top(), {"pressures": ["best_of_n"], "labels_drawn": "uniform"}),
    "OV306": (labelled(rollouts(), "winners"), {"labels_drawn": "winners"}),
    "OV307": (rollouts(900, 32, noise=20.0), {"pressures": ["soft_best_of_n"]}),
    "OV309": (rollouts(), {"pressures": ["best_of_n", "kl_tilt", "chi_square"]}),
}


@cache
def document_of(code: str) -> dict[str, Any]:
    """The audit of the table that deserves the finding."""
    columns, options = RAISED[code]
    return audited(columns, **options)


def raised(code: str) -> dict[str, Any]:
    return curve_findings(document_of(code))[code]


@pytest.mark.parametrize("code", RAISED)
def test_it_is_raised(code: str) -> None:
    found = raised(code)
    assert found["message"]
    assert found["severity"] == ("note" if code in {"OV302", "OV307", "OV309"} else "caution")


def test_a_clean_table_raises_none() -> None:
    columns = rollouts(60, 8, noise=40.0)  # nothing proven, so no operating point costs KL
    assert curve_findings(audited(columns)) == {}


def test_uneven_weights_name_where_trust_ends() -> None:
    document = document_of("OV301")
    data = raised("OV301")["data"]
    curve = curve_of(document, data["pressure"])
    first = curve["grey"].index(True)
    assert data["strength"] == curve["strength"][first]
    assert data["pareto_k"] == curve["pareto_k"][first] > 0.5
    assert all(curve["grey"][first:])


def test_small_groups_are_counted() -> None:
    found = raised("OV302")
    assert found["data"] == {"groups": 2, "largest_n": 8}
    assert "2 of 60 groups have fewer than 8 candidates" in found["message"]


def test_few_labels_are_counted_at_the_end_of_the_curve() -> None:
    document = document_of("OV304")
    data = raised("OV304")["data"]
    assert data["strength"] == 8
    assert data["labels_effective"] == curve_of(document, "best_of_n")["labels_effective"][-1] < 20


@pytest.mark.parametrize(
    ("first", "known"), [("best_of_n", [8.0]), ("threshold", [8.0]), ("kl_tilt", [])]
)
def test_winners_identify_only_the_best_of_all(first: str, known: list[float]) -> None:
    columns, options = RAISED["OV306"]
    found = curve_findings(audited(columns, pressures=[first], **options))["OV306"]
    assert found["data"]["identified"] == known
    assert ("nowhere" in found["message"]) == (not known)


def test_soft_best_of_n_on_some_prompts_says_on_how_many() -> None:
    document = document_of("OV307")
    data = raised("OV307")["data"]
    assert data["of"] == 900
    assert data["prompts"] == curve_of(document, "soft_best_of_n")["prompts"] < 900


def test_the_reach_is_exceeded_by_the_points_that_it_names() -> None:
    document = document_of("OV309")
    data = raised("OV309")["data"]
    points = {one["pressure"]: one["kl"] for one in document["proxies"][0]["operating_points"]}
    assert data["reach_kl"] == document["reach"]["kl"] == reach_in_kl(320)
    trained = {name: points[name] for name in ("kl_tilt", "chi_square")}
    assert points["best_of_n"] > data["reach_kl"]  # selection trains nothing
    assert data["kl"] == {name: kl for name, kl in trained.items() if kl > data["reach_kl"]}


def test_soft_best_of_n_leaves_out_groups_that_would_take_minutes() -> None:
    rng = np.random.default_rng(0)
    columns = {
        "prompt_id": np.repeat(np.arange(3), 20_000),
        "rm": rng.normal(size=60_000),
        "human": rng.normal(size=60_000),
    }
    found = audited(columns, pressures=["threshold", "soft_best_of_n"])
    assert [curve["pressure"] for curve in found["proxies"][0]["curves"]] == ["threshold"]
    assert curve_findings(found)["OV307"]["data"] == {"largest_group": 20_000}
    with pytest.raises(BadOption, match="audit another pressure"):
        audited(columns, pressures=["soft_best_of_n"])


@pytest.mark.parametrize(("scores", "code"), [("rm", "OV308"), ("coarse", "OV310")])
def test_a_model_beyond_the_candidates_is_told_in_every_report(scores: str, code: str) -> None:
    columns = rollouts(100, 24)
    columns["coarse"] = np.minimum(columns["rm"] + np.repeat(np.linspace(-2, 2, 100), 24), 0)
    document = audit(columns, proxies=[scores], gold="human", pressures=["best_of_n"]).to_dict()
    found = next(one for one in document["proxies"][0]["findings"] if one["code"] == code)
    assert found["data"] == {"largest_n": 24, "prompts": 100}
    pytest.importorskip("vl_convert")
    assert f"{code}: what it means" in report.html(document)
