"""Sums over blocks of prompts are the sums over all, for every pressure, ragged and tied."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from tables import table

from overopt.curves.completed_gold import completed_gold
from overopt.curves.fold import CurveSums, curve_sums, largest_common_size, prompt_vectors
from overopt.pressure import BestOfN, BestOfPoisson, ChiSquare, KLTilt, Pressure, Threshold
from overopt.samples import Samples

PRESSURES = [BestOfN(), BestOfPoisson(), Threshold(), KLTilt(), ChiSquare()]
SIZES = [9, 6, 7, 6, 6, 3, 8, 9, 6, 10, 7, 6] * 2
STRENGTHS = np.array([1.0, 2.0, 5.0])


def ragged() -> Samples:
    """Rounded proxies (ties), partial labels, prompts of unequal size."""
    rng = np.random.default_rng(0)
    rows = sum(SIZES)
    chance = rng.uniform(0.3, 0.9, rows)
    gold = np.where(rng.random(rows) < chance, rng.normal(size=rows), np.nan)
    return table(SIZES, a=np.round(rng.normal(size=rows)), gold=gold, label_prob=chance)


def sums(samples: Samples, pressure: Pressure, whole: Samples | None = None) -> CurveSums:
    completed = completed_gold(whole or samples, "a", "recorded")
    if whole is not None:
        completed = completed.take(np.isin(whole.row, samples.row))
    return curve_sums(
        samples,
        "a",
        pressure,
        STRENGTHS,
        smallest=6,
        gold=completed.value,
        inverse=completed.inverse,
    )


@pytest.mark.parametrize("pressure", PRESSURES, ids=lambda pressure: pressure.id)
def test_merged_blocks_are_one_block(pressure: Pressure) -> None:
    whole = ragged()
    blocks = [whole.take((whole.prompt >= a) & (whole.prompt < b)) for a, b in ((0, 7), (7, 24))]
    one, other = (sums(block, pressure, whole) for block in blocks)
    merged, expected = one.merge(other), sums(whole, pressure)
    for field in fields(CurveSums):
        found, wanted = getattr(merged, field.name), getattr(expected, field.name)
        if field.name == "moments":
            np.testing.assert_allclose(found.mean, wanted.mean, atol=1e-13)
            np.testing.assert_allclose(found.scatter, wanted.scatter, atol=1e-11)
            assert found.count == wanted.count == 22
        elif field.name == "sample" and wanted is not None:
            ratios = [np.sort(sample.ratio, axis=1) for sample in (found, wanted)]
            np.testing.assert_allclose(*ratios, rtol=1e-12)
        elif wanted is None:
            assert found is None
        else:
            np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("pressure", PRESSURES, ids=lambda pressure: pressure.id)
def test_sums_are_those_of_explicit_weights(pressure: Pressure) -> None:
    samples = ragged()
    completed = completed_gold(samples, "a", "recorded")
    found = sums(samples, pressure)
    gold, proxy, square, carried = [], np.zeros(3), np.zeros(3), []
    for p in range(samples.prompts):
        rows = samples.prompt == p
        if rows.sum() < 6:
            continue
        weights = pressure.weights(samples.proxies["a"][rows][None], STRENGTHS)[0]
        gold.append(weights @ completed.value[rows])
        proxy += weights @ samples.proxies["a"][rows]
        square += (weights**2).sum(axis=1)
        carried.append(weights * completed.inverse[rows])
    products = sum(one @ one.T for one in carried)
    assert found.groups == len(gold) == 22
    np.testing.assert_allclose(found.moments.mean[:3], np.mean(gold, axis=0), atol=1e-12)
    np.testing.assert_allclose(found.proxy, proxy, atol=1e-10)
    np.testing.assert_allclose(found.labels, products, rtol=1e-9)
    np.testing.assert_allclose(found.label_mass, sum(one.sum(axis=1) for one in carried), rtol=1e-9)
    np.testing.assert_allclose(found.square, square, rtol=1e-9)


def test_prompts_not_groups_are_counted() -> None:
    """Two groups for each prompt: their mean is the prompt's vector."""
    rng = np.random.default_rng(1)
    proxies, gold = rng.normal(size=(12, 5)), rng.normal(size=(12, 5))
    group = np.repeat(np.arange(12), 5)
    paired = table([10] * 6, a=proxies.ravel(), gold=gold.ravel(), group=group)
    alone = table(a=proxies, gold=gold)
    at = {"proxy": "a", "pressure": BestOfN(), "strengths": STRENGTHS, "smallest": 5}
    _, vectors = prompt_vectors(alone, gold=alone.gold, **at)
    used, means = prompt_vectors(paired, gold=paired.gold, **at)
    assert used.tolist() == list(range(6))
    np.testing.assert_allclose(means, vectors.reshape(6, 2, 3).mean(axis=1), atol=1e-13)
    found = curve_sums(paired, gold=paired.gold, **at)
    assert (found.groups, found.moments.count) == (12, 6)
    np.testing.assert_allclose(found.moments.mean, means.mean(axis=0), atol=1e-13)


@pytest.mark.parametrize(
    ("sizes", "reached"),
    [([8] * 20, 8), ([2] + [8] * 19, 8), ([2] * 2 + [8] * 18, 2), ([3, 5], 3), ([4], 4)],
)
def test_curves_stop_where_one_group_in_twenty_would_leave(sizes: list[int], reached: int) -> None:
    samples = table(sizes, a=np.arange(float(sum(sizes))))
    assert largest_common_size(samples) == reached
