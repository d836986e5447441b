"""Gold curves against brute force over prompts and subsets, with their intervals."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy.stats import t as student
from tables import noise, table

from overopt.curves.completed_gold import completed_gold
from overopt.curves.estimation import gold_curve
from overopt.curves.operating_point import operating_point
from overopt.errors import BadOption
from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    SoftBestOfN,
    Threshold,
)
from overopt.samples import Samples
from overopt.stats.intervals import wilson_interval

PRESSURES = [
    BestOfN(),
    BestOfPoisson(),
    Threshold(),
    KLTilt(),
    ChiSquare(),
    SoftBestOfN(sharpness=1.0),
]
each_pressure = pytest.mark.parametrize("pressure", PRESSURES, ids=lambda pressure: pressure.id)


def ragged(prompts: int = 30) -> Samples:
    """Prompts of 6 to 8 candidates and one of 3; proxies rounded, so that many tie."""
    rng = np.random.default_rng(0)
    sizes = [3, *rng.integers(6, 9, size=prompts - 1).tolist()]
    rows = sum(sizes)
    proxies = np.round(rng.normal(size=rows))
    return table(sizes, a=proxies, gold=0.3 * proxies + rng.normal(size=rows))


def by_prompt(samples: Samples, smallest: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Proxies and gold of every prompt of at least ``smallest`` candidates."""
    rows = [samples.prompt == p for p in range(samples.prompts)]
    return [(samples.proxies["a"][r], samples.gold[r]) for r in rows if r.sum() >= smallest]


def best_of_subsets(proxies: np.ndarray, gold: np.ndarray, n: int) -> float:
    """Mean gold of the best of every subset of n, tied bests averaged."""
    means = []
    for subset in map(list, combinations(range(len(proxies)), n)):
        top = proxies[subset] == proxies[subset].max()
        means.append(gold[subset][top].mean())
    return float(np.mean(means))


def test_best_of_n_is_the_mean_over_all_subsets() -> None:
    samples = ragged()
    curve = gold_curve(samples, "a", BestOfN())
    np.testing.assert_array_equal(curve.strength, np.arange(1, 7))
    assert (curve.prompts, curve.groups) == (29, 29)
    for n, gold in zip(range(1, 7), curve.gold, strict=True):
        prompts = [best_of_subsets(u, v, n) for u, v in by_prompt(samples, 6)]
        assert gold == pytest.approx(np.mean(prompts), abs=1e-12)


@each_pressure
def test_gold_and_its_interval_come_from_one_value_a_prompt(pressure: Pressure) -> None:
    samples = ragged()
    curve = gold_curve(samples, "a", pressure, level=0.9)
    values = np.array(
        [pressure.weights(u[None], curve.strength)[0] @ v for u, v in by_prompt(samples, 6)]
    )
    np.testing.assert_allclose(curve.gold, values.mean(axis=0), atol=1e-12)
    half = student.ppf(0.95, 28) * values.std(axis=0, ddof=1) / np.sqrt(29)
    lower, upper = curve.interval()
    np.testing.assert_allclose(lower, curve.gold - half, atol=1e-10)
    np.testing.assert_allclose(upper, curve.gold + half, atol=1e-10)


@each_pressure
def test_partial_labels_weigh_the_completed_gold(pressure: Pressure) -> None:
    chance = np.random.default_rng(3).uniform(0.3, 1, size=(40, 8))
    labelled = np.random.default_rng(4).random((40, 8)) < chance
    samples = table(a=noise(0), gold=np.where(labelled, noise(1), np.nan), label_prob=chance)
    curve = gold_curve(samples, "a", pressure)
    completed = completed_gold(samples, "a", "recorded")
    weights = pressure.weights(noise(0), curve.strength)
    values = np.einsum("gsm,gm->gs", weights, completed.value.reshape(40, 8))
    np.testing.assert_allclose(curve.gold, values.mean(axis=0), atol=1e-12)
    carried = weights * completed.inverse.reshape(40, 1, 8)
    kish = carried.sum(axis=(0, 2)) ** 2 / (carried**2).sum(axis=(0, 2))
    np.testing.assert_allclose(curve.labels_effective, kish, rtol=1e-9)
    half = student.ppf(0.975, np.minimum(kish - 1, 39)) * values.std(axis=0, ddof=1) / np.sqrt(40)
    np.testing.assert_allclose(curve.interval()[1] - curve.gold, half, rtol=1e-9)


def test_four_prompts_use_three_degrees_of_freedom() -> None:
    samples = table(a=noise(0, 4), gold=noise(1, 4))
    lower, upper = gold_curve(samples, "a", BestOfN(), level=0.9).interval()
    half = 2.353363 * noise(1, 4).mean(axis=1).std(ddof=1) / 2
    assert (upper - lower)[0] / 2 == pytest.approx(half, rel=1e-6)


def some_labels(samples: Samples) -> Samples:
    """Half of the rows labelled, with a recorded chance that rises with the row number."""
    assert samples.gold is not None
    chance = np.linspace(0.2, 0.8, samples.rows)
    kept = np.random.default_rng(5).random(samples.rows) < chance
    gold = np.where(kept, samples.gold, np.nan)
    return replace(samples, gold=gold, label_prob=chance)


@pytest.mark.parametrize("partly", [False, True], ids=["all labels", "some labels"])
@each_pressure
def test_a_stream_of_blocks_gives_the_curve_of_the_table(pressure: Pressure, partly: bool) -> None:
    whole = some_labels(ragged()) if partly else ragged()
    strengths = gold_curve(whole, "a", pressure).strength
    blocks = [whole.take((whole.prompt >= a) & (whole.prompt < b)) for a, b in ((1, 12), (12, 30))]
    streamed = gold_curve(blocks, "a", pressure, strengths=strengths)
    table_curve = gold_curve(whole.take(whole.prompt >= 1), "a", pressure, strengths=strengths)
    for name in ("gold", "kl", "chi_square", "win_rate", "proxy", "ess", "labels_effective"):
        np.testing.assert_allclose(
            getattr(streamed, name), getattr(table_curve, name), rtol=1e-10, atol=1e-12
        )
    np.testing.assert_allclose(streamed.interval(), table_curve.interval(), atol=1e-10)
    np.testing.assert_allclose(streamed.slope()[1][1:], table_curve.slope()[1][1:], atol=1e-10)


def test_a_stream_that_ends_cannot_be_walked_twice() -> None:
    blocks = [ragged()]
    with pytest.raises(BadOption, match="can be walked twice"):
        gold_curve(iter([some_labels(ragged())]), "a", BestOfN())
    once = gold_curve(iter(blocks), "a", BestOfN())
    np.testing.assert_allclose(once.gold, gold_curve(blocks, "a", BestOfN()).gold, atol=1e-12)
    for labels_drawn in (None, "all"):
        with pytest.raises(BadOption, match="empty stream"):
            gold_curve([], "a", BestOfN(), labels_drawn=labels_drawn)


def test_slope_of_best_of_n_is_the_last_doubling_over_ln_2() -> None:
    samples = ragged()
    curve = gold_curve(samples, "a", BestOfN())
    slope, lower, upper = curve.slope()
    gold = curve.gold
    assert np.isnan([slope[0], lower[0], upper[0]]).all()
    expected = [gold[1] - gold[0], 0, gold[3] - gold[1], 0, gold[5] - gold[2]]
    for at in (1, 3, 5):
        assert slope[at] == pytest.approx(expected[at - 1] / np.log(2), abs=1e-12)
    change = [best_of_subsets(u, v, 6) - best_of_subsets(u, v, 3) for u, v in by_prompt(samples, 6)]
    half = student.ppf(0.975, 28) * np.std(change, ddof=1) / np.sqrt(29) / np.log(2)
    assert upper[5] - slope[5] == pytest.approx(half, rel=1e-9)


def test_slope_of_a_tilt_is_its_derivative() -> None:
    samples = table(a=noise(0), gold=noise(1) + noise(0))
    strength, step = 0.7, 1e-5
    near = strength * np.exp(step * np.array([-1.0, 0.0, 1.0]))
    curve = gold_curve(samples, "a", KLTilt(), strengths=np.concatenate([[0.0], near]))
    difference = (curve.gold[3] - curve.gold[1]) / (2 * step)
    assert curve.slope()[0][2] == pytest.approx(difference, rel=1e-6)


def test_differences_are_paired_by_prompt() -> None:
    """Prompts that differ by hundreds in gold leave the gain as sharp as it was."""
    gold = noise(1) + noise(0)
    shifted = gold + 300 * noise(2, 40, 1)
    contrasts = np.array([[-1.0, 0, 0, 0, 0, 0, 0, 1]])
    plain = gold_curve(table(a=noise(0), gold=gold), "a", BestOfN()).contrast(contrasts)
    moved = gold_curve(table(a=noise(0), gold=shifted), "a", BestOfN()).contrast(contrasts)
    for one, other in zip(plain, moved, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7)
    _, low, high = gold_curve(table(a=noise(0), gold=shifted), "a", BestOfN()).gain()
    half = student.ppf(0.975, 39) * np.sqrt(plain[1][0, 0])
    assert (high - low)[-1] / 2 == pytest.approx(half, rel=1e-6)


@each_pressure
def test_bands_are_wider_than_intervals(pressure: Pressure) -> None:
    curve = gold_curve(ragged(), "a", pressure)
    (lower, upper), (band_lower, band_upper) = curve.interval(), curve.interval(joint=True)
    assert np.all(band_lower < lower)
    assert np.all(upper < band_upper)


def test_gold_at_its_ceiling_has_the_interval_of_its_prompts() -> None:
    """Twenty prompts, all right: the spread is zero, the uncertainty is not."""
    curve = gold_curve(table(a=noise(0, 20, 4), gold=np.ones((20, 4))), "a", BestOfN(), level=0.9)
    lower, upper = curve.interval()
    expected = wilson_interval(np.ones(4), np.full(4, 20.0), 0.9)[0]
    np.testing.assert_allclose(curve.labels_effective[[0, 3]], [80, 20], rtol=1e-12)
    np.testing.assert_allclose(lower, expected, atol=1e-12)
    np.testing.assert_array_equal(upper, np.ones(4))
    _, covariance, _ = curve.contrast(np.array([[-1.0, 0, 0, 1.0]]))
    assert covariance[0, 0] > 0


def test_prompts_that_are_right_throughout_or_never_count_once() -> None:
    """Of forty prompts one in fifty fails with all its candidates; often none is seen to."""
    rng, trials, held = np.random.default_rng(3), 300, 0
    for _ in range(trials):
        gold = np.repeat((rng.random((40, 1)) < 0.98).astype(float), 4, axis=1)
        curve = gold_curve(table(a=noise(0, 40, 4), gold=gold), "a", BestOfN(), level=0.9)
        lower, upper = curve.interval()
        held += bool(lower[0] <= 0.98 <= upper[0])
    assert_coverage_within(held, trials, 0.88, 1.0)


@pytest.mark.parametrize("level", [0.0, 1e6])
def test_a_proxy_that_never_differs_gains_exactly_nothing(level: float) -> None:
    """Weights of equal candidates sum in another order at every n; rounding is no gain."""
    gold = level + noise(1, 40, 8)
    curve = gold_curve(table(a=np.zeros((40, 8)), gold=gold), "a", BestOfN())
    assert not curve.contrast(np.eye(8) - np.eye(8)[0])[0].any()
    assert operating_point(curve, 1.0).decision == "undecided"


def test_intervals_stay_on_the_scale() -> None:
    gold = (noise(1, 12, 4) > 1.2).astype(float)
    for joint in (False, True):
        lower, upper = gold_curve(table(a=noise(0, 12, 4), gold=gold), "a", BestOfN()).interval(
            joint
        )
        assert lower.min() >= 0
        assert upper.max() <= 1


def test_one_prompt_has_an_estimate_without_an_interval() -> None:
    curve = gold_curve(table(a=noise(0, 1), gold=noise(1, 1)), "a", BestOfN())
    assert np.isfinite(curve.gold).all()
    assert np.isnan(curve.interval()).all()
    assert np.isnan(curve.interval(joint=True)).all()
    assert np.isnan(curve.slope()[1]).all()


def test_without_gold_only_the_proxy_is_known() -> None:
    curve = gold_curve(table(a=noise(0)), "a", BestOfN())
    assert np.isnan(curve.gold).all()
    assert np.isnan(curve.interval()).all()
    assert np.isnan(curve.slope()[0]).all()
    best = np.sort(noise(0), axis=1)[:, -1].mean()
    assert curve.proxy[[0, -1]] == pytest.approx([noise(0).mean(), best], abs=1e-12)
    assert curve.design == "none"


def test_strengths_that_cannot_be_shown_are_grey_from_there_on() -> None:
    curve = gold_curve(ragged(), "a", BestOfPoisson())
    expected = BestOfPoisson().unreliable(6, curve.strength)
    np.testing.assert_array_equal(curve.grey, np.logical_or.accumulate(expected))
    assert curve.grey[-1]
    assert curve.joint_strengths().max() == np.flatnonzero(~curve.grey)[-1]


def test_tilts_ruled_by_unseen_candidates_are_grey() -> None:
    proxies = np.random.default_rng(5).standard_t(2, size=(40, 50))
    curve = gold_curve(
        table(a=proxies, gold=proxies), "a", KLTilt(), strengths=np.array([0.0, 0.02, 5.0])
    )
    assert curve.grey.tolist() == [False, False, True]
    assert curve.pareto_k[2] > 0.7


def test_a_peak_is_looked_for_where_strengths_are_trusted() -> None:
    """Gold that turns only where the tilt is grey has no peak before it; the proxy none at all."""
    proxies = np.random.default_rng(5).standard_t(2, size=(40, 50))
    turning = np.where(proxies > np.sort(proxies)[:, -2:-1], -9.0, proxies)
    strengths = np.array([0.0, 0.02, 0.04, 5.0])
    curve = gold_curve(table(a=proxies, gold=turning), "a", KLTilt(), strengths=strengths)
    assert curve.grey.tolist() == [False, False, False, True]
    assert np.argmax(curve.gold) == 2
    assert curve.gold[3] < curve.gold[2]
    assert curve.peak() is None
    assert gold_curve(table(a=proxies), "a", KLTilt(), strengths=strengths).peak() is None


def test_long_curves_are_joined_on_few_strengths_with_both_ends_and_the_last_half() -> None:
    curve = gold_curve(table(a=noise(0, 6, 300)), "a", BestOfN())
    n = curve.strength[curve.joint_strengths()]
    assert len(n) <= 66
    assert {1.0, 150.0, 300.0} <= set(n)


def test_bad_options() -> None:
    samples = ragged()
    with pytest.raises(BadOption, match="level 95"):
        gold_curve(samples, "a", BestOfN(), level=95)
    with pytest.raises(BadOption, match="empty stream"):
        gold_curve([], "a", BestOfN())
    with pytest.raises(BadOption, match="some rows of a stream have no gold"):
        gold_curve([some_labels(samples)], "a", BestOfN(), labels_drawn="all")


def winners_only(proxies: np.ndarray, gold: np.ndarray) -> Samples:
    """One label for each prompt, on a candidate with the best proxy."""
    best = np.argmax(proxies + 1e-9 * noise(6, *proxies.shape), axis=1)
    picked = np.arange(proxies.shape[1]) == best[:, None]
    return table(a=proxies, gold=np.where(picked, gold, np.nan))


@pytest.mark.parametrize("ties", [False, True])
def test_labelled_winners_tell_gold_at_the_best_of_all_and_nowhere_else(ties: bool) -> None:
    proxies, gold = noise(0), noise(1)
    samples = winners_only(np.round(proxies) if ties else proxies, gold)
    curve = gold_curve(samples, "a", BestOfN(), labels_drawn="winners")
    labels = samples.gold[~np.isnan(samples.gold)]
    assert curve.gold[-1] == pytest.approx(labels.mean(), abs=1e-12)
    half = student.ppf(0.975, 39) * labels.std(ddof=1) / np.sqrt(40)
    assert curve.interval()[1][-1] - curve.gold[-1] == pytest.approx(half, rel=1e-9)
    assert np.isnan(curve.gold[:-1]).all()
    assert np.isnan(curve.gain()[0]).all()
    point = operating_point(curve, 1.0)
    assert point.decision == "undecided"
    assert "drawn at random" in (point.needs or "")


def test_winners_with_a_missing_label_tell_nothing() -> None:
    samples = winners_only(noise(0), noise(1))
    gold = samples.gold.copy()
    gold[np.flatnonzero(~np.isnan(gold))[5]] = np.nan
    samples = table(a=noise(0), gold=gold)
    curve = gold_curve(samples, "a", BestOfN(), labels_drawn="winners")
    assert np.isnan(curve.gold).all()


def test_gold_graded_between_its_ends_is_not_widened_as_if_right_or_wrong() -> None:
    """Shares of passed tests, say: their own spread is known, so t intervals stand."""
    gold = np.clip(0.5 + 0.05 * noise(1), 0, 1)
    graded = gold_curve(table(a=noise(0), gold=gold), "a", BestOfN())
    free = gold_curve(table(a=noise(0), gold=gold + 7), "a", BestOfN())
    assert (graded.bounds, free.bounds) == ((0, 1), None)
    width, plain = (np.subtract(*curve.interval()[::-1]) for curve in (graded, free))
    assert np.all(width <= 1.4 * plain)
