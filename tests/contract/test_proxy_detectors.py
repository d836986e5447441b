"""What every signal without gold must do: answer anything, and continue from a saved state."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from proxy_batches import batch_of, exploited, folded, normal_batches

from overopt.watch.detectors.audited_range import AuditedRange, PooledScores, PromptScores
from overopt.watch.detectors.beyond_share import BeyondOptions
from overopt.watch.detectors.component_share import ComponentShare
from overopt.watch.detectors.detector import ProxyDetector
from overopt.watch.detectors.kl_budget import KLBudget
from overopt.watch.detectors.non_finite import NonFinite
from overopt.watch.detectors.tail_shape import TailShape
from overopt.watch.saved_state import read_state, state_text

SHORT = BeyondOptions(reference=20)
MANY = {f"q{i}": [float(i % 7), 1.0] for i in range(60)}
SCORES = {f"p{i}": np.linspace(-1, 1, 40) for i in range(4)}
DETECTORS: list[ProxyDetector[Any]] = [
    TailShape(options=SHORT),
    ComponentShare(component="length", options=SHORT),
    KLBudget(budget=0.5),
    KLBudget(budget=0.5, exact=True, name="kl_budget_exact"),
    AuditedRange(reference=PromptScores.of(SCORES), supported=4),
    AuditedRange(reference=PooledScores.of(MANY), supported=2, name="audited_range_pooled"),
    NonFinite(options=SHORT),
    NonFinite(options=SHORT, expected=True, name="non_finite_expected"),
]

HOSTILE = {
    "nothing": [],
    "one row": [1.0],
    "missing": [np.nan] * 8,
    "infinite": [np.inf, -np.inf] * 4,
    "one finite": [np.nan, 1.0, np.inf, -np.inf],
    "constant": [2.5] * 64,
    "binary": [0.0, 1.0] * 32,
    "huge": [1e308, -1e308] * 32,
    "huge and small": [1e308, 5e-324, -1e308, 0.0] * 16,
    "tiny": [5e-324, 0.0, 1e-310, -5e-324] * 16,
    "two": [0.0, 1.0],
}


def numbers_and_text_only(value: Any) -> bool:
    """Is it made of Python's own numbers, text and tuples, and dataclasses of these?"""
    if is_dataclass(value):
        return all(numbers_and_text_only(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return all(numbers_and_text_only(each) for each in value)
    return value is None or type(value) in (int, float, str, bool)


def batch_with_everything(values: list[float], size: int | None, step: int) -> Any:
    """A batch whose other columns are as hostile as its proxy."""
    column = np.array(values, dtype=float)
    return batch_of(values, size, step=step, kl=column, components={"length": column[::-1]})


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda each: each.name)
@pytest.mark.parametrize("size", [None, 1, 3, 8])
def test_hostile_batches_are_answered(detector: ProxyDetector[Any], size: int | None) -> None:
    state = detector.start()
    for step in range(25):
        for values in HOSTILE.values():
            state = detector.update(state, batch_with_everything(values, size, step))
            detector.fired(state)
    assert numbers_and_text_only(state)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda each: each.name)
def test_update_is_pure_and_repeats_itself(detector: ProxyDetector[Any]) -> None:
    batches = [*normal_batches(30, 1, size=8), *exploited(normal_batches(30, 2, size=8), 3)]
    states = [detector.start()]
    for batch in batches:
        states.append(detector.update(states[-1], batch))
    assert folded(detector, batches[25:], states[25]) == states[-1]
    assert folded(detector, batches) == states[-1]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda each: each.name)
def test_a_saved_state_comes_back_exactly(detector: ProxyDetector[Any]) -> None:
    batches = [
        batch_with_everything(batch.proxy.tolist(), 8, batch.step)
        for batch in (*normal_batches(30, 1), *exploited(normal_batches(40, 2, first=30), 3))
    ]
    state = detector.start()
    for batch in batches:
        text = state_text(state)
        back = read_state(type(state), text)
        assert back == state
        assert state_text(back) == text
        state = detector.update(back, batch)
    assert state == folded(detector, batches)
