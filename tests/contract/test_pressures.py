"""What every pressure promises, whatever its mechanism. A new one is found and tested as it stands.

A pressure with options of its own needs an example of them in ``OPTIONS``.
"""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage

import overopt.pressure
from overopt.pressure import Pressure, RankPressure, ScorePressure, SoftBestOfN

OPTIONS = {"soft_best_of_n": {"sharpness": 1.5}}
FAMILIES = (Pressure, RankPressure, ScorePressure)
PRESSURES = [
    kind(**OPTIONS.get(kind.id, {}))
    for kind in vars(overopt.pressure).values()
    if isinstance(kind, type) and issubclass(kind, Pressure) and kind not in FAMILIES
]
EXACT = 1e-12
ROUNDED = 2e-8  # soft best-of-n integrates numerically, others sum exponentials


@pytest.fixture(params=PRESSURES, ids=lambda pressure: pressure.id)
def pressure(request: pytest.FixtureRequest) -> Pressure:
    return request.param


def scores(seed: int = 0, groups: int = 20, size: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(groups, size))


def tied_scores() -> np.ndarray:
    """Groups with ties below, in the middle and at the top, and one constant group."""
    rounded = np.round(scores(1, 11, 12))
    rounded[-1] = 3.0
    return rounded


def strengths_for(pressure: Pressure, proxies: np.ndarray) -> np.ndarray:
    return pressure.default_strengths([proxies], proxies.shape[1])


def in_units(pressure: Pressure, strengths: np.ndarray, unit: float) -> tuple[Pressure, np.ndarray]:
    """The same pressure for proxies that were multiplied by ``unit``."""
    if isinstance(pressure, SoftBestOfN):
        return SoftBestOfN(sharpness=pressure.sharpness / unit), strengths
    if isinstance(pressure, ScorePressure):
        return pressure, strengths / unit
    return pressure, strengths


EDGE_CASES = {
    "normal": scores(),
    "tied": tied_scores(),
    "constant": np.full((3, 6), 7.0),
    "one candidate": scores(2, 5, 1),
    "two candidates": scores(3, 5, 2),
    "one group": scores(4, 1, 9),
    "far from zero": scores(5) + 1e9,
    "single precision": scores(6).astype(np.float32),
    "binary": (scores(7) > 1.0).astype(float),
}


@pytest.mark.parametrize("case", EDGE_CASES)
def test_weights_are_a_distribution_in_every_group(pressure: Pressure, case: str) -> None:
    proxies = EDGE_CASES[case]
    strengths = strengths_for(pressure, proxies)
    weights = pressure.weights(proxies, strengths)
    assert weights.shape == (len(proxies), len(strengths), proxies.shape[1])
    assert weights.dtype == np.float64
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=2), 1, atol=EXACT)


def test_no_pressure_is_uniform_and_moves_nothing(pressure: Pressure) -> None:
    none = np.array([pressure.no_pressure])
    for proxies in (scores(), tied_scores()):
        np.testing.assert_allclose(pressure.weights(proxies, none), 1 / 12, atol=EXACT)
        divergences = pressure.divergences(proxies, none)
        np.testing.assert_allclose(divergences.kl, 0, atol=EXACT)
        np.testing.assert_allclose(divergences.chi_square, 0, atol=EXACT)
        np.testing.assert_allclose(divergences.win_rate, 0.5, atol=EXACT)


def test_tied_candidates_have_equal_weights(pressure: Pressure) -> None:
    proxies = tied_scores()
    weights = pressure.weights(proxies, strengths_for(pressure, proxies))
    same = proxies[:, :, None] == proxies[:, None, :]
    gaps = np.abs(weights[:, :, :, None] - weights[:, :, None, :])
    assert np.where(same[:, None], gaps, 0).max() <= ROUNDED
    np.testing.assert_allclose(weights[-1], 1 / 12, atol=EXACT)


def test_weights_follow_a_permutation_of_the_candidates(pressure: Pressure) -> None:
    shuffled = np.random.default_rng(8).permutation(12)
    for proxies in (scores(), tied_scores()):
        strengths = strengths_for(pressure, proxies)
        straight = pressure.weights(proxies, strengths)[:, :, shuffled]
        np.testing.assert_allclose(
            pressure.weights(proxies[:, shuffled], strengths), straight, atol=ROUNDED
        )


def test_a_group_is_weighed_alone(pressure: Pressure) -> None:
    proxies = tied_scores()
    strengths = strengths_for(pressure, proxies)
    together = pressure.weights(proxies, strengths)
    for g in (0, 5, 10):
        alone = pressure.weights(proxies[g : g + 1], strengths)
        np.testing.assert_allclose(together[g : g + 1], alone, atol=ROUNDED)


def test_more_strength_selects_stochastically_larger_proxies(pressure: Pressure) -> None:
    for proxies in (scores(), tied_scores()):
        ascending = np.sort(proxies, axis=1)
        weights = pressure.weights(ascending, strengths_for(pressure, proxies))
        below = np.cumsum(weights, axis=2)
        assert np.diff(below, axis=1).max() <= ROUNDED


@pytest.mark.parametrize(("unit", "shift"), [(4.0, 0.0), (0.125, 3.0), (17.3, -250.0)])
def test_a_change_of_the_unit_of_the_proxy_changes_no_weight(
    pressure: Pressure, unit: float, shift: float
) -> None:
    for proxies in (scores(), tied_scores()):
        strengths = strengths_for(pressure, proxies)
        moved = unit * proxies + shift
        same, at = in_units(pressure, strengths, unit)
        weights = pressure.weights(proxies, strengths)
        np.testing.assert_allclose(same.weights(moved, at), weights, atol=ROUNDED)
        np.testing.assert_allclose(strengths_for(same, moved), at, rtol=1e-9)


@pytest.mark.parametrize(
    "pressure", [p for p in PRESSURES if isinstance(p, RankPressure)], ids=lambda p: p.id
)
def test_rank_pressures_see_only_the_order(pressure: RankPressure) -> None:
    for proxies in (scores(), tied_scores()):
        strengths = strengths_for(pressure, proxies)
        for increasing in (np.exp, np.arctan, lambda u: u**3):
            moved = pressure.weights(increasing(proxies), strengths)
            np.testing.assert_array_equal(moved, pressure.weights(proxies, strengths))


@pytest.mark.parametrize("unit", [1e300, 1e-300])
def test_scores_of_any_size(pressure: Pressure, unit: float) -> None:
    proxies = scores()
    strengths = strengths_for(pressure, proxies)
    same, at = in_units(pressure, strengths, unit)
    np.testing.assert_allclose(strengths_for(same, unit * proxies), at, rtol=1e-9)
    weights = pressure.weights(proxies, strengths)
    np.testing.assert_allclose(same.weights(unit * proxies, at), weights, atol=ROUNDED)


def test_single_precision_scores_are_weighed_in_double(pressure: Pressure) -> None:
    single = scores().astype(np.float32)
    strengths = strengths_for(pressure, single)
    double = pressure.weights(single.astype(float), strengths)
    np.testing.assert_allclose(pressure.weights(single, strengths), double, atol=1e-6)


def test_default_strengths_ascend_from_no_pressure(pressure: Pressure) -> None:
    ragged = [scores(10, 5, 7), scores(11, 9, 12)]
    for proxies, cap in ((ragged, 7), ([scores()], 12), ([tied_scores()], 12)):
        strengths = pressure.default_strengths(proxies, cap)
        assert strengths[0] == pressure.no_pressure
        assert len(strengths) >= 4
        assert np.all(np.diff(strengths) > 0)
    single = pressure.default_strengths([scores(2, 5, 1)], 1)
    np.testing.assert_array_equal(single, [pressure.no_pressure])


def test_divergences_grow_with_strength(pressure: Pressure) -> None:
    for proxies in (scores(), tied_scores()):
        found = pressure.divergences(proxies, strengths_for(pressure, proxies))
        for values in (found.kl, found.chi_square, found.win_rate - 0.5):
            assert values.min() >= -ROUNDED
            assert np.diff(values).min() >= -ROUNDED
            assert values[-1] > 0.05


def test_divergences_are_those_of_the_weights(pressure: Pressure) -> None:
    """In a large group, sums over candidates; half of it tied in three atoms."""
    proxies = np.random.default_rng(12).normal(size=(1, 600))
    proxies[proxies < 0] = np.round(proxies[proxies < 0])
    proxies[proxies > 1.5] = 1.5
    strengths = pressure.default_strengths([proxies], 8)
    ratio = 600 * pressure.weights(proxies, strengths)[0]
    beats = (proxies[0][:, None] > proxies[0]) + 0.5 * (proxies[0][:, None] == proxies[0])
    found = pressure.divergences(proxies, strengths)
    kl = np.mean(ratio * np.log(np.where(ratio > 0, ratio, 1)), axis=1)
    np.testing.assert_allclose(found.kl, kl, rtol=0.02, atol=1e-6)
    np.testing.assert_allclose(
        found.chi_square, np.mean((ratio - 1) ** 2, axis=1), rtol=0.02, atol=1e-6
    )
    np.testing.assert_allclose(found.win_rate, ratio @ beats.mean(axis=1) / 600, atol=2e-3)


def test_divergences_of_groups_are_their_mean(pressure: Pressure) -> None:
    proxies = tied_scores()
    strengths = strengths_for(pressure, proxies)
    alone = [pressure.divergences(group[None], strengths) for group in proxies]
    together = pressure.divergences(proxies, strengths)
    for name in ("kl", "chi_square", "win_rate"):
        mean = np.mean([getattr(one, name) for one in alone], axis=0)
        np.testing.assert_allclose(getattr(together, name), mean, atol=ROUNDED)


@pytest.mark.parametrize(
    "pressure",
    [p for p in PRESSURES if type(p).slope_weights is not Pressure.slope_weights],
    ids=lambda p: p.id,
)
def test_slope_weights_are_the_derivative_by_log_strength(pressure: Pressure) -> None:
    proxies = scores()
    strengths = strengths_for(pressure, proxies)[1:]
    slope = pressure.slope_weights(proxies, strengths)
    assert slope is not None
    step = 1e-6
    up = pressure.weights(proxies, strengths * np.exp(step))
    down = pressure.weights(proxies, strengths * np.exp(-step))
    np.testing.assert_allclose(slope, (up - down) / (2 * step), atol=1e-7)
    np.testing.assert_allclose(slope.sum(axis=2), 0, atol=1e-9)


def test_reachable_strengths_are_reliable_in_larger_groups(pressure: Pressure) -> None:
    strengths = strengths_for(pressure, scores(13, 20, 8))
    small, large = pressure.unreliable(8, strengths), pressure.unreliable(800, strengths)
    assert small.shape == strengths.shape
    assert not small[0]
    assert not large.any()


def test_select_follows_the_weights(pressure: Pressure) -> None:
    proxies = np.array([0.3, 1.0, -0.5, 1.0, 2.0, 0.3])
    strength = strengths_for(pressure, proxies[None])[-2]
    rng = np.random.default_rng(14)
    draws = 4000
    served = [pressure.select(proxies, float(strength), rng) for _ in range(draws)]
    counts = np.bincount(served, minlength=6)
    weights = pressure.weights(proxies[None], np.array([strength]))[0, 0]
    for count, weight in zip(counts, weights, strict=True):
        assert_coverage(int(count), draws, float(np.clip(weight, 0, 1)))


def test_select_under_no_pressure_serves_everyone(pressure: Pressure) -> None:
    rng = np.random.default_rng(15)
    draws = 2000
    served = [pressure.select(np.arange(4.0), pressure.no_pressure, rng) for _ in range(draws)]
    for count in np.bincount(served, minlength=4):
        assert_coverage(int(count), draws, 0.25)
