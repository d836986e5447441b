"""A component's share of what decides between candidates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
from proxy_batches import batch_of, folded

from overopt.watch.batch import Batch
from overopt.watch.detectors.beyond_share import BeyondOptions
from overopt.watch.detectors.component_share import ComponentShare, within_correlation

QUICK = ComponentShare(component="length", options=BeyondOptions(reference=100))


def batches(steps: int, seed: int, weight: float, first: int = 0) -> Iterator[Batch]:
    """Groups of 8 whose proxy is noise plus ``weight`` times a length, both at prompt levels."""
    rng = np.random.default_rng(seed)
    for step in range(first, first + steps):
        level = np.repeat(rng.normal(scale=4, size=8), 8)
        length = rng.normal(size=64)
        proxy = 2 * level + weight * length + rng.normal(size=64)
        yield batch_of(proxy, 8, step=step, components={"length": 300 + 50 * (level + length)})


def test_correlation_is_numpys() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 5, 30))
    first, second = (each - each.mean(axis=1, keepdims=True) for each in (first, second))
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(first, second, strict=True)]
    assert within_correlation(np.stack((first, second))) == pytest.approx(expected, rel=1e-12)


def test_constants_explain_nothing_or_say_nothing() -> None:
    moving, still = np.array([[-1.0, 0, 1]]), np.zeros((1, 3))
    assert within_correlation(np.stack((moving, still)))[0] == 0
    assert np.isnan(within_correlation(np.stack((still, moving)))[0])


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_units_change_nothing(scale: float) -> None:
    first, second = np.array([[-1.0, 0, 1]]), np.array([[-2.0, 1, 1]])
    usual = within_correlation(np.stack((first, second)))
    assert within_correlation(np.stack((scale * first, second))) == pytest.approx(usual, rel=1e-12)


def test_levels_of_prompts_are_no_explanation() -> None:
    """Proxy and length share the prompts' levels and nothing within: about 1 / 56, not 1."""
    state = folded(QUICK, batches(100, 2, weight=0.0))
    assert state.share is not None
    assert state.share < 0.04


def test_a_length_that_takes_over_fires_and_says_which_way() -> None:
    for weight, way in ((0.7, "more"), (-0.7, "less")):
        state = folded(QUICK, chain(batches(200, 3, 0.0), batches(60, 4, weight, first=200)))
        signal = QUICK.fired(state)
        assert signal is not None
        assert signal.name == "share_of_length"
        assert 200 < signal.step < 230
        assert "probably since step 200" in signal.sentence
        assert f"{way} length scores higher" in signal.sentence


def test_a_share_that_stays_is_no_signal() -> None:
    assert QUICK.fired(folded(QUICK, batches(600, 5, weight=1.0))) is None


def test_batches_and_rows_without_the_component_are_left_out() -> None:
    state = folded(QUICK, batches(3, 6, 0.5))
    assert QUICK.update(state, batch_of(np.arange(64.0), 8)) == state
    gone = batch_of(np.arange(64.0), 8, components={"length": np.full(64, np.nan)})
    assert QUICK.update(state, gone) == state


def test_a_constant_component_has_no_share_by_rounding() -> None:
    """0.1 in groups of 3 and 7: means that rounding moves by a last digit."""
    rng = np.random.default_rng(7)
    for size in (3, 7):
        same = {"length": np.full(63, 0.1)}
        state = folded(QUICK, [batch_of(rng.normal(size=63), size, components=same)] * 3)
        assert state.share == 0
