"""Whatever a reward function returns, as numbers: lists, tensors, Decimals, None, huge integers.

A monitor must not fail on a value that its training loop survives, nor lose sight of it: what is no
finite number is stored as NaN or an infinity together with the kind of thing that it was. Foreign
containers are known by what they can do (``tolist``), so nothing is imported for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["KINDS", "kind_counts", "numbers"]

FloatVector = npt.NDArray[np.float64]
KindVector = npt.NDArray[np.uint8]

KINDS = (
    "number",
    "nan",
    "plus_infinity",
    "minus_infinity",
    "missing",  # None
    "not_a_number",  # text, a list, an object that is no number
    "too_large",  # an integer or Decimal beyond the range of a double
)
"""Kinds of values; a kind is stored as its place in this tuple."""

NUMBER, NAN, PLUS_INFINITY, MINUS_INFINITY, MISSING, NOT_A_NUMBER, TOO_LARGE = range(len(KINDS))


def numbers(values: Any) -> tuple[FloatVector, KindVector | None]:
    """Doubles [rows] and the kind [rows] of each value, None where all are finite numbers.

    ``values`` is a sequence, an array or a tensor on any device; a single number is one row.
    """
    plain = _plain(values)
    found = np.asarray(plain) if _is_flat(plain) else None
    if found is None or found.ndim != 1 or found.dtype.kind not in "fiub":
        return _one_by_one(plain)
    doubles = found.astype(np.float64)  # always a copy: the caller may reuse its array
    if np.isfinite(doubles).all():
        return doubles, None
    return doubles, _kinds(doubles)


def kind_counts(kinds: KindVector | None) -> dict[str, int]:
    """How many values of each kind that is no finite number."""
    if kinds is None:
        return {}
    counts = np.bincount(kinds, minlength=len(KINDS))
    return {KINDS[i]: int(counts[i]) for i in range(1, len(KINDS)) if counts[i]}


def _plain(values: Any) -> Any:
    """The values as a NumPy array or a list."""
    if isinstance(values, np.ndarray):
        return values.reshape(-1) if values.dtype.kind in "fiub" else values.reshape(-1).tolist()
    if isinstance(values, list | tuple):
        return values
    if isinstance(values, str | bytes | Mapping) or values is None:
        return [values]
    if hasattr(values, "tolist"):  # tensors, also of types that NumPy lacks
        listed = values.tolist()
        return listed if isinstance(listed, list) else [listed]
    return list(values) if isinstance(values, Iterable) else [values]


def _is_flat(plain: Any) -> bool:
    """Whether NumPy can be asked for an array without guessing: plain numbers only."""
    if isinstance(plain, np.ndarray):
        return True
    return set(map(type, plain)) <= _PLAIN_TYPES


_PLAIN_TYPES = {float, int, bool}


def _kinds(doubles: FloatVector) -> KindVector:
    kinds = np.zeros(len(doubles), np.uint8)
    kinds[np.isnan(doubles)] = NAN
    kinds[np.isposinf(doubles)] = PLUS_INFINITY
    kinds[np.isneginf(doubles)] = MINUS_INFINITY
    return kinds


def _one_by_one(values: Iterable[Any]) -> tuple[FloatVector, KindVector | None]:
    pairs = [_number(value) for value in values]
    doubles = np.array([number for number, _ in pairs], np.float64)
    kinds = np.array([kind for _, kind in pairs], np.uint8)
    return doubles, kinds if kinds.any() else None


def _number(value: Any) -> tuple[float, int]:
    """A double and its kind, whatever ``value`` is."""
    if value is None:
        return math.nan, MISSING
    if isinstance(value, str | bytes | bytearray):
        return math.nan, NOT_A_NUMBER  # "1.5" is a mistake upstream: it must be seen
    try:
        number = float(value.item() if hasattr(value, "item") else value)
    except OverflowError:
        return (math.inf if value > 0 else -math.inf), TOO_LARGE
    except Exception:
        return math.nan, NOT_A_NUMBER
    if math.isnan(number):
        return number, NAN
    if math.isinf(number):
        return number, PLUS_INFINITY if number > 0 else MINUS_INFINITY
    return number, NUMBER
