"""States come back from their text bit by bit, or are refused."""

import json
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Literal

import pytest
from hypothesis import given, strategies as st

from overopt.errors import BadSamples
from overopt.stats.e_process import Betting, Evidence, more_evidence
from overopt.watch.saved_state import read_state, state_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Inner:
    name: str
    seen: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    value: float
    lower: float | None
    inner: tuple[Inner, ...]
    pair: tuple[int, float]
    colour: Literal["green", "red"]
    raised: bool


def whole(value: float = 0.5, lower: float | None = None) -> Whole:
    inner = (Inner(name='a"\n\u202e', seen=(1, 2)), Inner(name="", seen=()))
    return Whole(value=value, lower=lower, inner=inner, pair=(3, -0.0), colour="red", raised=True)


@given(st.floats(allow_nan=False), st.none() | st.floats(allow_nan=False))
def test_comes_back_exactly(value: float, lower: float | None) -> None:
    state = whole(value, lower)
    back = read_state(Whole, state_text(state))
    assert back == state
    assert state_text(back) == state_text(state)


def test_text_is_strict_json_with_what_json_lacks() -> None:
    text = state_text(whole(nan, -inf))
    json.loads(text, parse_constant=pytest.fail)
    back = read_state(Whole, text)
    assert isnan(back.value)
    assert back.lower == -inf


def test_a_restart_continues_the_fold() -> None:
    betting = Betting(block=3)
    values = [0.1, -0.9, 0.3, -0.7, 1.0, -1.0, 0.123456789]
    straight = broken = Evidence.none(betting)
    for value in values:
        straight = more_evidence(straight, value, betting)
        broken = read_state(Evidence, state_text(more_evidence(broken, value, betting)))
    assert broken == straight


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"name":1,"seen":[]}', '{"name":"","seen":3}'])
def test_what_is_not_such_a_state_is_refused(text: str) -> None:
    with pytest.raises(BadSamples, match="saved Inner cannot be read"):
        read_state(Inner, text)


def test_what_cannot_be_saved_exactly_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        state_text(Inner(name="a", seen=[1]))  # type: ignore[arg-type]
