"""Guesses: what follows from them, and which no table can meet."""

from __future__ import annotations

import math

import pytest

from overopt.errors import BadOption
from overopt.labels.study import Guess


def test_half_the_spread_lies_between_prompts_unless_said_otherwise() -> None:
    assert Guess().sd_within == 1
    assert Guess().sd_between == 0.5
    assert Guess(spread=4).sd_between == 2
    assert Guess(spread=4, between=0).sd_between == 0


def test_the_spread_of_right_or_wrong_gold_follows_from_its_base_rate() -> None:
    guess = Guess(gold_kind="binary", base_rate=0.9)
    assert guess.sd_within**2 + guess.sd_between**2 == pytest.approx(0.09)
    assert guess.sd_between == pytest.approx(guess.sd_within / 2)
    known = Guess(gold_kind="binary", between=0.3)
    assert known.sd_within == pytest.approx(math.sqrt(0.25 - 0.09))


def test_the_unit_is_the_sd_where_none_was_given() -> None:
    assert Guess().unit == "sd of gold within a prompt"
    assert Guess(spread=2).unit == Guess(gold_kind="binary").unit == "gold"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"correlation": 1.5}, "--correlation 1.5: give a correlation"),
        ({"correlation": 0}, "above 0 and below 1"),
        ({"correlation": float("nan")}, "--correlation nan"),
        ({"gold_kind": "ordinal"}, "choose one of continuous, binary"),
        ({"spread": 0}, "--spread 0"),
        ({"spread": float("inf")}, "--spread inf"),
        ({"between": -1}, "--between -1"),
        ({"base_rate": 0.5}, "add --gold-kind binary"),
        ({"gold_kind": "binary", "spread": 0.5}, "follows from its base rate"),
        ({"gold_kind": "binary", "base_rate": 1.0}, "--base-rate 1: give a share"),
        ({"gold_kind": "binary", "between": 0.5}, "an sd of at most 0.47"),
    ],
)
def test_impossible_guesses_are_refused(options: dict, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        Guess(**options)
