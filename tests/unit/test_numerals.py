"""Numbers as they are told: few digits, but those that the interval can bear."""

from __future__ import annotations

import math

import pytest

from overopt.numerals import ABSENT, decimals, estimate, number, percent, spread_places


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ABSENT),
        (math.nan, ABSENT),
        (-math.inf, ABSENT),
        (0, "0"),
        (24.0, "24"),
        (0.66842, "0.668"),
        (-2.5, "-2.5"),
        (0.9996, "1"),
        (-0.0123456, "-0.0123"),
        (1316.2, "1,316"),
        (123456.0, "123,456"),
        (1e-9, "1.00e-09"),
        (3.2e8, "3.20e+08"),
    ],
)
def test_a_number_shows_three_digits(value: float | None, told: str) -> None:
    assert number(value) == told


def test_digits_places_and_sign_are_kept_where_they_are_asked_for() -> None:
    assert [number(value, digits=2) for value in (0.0456, 3.14, 314.2, 4e-9)] == [
        "0.046",
        "3.1",
        "314",
        "4.0e-09",
    ]
    assert number(0.5, 3, sign=True) == "+0.500"
    assert number(12345.678, 2) == "12,345.68"


def test_numbers_too_small_for_their_places_keep_two_digits() -> None:
    assert number(7.54e-8, 8) == "7.5e-08"
    assert number(-0.0004, 3) == "0.000"
    assert number(0.5, 8) == "0.50000000"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0.12345, 0.1, 0.2), "0.123 [0.100, 0.200]"),
        ((1.5, 1.0, 2.0), "1.50 [1.00, 2.00]"),
        ((150.4, 100.0, 200.0), "150 [100, 200]"),
        ((-0.001, -0.2, 0.2), "0.00 [-0.20, 0.20]"),
        ((7.53e-8, 5.34e-8, 9.82e-8), "7.5e-08 [5.3e-08, 9.8e-08]"),
        ((0.165, None, None), "0.165"),
        ((0.5, math.nan, math.nan), "0.5"),
        ((0.5, -math.inf, math.inf), "0.5"),
        ((0.5, 0.5, 0.5), "0.5"),
        ((None, None, None), ABSENT),
        ((math.nan, math.nan, math.nan), ABSENT),
    ],
)
def test_an_estimate_shows_two_digits_of_half_its_interval_where_it_has_one(
    values: tuple[float | None, float | None, float | None], told: str
) -> None:
    assert estimate(*values) == told


def test_a_gain_that_is_nought_by_definition_has_no_interval() -> None:
    assert estimate(0.0, 0.0, 0.0, sign=True) == "+0"
    assert estimate(0.165, 0.084, 0.246, sign=True) == "+0.165 [+0.084, +0.246]"


def test_decimals_follow_the_typical_width_of_the_intervals() -> None:
    assert decimals([0.59, None], [0.75, None]) == 3
    assert decimals([10.0], [34.0]) == 0
    assert decimals([None], [None]) == 3
    assert [spread_places(values) for values in ([0.0, 12.0], [0.1, 0.2], [1.0], [])] == [
        1,
        3,
        3,
        3,
    ]


def test_small_shares_keep_a_decimal() -> None:
    assert [percent(share) for share in (0, 0.042, 0.5, 1, None)] == [
        "0 %",
        "4.2 %",
        "50 %",
        "100 %",
        ABSENT,
    ]
