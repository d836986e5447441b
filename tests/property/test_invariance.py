"""Decisions and curves are the same in any unit of the proxy; rank pressures see only its order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tables import table

from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.curves.operating_point import operating_point
from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    ScorePressure,
    SoftBestOfN,
    Threshold,
)

RANKED = [BestOfN(), BestOfPoisson(), Threshold()]
VALUED = [KLTilt(), ChiSquare(), SoftBestOfN(sharpness=0.8)]
POWERS_OF_TWO = st.integers(-40, 40).map(lambda k: 2.0**k)
UNITS = st.floats(1e-6, 1e6) | POWERS_OF_TWO
SHAPES: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda u: u,
    lambda u: -u,
    lambda u: u - 0.5 * np.maximum(u, 0) ** 2,
    np.zeros_like,
]


def scores_and_gold(seed: int, rounded: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    proxies = rng.normal(size=(24, 8))
    proxies = np.round(2 * proxies) / 2 if rounded else proxies
    return proxies, SHAPES[seed % 4](proxies) + 0.7 * rng.normal(size=(24, 8))


def assert_same(
    pressure: Pressure, one: EstimatedCurve, other: EstimatedCurve, unit: float
) -> None:
    per_unit = unit if pressure.no_pressure == 0 else 1.0
    np.testing.assert_allclose(other.strength * per_unit, one.strength, rtol=1e-7)
    np.testing.assert_allclose(other.gold, one.gold, atol=1e-7)
    np.testing.assert_allclose(other.kl, one.kl, atol=1e-7)
    np.testing.assert_array_equal(other.grey, one.grey)
    found, wanted = operating_point(other, 1.0), operating_point(one, 1.0)
    assert (found.decision, found.position, found.needs) == (
        wanted.decision,
        wanted.position,
        wanted.needs,
    )


def rescaled(pressure: Pressure, unit: float) -> Pressure:
    """The same pressure where an option of its own is per unit of proxy."""
    if isinstance(pressure, SoftBestOfN):
        return SoftBestOfN(sharpness=pressure.sharpness / unit)
    return pressure


@pytest.mark.parametrize("pressure", [*RANKED, *VALUED], ids=lambda pressure: pressure.id)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 400), rounded=st.booleans(), unit=UNITS, shift=st.floats(-100, 100))
def test_a_unit_of_the_proxy_changes_no_decision(
    pressure: Pressure, seed: int, rounded: bool, unit: float, shift: float
) -> None:
    proxies, gold = scores_and_gold(seed, rounded)
    one = gold_curve(table(a=proxies, gold=gold), "a", pressure)
    moved = table(a=unit * (proxies + shift), gold=gold)
    assert_same(pressure, one, gold_curve(moved, "a", rescaled(pressure, unit)), unit)


@pytest.mark.parametrize("pressure", VALUED[:2], ids=lambda pressure: pressure.id)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 400), unit=POWERS_OF_TWO)
def test_a_power_of_two_changes_not_one_bit(
    pressure: ScorePressure, seed: int, unit: float
) -> None:
    proxies, gold = scores_and_gold(seed, False)
    one = gold_curve(table(a=proxies, gold=gold), "a", pressure)
    strengths = one.strength / unit
    other = gold_curve(table(a=unit * proxies, gold=gold), "a", pressure, strengths=strengths)
    np.testing.assert_array_equal(other.gold, one.gold)
    np.testing.assert_array_equal(other.interval(), one.interval())


@pytest.mark.parametrize("pressure", RANKED, ids=lambda pressure: pressure.id)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 400),
    rounded=st.booleans(),
    increasing=st.sampled_from([np.exp, np.arctan, np.cbrt, lambda u: u**3 + u]),
)
def test_rank_pressures_decide_by_order_alone(
    pressure: Pressure,
    seed: int,
    rounded: bool,
    increasing: Callable[[np.ndarray], np.ndarray],
) -> None:
    proxies, gold = scores_and_gold(seed, rounded)
    one = gold_curve(table(a=proxies, gold=gold), "a", pressure)
    other = gold_curve(table(a=increasing(proxies), gold=gold), "a", pressure)
    np.testing.assert_array_equal(other.gold, one.gold)
    np.testing.assert_array_equal(other.interval(joint=True), one.interval(joint=True))
    assert_same(pressure, one, other, 1.0)
