"""What labels in hand are worth: the parts of the variance, and what more labels would change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tables import noise, table

from overopt.curves.completed_gold import completed_gold
from overopt.curves.estimation import gold_curve
from overopt.labels.design import label_probabilities
from overopt.labels.value import LabelValue, label_value
from overopt.pressure import BestOfN
from overopt.samples import Samples

DOUBLINGS = np.array([1.0, 2, 4, 8])


def study(labels: float, between: float = 0.0, seed: int = 3) -> Samples:
    """60 prompts of 8; ``between`` is the sd over prompts of what the best candidate is worth."""
    proxy = noise(0, 60)
    gold = noise(1, 60) + between * noise(2, 60, 1) * proxy
    samples = table(a=proxy, gold=gold)
    chance = label_probabilities(samples, "a", BestOfN(), DOUBLINGS, labels)
    drawn = np.random.default_rng(seed).random(480) < chance
    return replace(samples, gold=np.where(drawn, samples.gold, np.nan), label_prob=chance)


def valued(samples: Samples, design: str = "recorded", decided: float = 4.0) -> LabelValue | None:
    curve = gold_curve(samples, "a", BestOfN(), labels_drawn=design)
    return label_value(samples, "a", completed_gold(samples, "a", design), curve, decided)


def test_the_half_width_is_that_of_the_curve() -> None:
    samples = study(100)
    found = valued(samples)
    assert found is not None
    assert [one.strength for one in found.at] == [4, 8]
    assert found.labels == samples.labelled
    curve = gold_curve(samples, "a", BestOfN())
    _, lower, upper = curve.gain()
    for one in found.at:
        position = int(one.strength) - 1
        # The curve's gains share the least degrees of freedom of all strengths.
        assert one.half_width <= (upper - lower)[position] / 2 + 1e-12
        assert one.half_width == pytest.approx((upper - lower)[position] / 2, rel=0.05)
        assert one.labels_effective == curve.labels_effective[position]
        assert one.design_effect == pytest.approx(samples.labelled / one.labels_effective)


@pytest.mark.parametrize("labels", [120, 400])
def test_the_label_part_is_what_the_draw_of_labels_varies_by(labels: int) -> None:
    """Against the spread of the gain over many draws of labels for one and the same table."""
    gains, shares, widths = [], [], []
    for seed in range(150):
        samples = study(labels, seed=seed)
        curve = gold_curve(samples, "a", BestOfN(), strengths=np.array([1.0, 4]))
        found = label_value(
            samples, "a", completed_gold(samples, "a", "recorded"), curve, decided=4.0
        )
        assert found is not None
        gains.append(curve.gain()[0][1])
        shares.append(found.at[0].label_share)
        _, covariance, _ = curve.contrast(np.array([[-1.0, 1.0]]))
        widths.append(covariance[0, 0])
    noise_part = np.mean(np.array(shares) * np.array(widths))
    # A variance of 150 draws is good to 12 %: four standard errors are a half.
    assert noise_part == pytest.approx(np.var(gains, ddof=1), rel=0.5)


def test_promises_for_twice_the_labels_and_for_all() -> None:
    some = valued(study(60))
    assert some is not None
    one = some.at[0]
    assert one.half_width_all_rows < one.half_width_doubled < one.half_width
    assert some.worth_doubling
    assert "next batch" not in some.sentence


@pytest.mark.parametrize("seed", [0, 3, 8, 20, 23])
def test_few_labels_cannot_make_the_part_of_the_prompts_vanish(seed: int) -> None:
    proxy, gold = noise(10 + seed, 60), noise(20 + seed, 60)
    drawn = np.random.default_rng(seed).random((60, 8)) < 0.15
    samples = table(a=proxy, gold=np.where(drawn, gold, np.nan), label_prob=np.full((60, 8), 0.15))
    found = valued(samples, decided=8.0)
    assert found is not None
    _, lower, upper = gold_curve(table(a=proxy, gold=gold), "a", BestOfN()).gain()
    promised = found.at[0].half_width_all_rows / ((upper - lower)[-1] / 2)
    assert 0.5 < promised < 1.7
    assert 0.3 < found.at[0].label_share < 0.95


def test_where_chances_reach_a_half_twice_the_labels_are_all() -> None:
    drawn = np.random.default_rng(0).random((60, 8)) < 0.6
    gold, chance = np.where(drawn, noise(1, 60), np.nan), np.full((60, 8), 0.6)
    found = valued(table(a=noise(0, 60), gold=gold, label_prob=chance))
    assert found is not None
    for one in found.at:
        assert one.half_width_doubled == pytest.approx(one.half_width_all_rows, rel=0.02)
        assert one.half_width_all_rows < one.half_width


def test_where_prompts_differ_more_than_labels_more_labels_are_not_worth_it() -> None:
    found = valued(study(400, between=3.0))
    assert found is not None
    assert all(one.label_share < 0.1 for one in found.at)
    assert not found.worth_doubling
    assert found.sentence.endswith("is not worth it, sample more prompts instead.")


def test_nothing_is_said_of_labels_of_unknown_design_or_of_all_rows() -> None:
    samples = replace(study(100), label_prob=None)
    assert valued(samples, "unknown") is None
    assert valued(samples, "uniform") is not None
    assert valued(table(a=noise(0), gold=noise(1)), "all") is None
    assert valued(study(100).take(np.arange(480) < 8)) is None
