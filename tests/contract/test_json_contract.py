"""``overopt audit --json``, schema overopt.audit/1: the same keys and rules for every table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rollouts import (
    DECIDED,
    PRESSURES,
    Columns,
    curve_of,
    labelled,
    point_of,
    printed,
    rollouts,
    strict,
    written,
)

import overopt
from overopt.findings import CATALOGUE

BOTH = ("--proxy", "rm", "--proxy", "judge")
GOLD = ("--gold", "human")
UNIFORM = ("--labels-drawn", "uniform")
DECISIONS = {"push", "saturated", "no_peak", "do_not_push", "undecided"}
ESTIMATES = ("gold", "lower", "upper", "band_lower", "band_upper")
SLOPES = ("slope", "slope_lower", "slope_upper")
LIMITS = ("gain", "gain_lower", "gain_upper")


def binary() -> Columns:
    columns = rollouts(seed=3)
    return {name: (v > 0.3) * 1.0 if name != "prompt_id" else v for name, v in columns.items()}


def ragged() -> Columns:
    kept = np.random.default_rng(5).random(320) < 0.8
    return {name: values[kept] for name, values in rollouts().items()}


def partly_scored() -> Columns:
    """The second proxy scored only prompts of which no row has a label."""
    columns = rollouts()
    first = np.arange(320) < 160
    return {
        **columns,
        "human": np.where(first, columns["human"], np.nan),
        "judge": np.where(first, np.nan, columns["judge"]),
    }


def constant() -> Columns:
    return {**rollouts(), "rm": np.full(320, 0.5)}


def one_label() -> Columns:
    columns = rollouts()
    return {**columns, "human": np.where(np.arange(320) == 5, columns["human"], np.nan)}


TABLES: dict[str, tuple[Columns, tuple[str, ...]]] = {
    "labelled": (rollouts(), ("--proxy", "rm", *GOLD, "--gold-source", "judge X")),
    "uniform": (labelled(rollouts(), "uniform"), ("--proxy", "rm", *GOLD, *UNIFORM)),
    "recorded": (labelled(rollouts(), "recorded"), ("--proxy", "rm", *GOLD)),
    "unknown": (labelled(rollouts(), "unknown"), ("--proxy", "rm", *GOLD)),
    "winners": (labelled(rollouts(), "winners"), (*BOTH, *GOLD, "--labels-drawn", "winners")),
    "no gold": (rollouts(), BOTH),
    "one prompt": (rollouts(1), ("--proxy", "rm", *GOLD)),
    "one prompt without gold": (rollouts(1), ("--proxy", "rm")),
    "pairs": (rollouts(30, 2), ("--proxy", "rm", *GOLD)),
    "binary": (binary(), (*BOTH, *GOLD)),
    "several proxies": (rollouts(), (*BOTH, *GOLD)),
    "several proxies, some labels": (labelled(rollouts(), "uniform"), (*BOTH, *GOLD, *UNIFORM)),
    "ragged": (ragged(), (*BOTH, *GOLD)),
    "partly scored": (partly_scored(), (*BOTH, *GOLD, *UNIFORM)),
    "constant proxy": (constant(), ("--proxy", "rm", *GOLD)),
    "one label": (one_label(), ("--proxy", "rm", *GOLD, *UNIFORM)),
    "win rate": (rollouts(), ("--proxy", "rm", *GOLD, "--objective", "win-rate", "--level", "0.9")),
}
STOPPED = {"one prompt", "one prompt without gold", "constant proxy"}


@pytest.fixture(scope="module", params=TABLES)
def audited(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any]]:
    """Name of the table and its document, as the command line printed it."""
    columns, arguments = TABLES[request.param]
    path = written(columns, tmp_path_factory.mktemp("audit") / "rollouts.parquet")
    code, document = printed(path, *arguments)
    assert code == int(request.param in STOPPED)
    return request.param, document


def all_findings(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from document["findings"]
    for proxy in document["proxies"]:
        yield from proxy["findings"]
        yield from ({k: v for k, v in one.items() if k != "id"} for one in proxy["mechanisms"])


def entries(document: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every curve with its operating point."""
    for proxy in document["proxies"]:
        yield from zip(proxy["curves"], proxy["operating_points"], strict=True)


def known(*lists: list[float | None]) -> np.ndarray:
    """Positions at which no list is null, after a check that they are null together."""
    null = np.array([[value is None for value in values] for values in lists])
    assert (null == null[0]).all()
    return np.flatnonzero(~null[0])


def test_the_table_is_described(audited: tuple[str, dict[str, Any]]) -> None:
    name, document = audited
    columns, arguments = TABLES[name]
    assert document["schema"] == "overopt.audit/1"
    assert document["level"] == (0.9 if name == "win rate" else 0.95)
    assert document["rows"] == len(columns["rm"])
    assert document["prompts"] == len(np.unique(columns["prompt_id"]))
    has_gold = "--gold" in arguments
    assert document["labelled"] == (np.isfinite(columns["human"]).sum() if has_gold else 0)
    source = "judge X" if name == "labelled" else "human"
    assert document["gold_source"] == (source if has_gold else None)
    asked = [value for flag, value in pairwise(arguments) if flag == "--proxy"]
    assert [proxy["name"] for proxy in document["proxies"]] == asked
    assert "\n" not in document["headline"]


def test_findings_are_known_codes_with_a_sentence(audited: tuple[str, dict[str, Any]]) -> None:
    for finding in all_findings(audited[1]):
        assert set(finding) == {"code", "severity", "message", "data"}
        assert finding["code"] in CATALOGUE
        assert finding["severity"] in {"stop", "caution", "note"}
        assert finding["message"]
        assert "\n" not in finding["message"]
        assert isinstance(finding["data"], dict)
        assert isinstance(finding["data"].get("rows", []), list)  # row numbers, shown by the page


def test_curves_are_equally_long_lists_of_every_pressure(
    audited: tuple[str, dict[str, Any]],
) -> None:
    for proxy in audited[1]["proxies"]:
        assert tuple(curve["pressure"] for curve in proxy["curves"]) == PRESSURES
        for curve in proxy["curves"]:
            lists = {key: v for key, v in curve.items() if isinstance(v, list)}
            assert {"strength", "kl", *ESTIMATES, *SLOPES} <= set(lists)
            lists.pop("assumptions")
            assert {len(values) for values in lists.values()} == {len(curve["strength"])}
            for key, values in lists.items():
                kind = bool if key == "grey" else float
                assert all(value is None or type(value) is kind for value in values), key


def test_strengths_and_kl_rise_from_no_pressure(audited: tuple[str, dict[str, Any]]) -> None:
    for curve, _ in entries(audited[1]):
        tilted = curve["pressure"] in {"kl_tilt", "chi_square"}
        assert curve["strength"][0] == (0 if tilted else 1)
        assert (np.diff(curve["strength"]) > 0).all()
        assert curve["kl"][0] == pytest.approx(0, abs=1e-12)
        assert (np.diff(curve["kl"]) > -1e-12).all()


def test_best_of_n_lists_every_n(audited: tuple[str, dict[str, Any]]) -> None:
    name, document = audited
    for k in range(len(document["proxies"])):
        strengths = curve_of(document, "best_of_n", k)["strength"]
        assert strengths == list(range(1, len(strengths) + 1))
        if name != "ragged":
            assert len(strengths) == document["candidates"]["max"]


def test_limits_enclose_estimates_and_bands_enclose_limits(
    audited: tuple[str, dict[str, Any]],
) -> None:
    name, document = audited
    for curve, _ in entries(document):
        if name.startswith("one prompt") or not any(value is not None for value in curve["lower"]):
            assert all(value is None for key in ESTIMATES[1:] for value in curve[key])
            continue
        at = known(*(curve[key] for key in ESTIMATES))
        gold, lower, upper, low, high = (np.array(curve[key])[at] for key in ESTIMATES)
        assert (low <= lower).all()
        assert (lower <= gold).all()
        assert (gold <= upper).all()
        assert (upper <= high).all()
        assert len(at) <= 3 or (upper - lower < high - low).any()
        at = known(*(curve[key] for key in SLOPES))
        slope, lower, upper = (np.array(curve[key])[at] for key in SLOPES)
        assert (lower <= slope).all()
        assert (slope <= upper).all()


def test_points_stand_on_their_curves(audited: tuple[str, dict[str, Any]]) -> None:
    for curve, point in entries(audited[1]):
        assert point["pressure"] == curve["pressure"]
        assert point["decision"] in DECISIONS
        at = curve["strength"].index(point["strength"])
        assert point["kl"] == pytest.approx(curve["kl"][at], abs=1e-12)
        if point["gain"] is not None:
            assert point["gain"] == pytest.approx(curve["gain"][at], abs=1e-12)
        if point["gain_lower"] is not None:
            assert point["gain_lower"] <= point["gain"] <= point["gain_upper"]
        assert (point["needs"] is None) == (point["decision"] != "undecided")
        assert re.fullmatch(r"[^\n]+\.", point["sentence"])
        assert set(LIMITS) | {"tolerance", "reach_kl", "gold_source", "numbers"} <= set(point)


def test_unknown_gold_is_null_and_decides_nothing(audited: tuple[str, dict[str, Any]]) -> None:
    name, document = audited
    unlabelled = {"no gold", "one prompt without gold"}
    for proxy in document["proxies"]:
        blind = name in unlabelled or (name == "partly scored" and proxy["name"] == "judge")
        undecided = blind or name in {"winners", "unknown", "one prompt"}
        for curve, point in entries({"proxies": [proxy]}):
            if undecided:
                assert point["decision"] == "undecided"
                assert point["strength"] == curve["strength"][0]
            if blind:
                assert {v for key in (*ESTIMATES, *SLOPES) for v in curve[key]} == {None}
                assert {point[key] for key in LIMITS} == {None}
                assert point["sentence"].startswith("No gold labels")
            elif name != "winners":
                assert None not in curve["gold"]
                assert point["gain"] is not None


def test_the_optional_parts_are_there_where_they_have_a_meaning(
    audited: tuple[str, dict[str, Any]],
) -> None:
    name, document = audited
    first = document["proxies"][0]
    gold = name not in {"no gold", "one prompt without gold", "winners"}
    assert (first["worth"] is not None, first["trainer"] is not None) == (gold, gold)
    if document["rows"] > 8:
        assert (first["passes"] is not None) == (name == "binary")
    ranked = {"binary", "several proxies", "several proxies, some labels", "ragged"}
    assert (document["ranking"] is not None) == (name in ranked)
    if name in {"uniform", "recorded", "unknown", "winners"}:
        assert document["labels_drawn"] == name


def test_with_winners_only_gold_is_known_where_all_are_drawn(tmp_path: Path) -> None:
    columns, arguments = TABLES["winners"]
    path = written(columns, tmp_path / "t.parquet")
    _, document = printed(path, *arguments)
    gold = curve_of(document, "best_of_n")["gold"]
    assert gold[:-1] == [None] * 7
    assert gold[-1] == pytest.approx(np.nanmean(columns["human"]))
    assert curve_of(document, "best_of_n", 1)["gold"] == [None] * 8


def test_names_are_those_that_the_user_gave(tmp_path: Path) -> None:
    columns = rollouts()
    columns = {"task_id": columns["prompt_id"], "proxy_rm": columns["rm"], "r 2": columns["judge"]}
    path = written(columns, tmp_path / "t.parquet")
    quick = ("--pressure", "best_of_n")
    _, document = printed(path, "--proxy", "rm", "--proxy", "r 2", *quick)
    assert [proxy["name"] for proxy in document["proxies"]] == ["rm", "r 2"]
    _, document = printed(path, *quick, "--pressure", "kl_tilt")
    assert [curve["pressure"] for curve in document["proxies"][0]["curves"]] == [
        "best_of_n",
        "kl_tilt",
    ]


def test_a_long_best_of_n_curve_lists_the_first_1024(tmp_path: Path) -> None:
    path = written(rollouts(3, 1500), tmp_path / "t.parquet")
    quick = ("--pressure", "best_of_n", "--proxy", "rm")
    strengths = curve_of(printed(path, *quick)[1], "best_of_n")["strength"]
    assert strengths[:1024] == list(range(1, 1025))
    assert strengths[-1] == 1500
    assert (np.diff(strengths[1023:]) > 1).any()


def test_every_field_is_explained(audited: tuple[str, dict[str, Any]]) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "json.md"
    if not page.exists():
        pytest.skip("no documentation beside the tests")
    explained = set(re.findall(r"`(\w+)`", page.read_text(encoding="utf-8")))
    _, document = audited
    fields = {*document, *document["proxies"][0]}
    for curve, point in entries(document):
        fields |= {*curve, *point}
    assert fields - explained <= {"pressure"}  # the page lists the ids themselves


def test_python_and_the_command_line_give_one_document(tmp_path: Path) -> None:
    path = written(rollouts(shape=DECIDED["saturated"]), tmp_path / "t.parquet")
    options = ("--proxy", "rm", *GOLD, "--level", "0.9", "--cost", "0.01")
    _, document = printed(path, *options)
    found = overopt.audit(path, proxies=["rm"], gold="human", level=0.9, cost=0.01)
    assert found.to_dict() == document
    saved = found.save(tmp_path / "audit.json")
    assert strict(saved.read_text()) == document
    assert point_of(document, "best_of_n")["decision"] in DECISIONS
