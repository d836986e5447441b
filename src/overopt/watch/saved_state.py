"""States of detectors as strict JSON text and back, bit by bit.

A state is a frozen dataclass of numbers, text, tuples and other such dataclasses. Its annotations
say how to read it back, so no detector writes code for it. Floats are written in the shortest form
that reads back as the same number; infinities and NaN, which JSON lacks, as text.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from overopt.errors import BadSamples

__all__ = ["from_plain", "read_state", "state_text", "to_plain"]

State = TypeVar("State")


def state_text(state: Any) -> str:
    """The state as one line of JSON."""
    return json.dumps(to_plain(state), allow_nan=False, separators=(",", ":"))


def read_state(kind: type[State], text: str) -> State:
    """The state of type ``kind`` that ``state_text`` wrote; BadSamples when it is another's."""
    try:
        return cast(State, from_plain(kind, json.loads(text)))
    except (TypeError, ValueError, KeyError) as error:
        raise BadSamples(
            f"a saved {kind.__name__} cannot be read ({error}): it was written by another version "
            "or with other detectors; start the run anew or use the options it was started with"
        ) from None


def to_plain(value: Any) -> Any:
    """Numbers, text, lists and dicts that JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else repr(float(value))
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a state holds a {type(value).__name__}, which cannot be saved exactly")


def from_plain(kind: Any, plain: Any) -> Any:
    """The value of type ``kind`` that ``to_plain`` made ``plain`` of."""
    if is_dataclass(kind):
        return _dataclass(cast(type[Any], kind), plain)
    if kind is Any:
        return plain  # to be read by whoever knows its type
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple(get_args(kind), plain)
    if origin in (Union, UnionType):
        return _either(get_args(kind), plain)
    if kind is float:
        return float(plain)
    if kind in (int, str, bool) and type(plain) is kind:
        return plain
    if origin is Literal and plain in get_args(kind):
        return plain
    raise TypeError(f"{plain!r} is no {kind}")


def _dataclass(kind: type[Any], plain: Any) -> Any:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    if not isinstance(plain, dict) or set(plain) != set(names):
        raise TypeError(f"fields of a {kind.__name__} are {', '.join(names)}")
    return kind(**{name: from_plain(hints[name], plain[name]) for name in names})


def _tuple(kinds: tuple[Any, ...], plain: Any) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise TypeError(f"{plain!r} is no list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(from_plain(kinds[0], each) for each in plain)
    return tuple(from_plain(kind, each) for kind, each in zip(kinds, plain, strict=True))


def _either(kinds: tuple[Any, ...], plain: Any) -> Any:
    if plain is None and NoneType in kinds:
        return None
    return from_plain(next(kind for kind in kinds if kind is not NoneType), plain)
