"""Whatever comes out of a reward function becomes numbers and kinds."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overopt.watch.values import KINDS, kind_counts, numbers


class Tensor:
    """What a tensor of another library can do, as far as it matters."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def tolist(self) -> Any:
        return self._values


class Scalar:
    """A tensor without dimensions."""

    def __init__(self, value: float) -> None:
        self._value = value

    def item(self) -> float:
        return self._value


class Hostile:
    def __float__(self) -> float:
        raise RuntimeError("no")


VALUES = [
    (1, 1.0, "number"),
    (True, 1.0, "number"),
    (Decimal("0.5"), 0.5, "number"),
    (Fraction(1, 4), 0.25, "number"),
    (np.float16(0.5), 0.5, "number"),
    (np.array(2.0), 2.0, "number"),
    (np.array([2.0]), 2.0, "number"),
    (Scalar(3.0), 3.0, "number"),
    (2**70, float(2**70), "number"),
    (5e-324, 5e-324, "number"),
    (-1e308, -1e308, "number"),
    (math.nan, math.nan, "nan"),
    (math.inf, math.inf, "plus_infinity"),
    (-math.inf, -math.inf, "minus_infinity"),
    (Decimal("-Infinity"), -math.inf, "minus_infinity"),
    (None, math.nan, "missing"),
    ("1.5", math.nan, "not_a_number"),
    (b"2", math.nan, "not_a_number"),
    ([1.0], math.nan, "not_a_number"),
    (1j, math.nan, "not_a_number"),
    (Hostile(), math.nan, "not_a_number"),
    (10**400, math.inf, "too_large"),
    (-(10**400), -math.inf, "too_large"),
    (10**5000, math.inf, "too_large"),
]


@pytest.mark.parametrize(("value", "number", "kind"), VALUES, ids=lambda v: str(type(v)))
def test_r11_each_kind_of_value(value: object, number: float, kind: str) -> None:
    doubles, kinds = numbers([0.5, value])
    np.testing.assert_array_equal(doubles, [0.5, number])
    assert (KINDS[kinds[1]] if kinds is not None else "number") == kind


@pytest.mark.parametrize(
    "container",
    [
        [1.0, 2.0],
        (1, 2),
        np.array([1, 2], np.int8),
        np.array([[1.0], [2.0]]),
        np.array([1.0, 2.0], object),
        np.array([1, 2], np.float32),
        Tensor([1.0, 2.0]),
        [Scalar(1.0), Scalar(2.0)],
        iter([1.0, 2.0]),
        {1.0: "a", 2.0: "b"}.keys(),
    ],
    ids=lambda c: type(c).__name__,
)
def test_r11_each_container(container: object) -> None:
    doubles, kinds = numbers(container)
    assert (doubles.tolist(), kinds) == ([1.0, 2.0], None)


def test_a_single_value_is_one_row() -> None:
    for single in (1.5, Tensor(1.5), np.float64(1.5), Decimal("1.5")):
        assert numbers(single)[0].tolist() == [1.5]
    for nothing in (None, "1.5", {"score": 1.5}):
        assert math.isnan(numbers(nothing)[0][0])


def test_the_callers_array_can_be_used_again() -> None:
    array = np.array([1.0, 2.0])
    doubles, _ = numbers(array)
    array[0] = 9.0
    assert doubles[0] == 1.0


def test_kinds_are_counted() -> None:
    _, kinds = numbers([1.0, None, None, math.nan, -math.inf])
    assert kind_counts(kinds) == {"nan": 1, "minus_infinity": 1, "missing": 2}
    assert kind_counts(None) == {}


MIXED = st.lists(
    st.one_of(
        st.floats(),
        st.integers(),
        st.booleans(),
        st.none(),
        st.decimals(),
        st.text(max_size=3),
        st.lists(st.floats(), max_size=2),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(MIXED)
def test_r11_any_mixture_keeps_its_finite_numbers(values: list[Any]) -> None:
    doubles, kinds = numbers(values)
    assert len(doubles) == len(values)
    plain = np.ones(len(values), bool) if kinds is None else kinds == 0
    assert np.isfinite(doubles[plain]).all()
    assert not np.isfinite(doubles[~plain]).any()
    for value, double in zip(values, doubles, strict=True):
        if isinstance(value, float) and math.isfinite(value):
            assert double == value
