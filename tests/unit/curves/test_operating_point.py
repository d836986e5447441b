"""Decisions on curves built to deserve them, and what would decide the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tables import noise, table

from overopt.curves.estimation import gold_curve
from overopt.curves.operating_point import OperatingPoint, Tolerance, gains, operating_point
from overopt.errors import BadOption
from overopt.pressure import BestOfN, KLTilt, Threshold
from overopt.samples import Samples

SIZE = 16
SHARE = (np.arange(SIZE) + 0.5) / SIZE
SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "push": lambda q: -8 * (q - 0.6) ** 2,
    "no_peak": lambda q: q,
    "saturated": lambda q: np.minimum(q, 0.5),
    "do_not_push": lambda q: -q,
    "undecided": lambda q: 0 * q,
}


def shaped(shape: str, prompts: int = 200, spread: float = 0.1) -> Samples:
    """Gold is a function of the rank of the proxy plus noise; prompts differ by sd 1."""
    rng = np.random.default_rng(0)
    ranks = rng.permuted(np.tile(np.arange(SIZE), (prompts, 1)), axis=1)
    gold = SHAPES[shape](SHARE[ranks]) + spread * rng.normal(size=ranks.shape)
    return table(a=ranks, gold=gold + rng.normal(size=(prompts, 1)))


def decided(
    samples: Samples, within_spread: float = 0.3, tolerance: Tolerance | None = None, **options: str
) -> OperatingPoint:
    curve = gold_curve(samples, "a", BestOfN(), **options)
    return operating_point(curve, within_spread, tolerance)


def truth(shape: str) -> np.ndarray:
    weights = BestOfN().rank_weights(SIZE, np.arange(1.0, SIZE + 1))
    return weights @ SHAPES[shape](SHARE)


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "undecided"])
def test_each_decision_on_a_curve_that_deserves_it(shape: str) -> None:
    point = decided(shaped(shape))
    assert point.decision == shape
    assert point.needs is None
    gold = truth(shape)
    assert point.gain == pytest.approx(gold[int(point.strength) - 1] - gold[0], abs=0.03)
    assert point.gain_lower <= point.gain <= point.gain_upper


def test_push_stops_at_the_peak() -> None:
    point = decided(shaped("push"))
    gold = truth("push")
    assert gold.max() - gold[int(point.strength) - 1] < 0.01
    assert point.gain_lower > 0
    assert point.numbers["rest_upper"] < 0


def test_no_peak_goes_to_the_end() -> None:
    assert decided(shaped("no_peak")).strength == SIZE


def test_saturated_starts_where_the_rest_is_within_tolerance() -> None:
    point = decided(shaped("saturated"))
    gold = truth("saturated")
    rest = np.abs(gold - gold[-1])
    allowed = np.maximum(0.02 * 0.3, 0.2 * (gold - gold[0]))
    first = int(np.flatnonzero(rest <= allowed)[0]) + 1
    assert first <= point.strength <= first + 1
    assert point.tolerance == pytest.approx(max(0.02 * 0.3, 0.2 * point.gain), rel=1e-9)


def test_do_not_push_stays_at_no_pressure() -> None:
    point = decided(shaped("do_not_push"))
    assert (point.strength, point.gain, point.kl) == (1.0, 0.0, 0.0)


def test_undecided_without_a_gain_serves_one_candidate() -> None:
    point = decided(shaped("undecided", prompts=20))
    assert (point.decision, point.strength) == ("undecided", 1.0)
    assert point.needs is not None
    assert "prompts" in point.needs


def test_undecided_with_a_gain_names_the_largest_proven_strength() -> None:
    point = decided(shaped("saturated", prompts=40, spread=0.7), within_spread=0.7)
    curve = gold_curve(shaped("saturated", prompts=40, spread=0.7), "a", BestOfN())
    proven = curve.strength[gains(curve).gain_lower > 0]
    assert point.decision == "undecided"
    assert point.strength == proven[-1] > 1


def test_joint_limits_are_wider_than_pointwise_ones() -> None:
    curve = gold_curve(shaped("undecided", prompts=30), "a", BestOfN())
    found = gains(curve)
    _, lower, upper = curve.gain()
    assert np.all(found.gain_lower[1:] < lower[1:])
    assert np.all(found.gain_upper[1:] > upper[1:])
    np.testing.assert_allclose(found.gain, curve.gold - curve.gold[0], atol=1e-12)
    np.testing.assert_allclose(found.rest, curve.gold[-1] - curve.gold, atol=1e-12)
    assert (found.gain_error[0], found.rest_error[-1]) == (0, 0)


def test_a_candidate_that_costs_more_than_it_gains_is_not_drawn() -> None:
    samples = shaped("no_peak")
    dear = decided(samples, tolerance=Tolerance(cost=0.5))
    assert dear.decision == "do_not_push"
    cheap = decided(samples, tolerance=Tolerance(cost=0.02))
    net = truth("no_peak") - 0.02 * np.arange(SIZE)
    assert cheap.decision == "push"
    assert net.max() - net[int(cheap.strength) - 1] < 0.01
    assert cheap.gain == pytest.approx(net[int(cheap.strength) - 1] - net[0], abs=0.03)


def test_labels_of_unknown_design_decide_nothing() -> None:
    samples = shaped("no_peak")
    gold = np.where(np.arange(samples.rows) % 3 == 0, np.nan, samples.gold)
    point = decided(replace(samples, gold=gold))
    assert (point.decision, point.strength) == ("undecided", 1.0)
    assert "--labels-drawn" in (point.needs or "")
    uniform = decided(replace(samples, gold=gold), labels_drawn="uniform")
    assert uniform.decision in ("no_peak", "saturated")


def test_one_prompt_decides_nothing() -> None:
    point = decided(shaped("no_peak", prompts=1))
    assert (point.decision, point.strength) == ("undecided", 1.0)
    assert "single prompt" in (point.needs or "")


def test_a_constant_proxy_decides_nothing() -> None:
    point = decided(table(a=np.zeros((30, 4)), gold=noise(0, 30, 4)))
    assert (point.decision, point.gain) == ("undecided", 0.0)
    tilt = operating_point(
        gold_curve(table(a=np.zeros((9, 4)), gold=noise(0, 9, 4)), "a", KLTilt()), 1
    )
    assert "varies within prompts" in (tilt.needs or "")


def test_what_is_needed_scales_with_what_there_is() -> None:
    """Twice the prompts that were asked for decide."""
    weak = decided(shaped("saturated", prompts=40, spread=0.7), within_spread=0.7)
    assert weak.needs is not None
    words = weak.needs.split()
    wanted = int(words[words.index("prompts") - 1])
    assert 40 < wanted < 4000
    assert "instead of 40" in weak.needs
    enough = decided(shaped("saturated", prompts=2 * wanted, spread=0.7), within_spread=0.7)
    assert enough.decision in ("saturated", "no_peak")


def test_labels_are_asked_for_only_where_labels_could_decide() -> None:
    """All labels decide the first table and leave the second undecided."""
    for shape, prompts, spread, helps in (("push", 120, 0.5, True), ("saturated", 40, 0.7, False)):
        samples = shaped(shape, prompts=prompts, spread=spread)
        whole = decided(samples, within_spread=spread)
        labelled = np.random.default_rng(1).random(samples.rows) < 0.1
        gold = np.where(labelled, samples.gold, np.nan)
        partial = replace(samples, gold=gold, label_prob=np.full(samples.rows, 0.1))
        needs = decided(partial, within_spread=spread).needs or ""
        assert (whole.decision != "undecided") == helps
        assert ("times the labels on the same prompts" in needs) == helps


def test_quality_that_rises_over_steps_is_no_gain_of_selection() -> None:
    """A trainer's table: within each step the proxy says nothing about gold."""
    rng = np.random.default_rng(2)
    prompts, steps, size = 40, 6, 8
    step = np.repeat(np.arange(steps), size)
    proxies = 2.0 * step + rng.normal(size=(prompts, steps * size))
    gold = 1.0 * step + rng.normal(size=(prompts, steps * size))
    group = np.repeat(np.arange(prompts * steps), size)
    by_step = table(a=proxies, gold=gold, group=group)
    point = decided(by_step, within_spread=1.0)
    assert (point.decision, point.strength) == ("undecided", 1.0)
    assert (
        np.abs(gold_curve(by_step, "a", BestOfN()).contrast(np.eye(8) - np.eye(8)[0])[0]).max()
        < 0.2
    )
    pooled = decided(table(a=proxies, gold=gold), within_spread=1.0)
    assert pooled.decision in ("no_peak", "saturated")
    assert pooled.gain_lower > 1


@pytest.mark.parametrize("pressure", [Threshold(), KLTilt()], ids=lambda pressure: pressure.id)
@pytest.mark.parametrize("shape", ["no_peak", "do_not_push"])
def test_other_pressures_decide_alike(pressure: Threshold | KLTilt, shape: str) -> None:
    point = operating_point(gold_curve(shaped(shape), "a", pressure), 0.3)
    assert point.decision == shape
    assert (point.strength > pressure.no_pressure) == (shape == "no_peak")


@pytest.mark.parametrize("name", ["spread", "gain", "cost"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_senseless_tolerances_are_refused(name: str, value: float) -> None:
    with pytest.raises(BadOption, match=name):
        Tolerance(**{name: value})


def test_never_asks_for_more_labels_than_there_are_rows() -> None:
    """Three rows in four are labelled: labels can grow by a third, so it takes prompts."""
    gold = noise(1, 40, 6)
    known = np.random.default_rng(2).random(gold.shape) < 0.75
    samples = table(a=noise(3, 40, 6), gold=np.where(known, gold, np.nan))
    curve = gold_curve(samples, "a", BestOfN(), labels_drawn="uniform")
    needs = operating_point(curve, 1.0).needs
    assert needs is not None
    assert "times the labels" not in needs
    assert "prompts instead of 40, labelled at the same rate" in needs
