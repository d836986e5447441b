"""Every field that ``overopt watch replay --json`` prints is explained in docs/watch/README.md."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overopt.report import to_json
from overopt.watch.replaying import replay

PAGE = (Path(__file__).resolve().parents[2] / "docs/watch/README.md").read_text(encoding="utf-8")
STATES = {"green", "undecided", "red"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    quality = rng.normal(size=6400)
    log = {
        "step": np.repeat(np.arange(100), 64),
        "prompt_id": np.repeat(np.arange(800), 8),
        "proxy": quality * np.repeat([1.0, -1.0], 3200) + rng.normal(size=6400),
        "gold": (quality > 0).astype(float),
        "kl": np.full(6400, 2.0),
    }
    return replay(log, kl_budget=1.0, gold_source="a verifier")


def fields(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)


def test_every_field_is_explained(document: dict[str, Any]) -> None:
    assert document["runs"][0]["amber"]
    assert {name for name in fields(document) if f"`{name}`" not in PAGE} == set()


def test_types_are_those_promised(document: dict[str, Any]) -> None:
    document = json.loads(to_json(document), parse_constant=pytest.fail)
    (run,) = document["runs"]
    assert isinstance(run["run"], str)
    for signal in run["signals"]:
        assert signal["state"] in STATES
        assert isinstance(signal["labels_used"], int)
        assert (signal["state"] == "red") == (signal["alarm_step"] is not None)
        assert (signal["state"] == "green") == (signal["expires_step"] is not None)
        numbers = [signal[name] for name in ("gain_lower", "gain", "gain_upper")]
        assert numbers == sorted(numbers, key=lambda value: value or 0.0)
        assert "a verifier" in signal["sentence"]
    for amber in run["amber"]:
        assert isinstance(amber["name"], str)
        assert isinstance(amber["step"], int)
