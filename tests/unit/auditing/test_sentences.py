"""Sentences: everything a decision rests on, in the document's own numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from rollouts import DECIDED, curve_of, labelled, point_of, rollouts

from overopt import audit

NUMBER = r"(-?[\d,]+(?:\.\d+)?(?:e[+-]\d+)?)"
ESTIMATE = rf"{NUMBER}(?: \[{NUMBER}, {NUMBER}\])?"
BEST_OF_N = ["best_of_n"]


def assert_printed(text: str, value: float) -> None:
    """``text`` is ``value`` rounded to the digits that it shows."""
    digits = text.replace(",", "").partition("e")[0].lstrip("-")
    exponent = int(text.partition("e")[2] or 0)
    unit = 10.0 ** (exponent - len(digits.partition(".")[2]))
    assert abs(float(text.replace(",", "")) - value) <= 0.5 * unit * (1 + 1e-9), (text, value)


def assert_estimate(match: re.Match[str] | None, *values: float | None) -> None:
    assert match
    for text, value in zip(match.groups(), values, strict=True):
        assert (text is None) == (value is None)
        if text is not None and value is not None:
            assert_printed(text, value)


def decided(shape: str, **options: Any) -> dict[str, Any]:
    columns = rollouts(120, 16, shape=DECIDED[shape])
    options = {"pressures": BEST_OF_N, "gold_source": "judge X", **options}
    return audit(columns, proxies=["rm"], gold="human", **options).to_dict()


@pytest.fixture(scope="module", params=DECIDED)
def told(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A decision, its operating point and its document."""
    document = decided(request.param)
    return request.param, point_of(document, "best_of_n"), document


def test_each_decision_is_made_and_told(
    told: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    shape, point, document = told
    assert point["decision"] == shape
    sentence = point["sentence"]
    assert document["headline"] == sentence
    assert ", according to judge X." in sentence
    starts = {"do_not_push": "Do not push: ", "undecided": "Undecided: "}
    assert sentence.startswith(starts.get(shape, f"Push to n = {point['strength']:.0f}"))


def test_the_gain_and_its_interval_are_those_of_the_point(
    told: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    shape, point, _ = told
    sentence, numbers = point["sentence"], point["numbers"]
    if shape == "do_not_push":
        found = re.search(f"at n = {numbers['worst']:.0f} gold is lower by {ESTIMATE},", sentence)
        values = [-numbers[name] for name in ("worst_gain", "worst_upper", "worst_lower")]
    elif shape == "undecided":
        found = re.search(rf"a gain of {ESTIMATE} at n = {numbers['best']:.0f}\)", sentence)
        values = [numbers[name] for name in ("best_gain", "best_lower", "best_upper")]
    else:
        found = re.search(f"gold gains {ESTIMATE} over no pressure", sentence)
        values = [point[name] for name in ("gain", "gain_lower", "gain_upper")]
    assert_estimate(found, *values)


def test_what_follows_the_point_is_told(
    told: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    shape, point, _ = told
    sentence, n = point["sentence"], point["numbers"]
    if shape == "push":
        found = re.search(f"to n = {n['end']:.0f} it falls by {ESTIMATE}", sentence)
        assert_estimate(found, -n["rest"], -n["rest_upper"], -n["rest_lower"])
    if shape == "saturated":
        found = re.search(f"changes it by {ESTIMATE}, within the tolerance of {NUMBER}", sentence)
        rest = n["rest"], n["rest_lower"], n["rest_upper"]
        assert_estimate(found, *rest, point["tolerance"])
    if shape == "no_peak":
        found = re.search(f"last doubling still adds {ESTIMATE}", sentence)
        limits = n["last_doubling_lower"], n["last_doubling_upper"]
        assert_estimate(found, n["last_doubling"], *limits)


def test_kl_stands_beside_the_reach(told: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    shape, point, document = told
    found = re.search(
        rf"This costs {NUMBER} nats, (past|short of) the {NUMBER} nats at which a flaw .* these "
        rf"{NUMBER} rows .*: selection is not learning\.",
        point["sentence"],
    )
    if shape in {"do_not_push", "undecided"}:
        assert (point["kl"], found) == (0, None)
        return
    assert found
    kl, which, reach, rows = found.groups()
    assert_printed(kl, point["kl"])
    assert_printed(reach, document["reach"]["kl"])
    assert int(rows.replace(",", "")) == document["rows"]
    assert (which == "short of") == (document["reach"]["kl"] >= point["kl"])


def test_needs_end_the_sentence_where_undecided(
    told: tuple[str, dict[str, Any], dict[str, Any]],
) -> None:
    shape, point, _ = told
    if shape == "undecided":
        assert point["sentence"].endswith(f" To decide it: {point['needs']}.")
        assert re.search(r"about [\d,]+ prompts instead of 120", point["needs"])
    else:
        assert "To decide it" not in point["sentence"]


def test_undecided_with_a_proven_gain_says_what_to_do_until_then() -> None:
    document = decided("saturated", tolerance_sd=0.0, tolerance_gain=0.0)
    point = point_of(document, "best_of_n")
    assert (point["decision"], point["gain_lower"] > 0) == ("undecided", True)
    told = (
        r"Undecided whether gold stops rising before n = \d+, the most these groups show; until "
        rf"decided, use n = {point['strength']:.0f}: gold gains {ESTIMATE}"
    )
    assert_estimate(
        re.match(told, point["sentence"]),
        *(point[name] for name in ("gain", "gain_lower", "gain_upper")),
    )
    assert "This costs" in point["sentence"]
    assert point["sentence"].endswith(f"To decide it: {point['needs']}.")


@pytest.mark.parametrize(
    ("design", "told"),
    [
        ("unknown", "it only describes labels of unknown choice; do not push on it"),
        ("winners", "only winners are labelled, so gold without pressure is unknown"),
    ],
)
def test_labels_that_decide_nothing(design: str, told: str) -> None:
    columns = labelled(rollouts(), design)
    options: dict[str, Any] = {"proxies": ["rm"], "gold": "human", "pressures": BEST_OF_N}
    point = point_of(audit(columns, labels_drawn=design, **options).to_dict(), "best_of_n")
    assert point["sentence"].startswith("Undecided: ")
    assert told in point["sentence"]
    assert f"To decide it: {point['needs']}." in point["sentence"]


def test_one_prompt_is_told_without_an_interval() -> None:
    document = audit(rollouts(1), proxies=["rm"], gold="human", pressures=BEST_OF_N).to_dict()
    point = point_of(document, "best_of_n")
    told = f"a gain of {ESTIMATE} at n = {point['numbers']['best']:.0f}, without an interval"
    found = re.search(told, point["sentence"])
    assert_estimate(found, max(curve_of(document, "best_of_n")["gain"]), None, None)


def test_without_gold_the_proxy_is_told_and_no_advice_is_given() -> None:
    columns = {**rollouts(), "human": np.full(320, np.nan)}
    document = audit(columns, proxies=["rm"], pressures=BEST_OF_N).to_dict()
    curve, sentence = curve_of(document, "best_of_n"), point_of(document, "best_of_n")["sentence"]
    found = re.search(rf"to n = 8 the mean proxy goes from {NUMBER} to {NUMBER}", sentence)
    assert_estimate(found, curve["proxy"][0], curve["proxy"][-1])
    assert "cannot be known" in sentence
    assert "ush to" not in sentence


def test_a_better_estimate_before_the_proven_strength_is_told() -> None:
    columns = rollouts(40, 16, shape=lambda u: u - 0.6 * np.maximum(u, 0) ** 2, noise=1)
    document = audit(columns, proxies=["rm"], gold="human", pressures=BEST_OF_N).to_dict()
    point = point_of(document, "best_of_n")
    best = point["numbers"]["best"]
    assert (point["decision"], 1 < best < point["strength"]) == ("undecided", True)
    told = rf"\(the best estimate is a gain of {ESTIMATE} at n = {best:.0f}\)"
    limits = (point["numbers"][f"best_{name}"] for name in ("gain", "lower", "upper"))
    assert_estimate(re.search(told, point["sentence"]), *limits)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"objective": "win-rate"}, "the win rate gains"),
        ({"cost": 0.01}, "gold net of cost gains"),
        ({"cost": 0.01, "pressures": ["kl_tilt"]}, "gold gains"),
    ],
)
def test_a_decision_says_what_it_is_about(options: dict[str, Any], told: str) -> None:
    assert told in decided("no_peak", **options)["headline"]


def test_gold_without_a_source_is_called_by_its_column() -> None:
    assert "according to human." in decided("no_peak", gold_source=None)["headline"]


def test_tilts_name_their_own_knob() -> None:
    point = point_of(decided("no_peak", pressures=["kl_tilt"]), "kl_tilt")
    found = re.match(f"Push to 1 / beta = {NUMBER}, ", point["sentence"])
    assert_estimate(found, point["strength"])
