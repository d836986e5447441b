"""Expected half-widths: the variance by enumeration, its floor, and what even labels would need."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tables import noise, table

from overopt.curves.estimation import gold_curve
from overopt.errors import BadOption
from overopt.labels.design import label_probabilities
from overopt.labels.half_width import expected_half_width, residual_spread
from overopt.labels.weights import planning_strengths
from overopt.pressure import BestOfN, KLTilt
from overopt.stats.intervals import t_quantile

DOUBLINGS = np.array([1.0, 2.0, 4.0])


def test_label_noise_is_the_variance_over_all_ways_to_draw_labels() -> None:
    proxies = noise(3, 2, 4)
    chance = np.array([0.3, 0.5, 0.8, 1.0, 0.2, 0.6, 0.9, 0.4])
    residual = np.array([1, -1, 1, 1, -1, 1, -1, -1.0])  # of size 1, the residual sd
    weights = BestOfN().weights(proxies, DOUBLINGS)
    mean, square = np.zeros((2, 3)), np.zeros((2, 3))  # gold and gain
    for drawn in itertools.product([0, 1], repeat=8):
        labels = np.array(drawn)
        likely = np.prod(np.where(labels == 1, chance, 1 - chance))
        value = (labels / chance * residual).reshape(2, 1, 4)
        gold = (weights * value).sum(axis=2).mean(axis=0)
        both = np.stack([gold, gold - gold[0]])
        mean += likely * both
        square += likely * both**2
    found = expected_half_width(table(a=proxies), "a", BestOfN(), DOUBLINGS, chance)
    critical = t_quantile(0.95, 1)  # two prompts
    expected = critical**2 * (square - mean**2)
    got = np.stack([found.gold**2 - found.gold_floor**2, found.gain**2 - found.gain_floor**2])
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def test_with_every_label_the_floor_is_what_prompts_alone_give() -> None:
    samples = table(a=noise(0))
    found = expected_half_width(
        samples, "a", BestOfN(), DOUBLINGS, np.ones(320), residual_sd=2, between_sd=3
    )
    square = (BestOfN().weights(noise(0), DOUBLINGS) ** 2).sum(axis=2).mean(axis=0)
    wanted = t_quantile(0.95, 39) * np.sqrt((9 + 4 * square) / 40)
    np.testing.assert_allclose(found.gold, wanted)
    np.testing.assert_allclose(found.gold_floor, wanted)
    np.testing.assert_allclose(found.gain, found.gain_floor)
    assert found.gain[0] == 0
    np.testing.assert_allclose(found.gold_even, 320)


@pytest.mark.parametrize("pressure", [BestOfN(), KLTilt()])
def test_as_many_even_labels_as_said_have_the_same_standard_error(
    pressure: BestOfN | KLTilt,
) -> None:
    samples = table(a=noise(0, 400, 16))
    grid = planning_strengths(samples, "a", pressure)
    chance = label_probabilities(samples, "a", pressure, grid, 400)
    planned = expected_half_width(samples, "a", pressure, grid, chance)
    for s, labels in enumerate(planned.gain_even[1:], start=1):
        even = np.full(samples.rows, labels / samples.rows)
        same = expected_half_width(samples, "a", pressure, grid, even)
        assert same.gain[s] == pytest.approx(planned.gain[s], rel=0.01)  # but for the t quantile


def test_targeted_labels_are_worth_many_even_ones_at_high_pressure() -> None:
    samples = table(a=noise(0, 200, 64))
    grid = planning_strengths(samples, "a", BestOfN())
    chance = label_probabilities(samples, "a", BestOfN(), grid, 120)
    found = expected_half_width(samples, "a", BestOfN(), grid, chance)
    assert grid.tolist() == [1, 2, 4, 8, 16, 32, 64]
    assert found.gold_even[-1] > 8 * 120
    assert np.all(np.diff(found.gold_even) > 0)


def test_promises_of_a_first_table_hold() -> None:
    rng = np.random.default_rng(5)
    proxies = rng.normal(size=(200, 16))
    gold = 0.5 * proxies + rng.normal(size=(200, 16)) + 0.5 * rng.normal(size=(200, 1))
    samples = table(a=proxies)
    grid = planning_strengths(samples, "a", BestOfN())
    chance = label_probabilities(samples, "a", BestOfN(), grid, 600)
    promised = expected_half_width(
        samples, "a", BestOfN(), grid, chance, residual_sd=1, between_sd=0.5
    )
    labelled = np.where(rng.random(chance.shape) < chance, gold.ravel(), np.nan)
    partly = table(a=proxies, gold=labelled, label_prob=chance)
    curve = gold_curve(partly, "a", BestOfN(), strengths=grid)
    low, high = curve.interval()
    np.testing.assert_allclose((high - low) / 2, promised.gold, rtol=0.25)
    spread = residual_spread(partly, "a")
    assert spread == (pytest.approx(1, abs=0.2), pytest.approx(0.5, abs=0.3))


def test_groups_of_a_prompt_share_its_weight_and_its_level() -> None:
    proxies = noise(1, 20, 8)
    pairs = table([8] * 20, a=proxies.ravel(), group=np.repeat(np.arange(40), 4))
    found = expected_half_width(
        pairs, "a", BestOfN(), np.array([1.0, 4.0]), np.ones(160), residual_sd=1, between_sd=2
    )
    wanted = t_quantile(0.95, 19) * np.sqrt((4 + 1 / np.array([8.0, 2.0])) / 20)
    np.testing.assert_allclose(found.gold, wanted)


def test_rows_without_a_score_need_no_label() -> None:
    proxies = noise(0)
    proxies[:, 0] = np.nan
    samples = table(a=proxies)
    chance = label_probabilities(samples, "a", BestOfN(), DOUBLINGS, 60).reshape(40, 8)
    np.testing.assert_allclose(chance[:, 0], 0.1 * 60 / 320)
    found = expected_half_width(samples, "a", BestOfN(), DOUBLINGS, chance.ravel())
    whole = expected_half_width(
        table(a=proxies[:, 1:]), "a", BestOfN(), DOUBLINGS, chance[:, 1:].ravel()
    )
    np.testing.assert_allclose(found.gold, whole.gold)


def test_few_labels_tell_no_spread() -> None:
    gold = np.full(320, np.nan)
    gold[:19] = 1.0
    partly = table(a=noise(0), gold=gold, label_prob=np.full(320, 0.1))
    assert residual_spread(partly, "a") is None
    assert residual_spread(table(a=noise(0)), "a") is None


def test_prompts_with_one_label_each_do_not_tell_who_differs() -> None:
    gold = np.full((40, 8), np.nan)
    gold[:, 0] = np.tile([1.0, 3.0], 20)
    partly = table(a=noise(0), gold=gold, label_prob=np.full(320, 0.125))
    spread = residual_spread(partly, "a")
    assert spread is not None
    assert spread[0] == spread[1]
    assert np.hypot(*spread) == pytest.approx(1, rel=0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"residual_sd": -1.0}, "residual spread"),
        ({"between_sd": float("nan")}, "between spread"),
        ({"level": 95}, "level 95"),
        ({"probabilities": np.zeros(320)}, r"outside \(0, 1\]"),
        ({"probabilities": np.ones(7)}, "shape"),
        ({"strengths": np.array([1.0, 9.0])}, "largest has 8"),
    ],
)
def test_senseless_options_are_refused(change: dict[str, object], message: str) -> None:
    given = {"strengths": DOUBLINGS, "probabilities": np.ones(320), **change}
    with pytest.raises(BadOption, match=message):
        expected_half_width(table(a=noise(0)), "a", BestOfN(), **given)  # type: ignore[arg-type]


def test_a_grid_may_end_early_but_not_beyond_the_table() -> None:
    samples = table(a=noise(0))
    assert planning_strengths(samples, "a", BestOfN(), up_to=5).tolist() == [1, 2, 4, 5]
    with pytest.raises(BadOption, match=r"above 1 and at most 8"):
        planning_strengths(samples, "a", BestOfN(), up_to=9)
