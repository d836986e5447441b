"""JSON of an audit can be read by a parser that knows no NaN."""

import json
import math
from typing import Any

import numpy as np
import pytest
from golden.audit_document import audit_document

from overopt import report


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


def test_undefined_numbers_are_null_wherever_they_stand() -> None:
    document = {"a": math.nan, "b": [1.0, -math.inf, {"c": math.inf}], "d": (np.nan, True, None)}
    text = report.to_json(document)
    assert json.loads(text, parse_constant=refuse) == {
        "a": None,
        "b": [1.0, None, {"c": None}],
        "d": [None, True, None],
    }


def test_numpy_values_are_plain_numbers() -> None:
    document = {"n": np.int64(3), "x": np.float32(0.5), "v": np.array([1.5, np.nan]), "k": {3: 1}}
    assert json.loads(report.to_json(document)) == {
        "n": 3,
        "x": 0.5,
        "v": [1.5, None],
        "k": {"3": 1},
    }


def test_an_audit_survives_the_round_trip() -> None:
    document = audit_document()
    assert json.loads(report.to_json(document)) == document


@pytest.mark.parametrize("text", ["\ud800 lone surrogate", "línea", "</script>"])
def test_any_text_can_be_written_as_ascii(text: str) -> None:
    written = report.to_json({"origin": text})
    assert written.isascii()
    assert json.loads(written) == {"origin": text}
