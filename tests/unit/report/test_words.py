"""Numbers and text are written the same, and safely, in every report."""

import math

import pytest
from hypothesis import given, strategies as st

from overopt.report import words


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0, "0"),
        (24.0, "24"),
        (0.66842, "0.668"),
        (2.5, "2.5"),
        (1316.2, "1316"),
        (-0.0123456, "-0.0123"),
        (1e-9, "1.00e-09"),
        (3.2e8, "3.20e+08"),
    ],
)
def test_a_number_shows_three_digits(value: float | None, told: str) -> None:
    assert words.number(value) == told


def test_places_and_sign_are_kept_where_they_are_asked_for() -> None:
    assert words.number(0.5, 3, sign=True) == "+0.500"


def test_numbers_too_small_for_their_places_keep_two_digits() -> None:
    assert words.number(7.54e-8, 8) == "7.5e-08"
    assert words.number(-0.0004, 3) == "0.000"
    assert words.number(0.5, 8) == "0.50000000"


def test_a_gain_that_is_nought_by_definition_has_no_interval() -> None:
    assert words.estimate(0.0, 0.0, 0.0, sign=True) == "+0"


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ({"files": ["a.csv"]}, ""),
        ({"steps_read": [50], "steps_left_out": 0}, ""),
        (
            {"steps_read": [50], "steps_left_out": 1},
            "step 50 only; 1 earlier step left out (--window reads more)",
        ),
        (
            {"steps_read": ["30", "40", "50"], "steps_left_out": 2000},
            "steps 30 to 50 only; 2,000 earlier steps left out (--window reads more)",
        ),
    ],
)
def test_steps_that_were_not_read_are_told(notes: dict[str, object], told: str) -> None:
    assert words.steps_told(notes) == told


def test_decimals_follow_the_typical_width_of_the_intervals() -> None:
    assert words.decimals([0.59, None], [0.75, None]) == 3
    assert words.decimals([10.0], [34.0]) == 0
    assert words.decimals([None], [None]) == 3


def test_an_estimate_without_interval_is_only_a_number() -> None:
    assert words.estimate(0.165, 0.084, 0.246, sign=True) == "+0.165 [+0.084, +0.246]"
    assert words.estimate(0.165, None, None) == "0.165"
    assert words.estimate(None, None, None) == words.ABSENT


def test_small_shares_keep_a_decimal() -> None:
    assert [words.percent(share) for share in (0, 0.042, 0.5, 1, None)] == [
        "0 %",
        "4.2 %",
        "50 %",
        "100 %",
        "–",
    ]


@given(st.text())
def test_text_from_data_becomes_one_line_without_control_characters(text: str) -> None:
    line = words.one_line(text, 50)
    assert len(line) <= 51
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in line


@given(st.integers(2, 3000), st.integers(4, 200))
def test_thinning_keeps_ends_and_the_chosen_strength(count: int, most: int) -> None:
    strengths = [float(n) for n in range(1, count + 1)]
    chosen = words.thinned(strengths, most, keep=strengths[count // 2])
    assert chosen == sorted(set(chosen))
    assert {0, count - 1, count // 2} <= set(chosen)
    assert len(chosen) <= most + 1


def test_sections_follow_the_ranking() -> None:
    audit = {"proxies": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "ranking": None}
    assert [one["name"] for one in words.best_first(audit)] == ["a", "b", "c"]
    ranked = {**audit, "ranking": {"rows": [{"name": "b"}, {"name": "c"}]}}
    assert [one["name"] for one in words.best_first(ranked)] == ["b", "c", "a"]
