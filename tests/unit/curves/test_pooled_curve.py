"""The pooled curve: exact values, its errors against a jackknife, and when it is withheld."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from tables import table

from overopt.curves.completed_gold import completed_gold, label_design
from overopt.curves.estimation import gold_curve
from overopt.curves.fold import prompt_vectors
from overopt.curves.pooled_curve import ASSUMPTION, PooledCurve, pooled_curve
from overopt.curves.pooled_rows import imbalance, pool, pseudo_values
from overopt.errors import BadOption
from overopt.pressure import BestOfN
from overopt.samples import Samples
from overopt.stats.intervals import t_quantile

LEVEL = 0.9


def drawn(seed: int, prompts: int = 60, size: int = 16, **changes: Any) -> Samples:
    """Normal gold and error, levels that differ between prompts; ``scale`` [prompts] of proxies."""
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=(prompts, size))
    proxy = gold + 0.7 * rng.normal(size=gold.shape) + rng.normal(size=(prompts, 1))
    proxy = proxy * np.asarray(changes.pop("scale", np.ones(prompts)))[:, None]
    return table(a=proxy, gold=gold + rng.normal(size=(prompts, 1)), **changes)


def modelled(samples: Samples, to: float | None = None, drawn_by: str | None = None) -> PooledCurve:
    within = gold_curve(samples, "a", BestOfN(), level=LEVEL, labels_drawn=drawn_by)
    completed = completed_gold(samples, "a", label_design(samples, drawn_by))
    return pooled_curve(samples, "a", completed, within, level=LEVEL, to=to)


def pooled(samples: Samples, *strengths: float) -> np.ndarray:
    together = pool(samples, "a", completed_gold(samples, "a", "all"), 2)
    return pseudo_values(together, np.array(strengths, dtype=float))[0]


def enumerated(proxy: np.ndarray, gold: np.ndarray, n: int) -> float:
    """Mean over all subsets of n rows of the gold of the best row, ties shared."""
    total = []
    for rows in combinations(range(len(proxy)), n):
        chosen = np.array(rows)
        best = proxy[chosen] == proxy[chosen].max()
        total.append(gold[chosen][best].mean())
    return float(np.mean(total))


def test_pooled_values_are_the_mean_over_all_subsets_of_rows_ties_shared() -> None:
    rng = np.random.default_rng(3)
    samples = table(a=rng.integers(0, 4, size=(3, 4)) / 10, gold=rng.normal(size=(3, 4)))
    together = pool(samples, "a", completed_gold(samples, "a", "all"), 2)
    assert len(together.first) < len(together.gold)
    for n in range(1, 9):
        values, _ = pseudo_values(together, np.array([float(n)]))
        assert values.mean() == pytest.approx(enumerated(together.centred, together.gold, n))


def test_equal_differences_tie_although_their_floating_point_values_differ() -> None:
    samples = table(a=np.array([[0.1, 0.2, 0.3], [0.2, 0.3, 0.4]]), gold=np.eye(2, 3))
    assert 0.3 - 0.2 != 0.4 - 0.3
    together = pool(samples, "a", completed_gold(samples, "a", "all"), 2)
    assert together.count.tolist() == [2, 2, 2]


@pytest.mark.parametrize("decimals", [6, 0])
def test_errors_are_those_of_a_jackknife_over_prompts(decimals: int) -> None:
    whole = drawn(5, prompts=80, scale=np.linspace(0.8, 1.2, 80))
    samples = table(
        a=np.round(whole.proxies["a"].reshape(80, 16), decimals),
        gold=np.asarray(whole.gold).reshape(80, 16),
    )
    strengths = (1.0, 8.0, 32.0, 128.0)
    ours = pooled(samples, *strengths)
    without = [
        pooled(samples.take(samples.prompt != j), *strengths).mean(axis=0) for j in range(80)
    ]
    jackknife = 80 * ours.mean(axis=0) - 79 * np.array(without)
    for s in range(len(strengths)):
        assert np.corrcoef(ours[:, s], jackknife[:, s])[0, 1] > 0.99
    np.testing.assert_allclose(ours.std(axis=0), jackknife.std(axis=0), rtol=0.04)


def test_levels_of_gold_that_differ_between_prompts_leave_the_gain_alone() -> None:
    samples = drawn(7)
    levels = 50 * np.random.default_rng(8).normal(size=60)
    moved = table(
        a=samples.proxies["a"].reshape(60, 16),
        gold=np.asarray(samples.gold).reshape(60, 16) + levels[:, None],
    )
    before, after = pooled(samples, 1, 32).mean(axis=0), pooled(moved, 1, 32).mean(axis=0)
    assert after[0] - before[0] == pytest.approx(levels.mean())
    assert np.diff(after) == pytest.approx(np.diff(before), abs=0.2)


def test_gold_is_centred_by_the_other_candidates_of_its_group() -> None:
    rng = np.random.default_rng(9)
    proxy, gold = rng.normal(size=(40, 16)), rng.normal(size=(40, 16))
    gold += 1e4 * np.arange(40)[:, None]  # levels so plain that they are removed altogether
    others = (gold.sum(axis=1, keepdims=True) - gold) / 15
    expected = (gold - others + gold.mean()).ravel()
    centred = (proxy - np.median(proxy, axis=1, keepdims=True)).ravel()
    samples = table(a=proxy, gold=gold)
    together = pool(samples, "a", completed_gold(samples, "a", "all"), 2)
    np.testing.assert_allclose(together.gold, expected[np.argsort(centred)], atol=1e-3)


def test_starts_at_the_measured_value_and_ends_at_a_tenth_of_the_rows() -> None:
    samples = drawn(11)
    curve = modelled(samples)
    within = gold_curve(samples, "a", BestOfN(), level=LEVEL)
    assert curve.strength[[0, -1]].tolist() == [16, 96]
    assert curve.gold[0] == pytest.approx(within.gold[-1])
    lower, upper = within.interval()
    assert (curve.lower[0], curve.upper[0]) == pytest.approx((lower[-1], upper[-1]), abs=0.02)
    assert np.all(np.diff(curve.upper - curve.lower) > 0)


def test_interval_is_the_error_of_the_change_plus_the_drift_of_each_doubling() -> None:
    samples = drawn(12)
    curve = modelled(samples)
    completed = completed_gold(samples, "a", "all")
    at = pooled(samples, 16, 96)
    _, measured = prompt_vectors(
        samples, "a", BestOfN(), np.array([16.0]), smallest=16, gold=completed.value
    )
    vectors = measured[:, 0] + at[:, 1] - at[:, 0]
    plain = t_quantile(LEVEL, curve.labels_effective[-1] - 1) * vectors.std(ddof=1) / np.sqrt(60)
    assert curve.discrepancy is not None
    drift = curve.discrepancy.drift * np.log2(96 / 16)
    assert drift > 0
    assert curve.gold[-1] == pytest.approx(vectors.mean())
    assert curve.upper[-1] - curve.gold[-1] == pytest.approx(plain + drift)


@pytest.mark.parametrize(("bend", "shape"), [(0.0, "rises"), (1.0, "falls")])
def test_shape_is_told_when_proven(bend: float, shape: str) -> None:
    rng = np.random.default_rng(14)
    proxy = rng.normal(size=(300, 16))
    gold = proxy - bend * np.maximum(proxy, 0) ** 2 + 0.3 * rng.normal(size=proxy.shape)
    curve = modelled(table(a=proxy, gold=gold))
    assert curve.shape == shape
    assert (curve.change[1] > 0) == (shape == "rises")


def test_noise_alone_neither_rises_nor_falls() -> None:
    rng = np.random.default_rng(15)
    curve = modelled(table(a=rng.normal(size=(300, 16)), gold=rng.normal(size=(300, 16))))
    assert curve.shape == "undecided"
    assert curve.change[1] < 0 < curve.change[2]


def test_unchanged_by_affine_maps_of_the_proxy_and_by_the_order_of_candidates() -> None:
    samples = drawn(13)
    proxy = samples.proxies["a"].reshape(60, 16)
    gold = np.asarray(samples.gold).reshape(60, 16)
    order = np.random.default_rng(1).permutation(16)
    first = modelled(samples)
    for other in (
        table(a=40 * proxy - 7, gold=gold),
        table(a=proxy[:, order], gold=gold[:, order]),
    ):
        second = modelled(other)
        for name in ("gold", "lower", "upper"):
            np.testing.assert_allclose(getattr(second, name), getattr(first, name), rtol=1e-9)
        assert second.shape == first.shape


def test_scales_that_differ_between_prompts_withhold_the_curve() -> None:
    scale = np.exp(0.5 * np.random.default_rng(2).normal(size=200))
    curve = modelled(drawn(17, prompts=200, scale=scale))
    assert curve.discrepancy is not None
    assert curve.discrepancy.verdict == "disagrees"
    assert curve.discrepancy.unequal
    assert np.isnan([*curve.gold, *curve.lower, *curve.upper, *curve.change]).all()
    assert "cannot be pooled" in curve.sentence()


def test_a_pooled_value_far_from_the_measured_one_withholds_the_curve() -> None:
    # Gold as good as its score outside [-1, 1] and hidden by noise inside: what the noise of the
    # median distorts most once the levels of prompts are removed, although prompts are equal.
    told = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        gold = rng.normal(size=(400, 32))
        noise = np.where(np.abs(gold) <= 1, 2 * rng.normal(size=gold.shape), 0)
        level = rng.normal(size=(400, 1))
        curve = modelled(table(a=gold + noise, gold=gold + level))
        found = curve.discrepancy
        assert found is not None
        if found.verdict == "disagrees" and not found.unequal:
            told += 1
            assert abs(found.difference) > found.tolerance
            assert found.lower > 0
            assert "differs from the measured one" in curve.sentence()
    assert told >= 3


def test_agreement_is_claimed_exactly_when_every_interval_lies_within_tolerance() -> None:
    verdicts = set()
    for error in (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0):
        rng = np.random.default_rng(20)
        proxy = rng.normal(size=(60, 16))
        curve = modelled(table(a=proxy, gold=proxy + error * rng.normal(size=proxy.shape)))
        found = curve.discrepancy
        assert found is not None
        inside = max(-found.lower, found.upper) <= found.tolerance
        assert inside == (found.verdict == "agrees within tolerance")
        assert found.verdict in curve.sentence()
        verdicts.add(found.verdict)
    assert verdicts == {"agrees within tolerance", "undecided"}


def test_equal_prompts_supply_the_top_rows_in_equal_shares() -> None:
    together = pool(
        drawn(19, prompts=200), "a", completed_gold(drawn(19, prompts=200), "a", "all"), 2
    )
    relative, chance = imbalance(together, 8)
    assert relative < 0.3
    assert chance > 1e-3


def test_document_is_strict_json_and_names_model_and_assumption() -> None:
    document = modelled(drawn(23)).to_dict()
    parsed = json.loads(json.dumps(document, allow_nan=False))
    assert set(parsed) == {
        "strength", "gold", "lower", "upper", "model", "discrepancy", "sentence"
    }  # fmt: skip
    assert len({len(parsed[key]) for key in ("strength", "gold", "lower", "upper")}) == 1
    assert ASSUMPTION in parsed["model"]
    assert parsed["sentence"].startswith("Extrapolation, not measurement")
    assert "A peak beyond n = 96 is invisible from 960 rows" in parsed["sentence"]
    assert "safe" not in parsed["sentence"]


def test_few_prompts_and_small_groups_are_told_what_they_need() -> None:
    for samples, needed in (
        (drawn(29, prompts=12), "about 20 prompts are needed"),
        (drawn(31, size=8), "sample at least 16"),
    ):
        curve = modelled(samples)
        assert needed in curve.sentence()
        assert curve.to_dict()["gold"] == [None]


def test_labels_of_unknown_design_are_not_extrapolated() -> None:
    samples = drawn(37)
    gold = np.where(np.random.default_rng(4).random(samples.rows) < 0.5, samples.gold, np.nan)
    partly = table(a=samples.proxies["a"].reshape(60, 16), gold=gold)
    assert "theirs is 'unknown'" in modelled(partly).sentence()
    assert modelled(partly, drawn_by="uniform").reason is None


@pytest.mark.parametrize("to", [16.0, 97.0])
def test_a_last_n_outside_what_can_be_modelled_is_refused(to: float) -> None:
    with pytest.raises(BadOption, match="support n above 16 and up to 96"):
        modelled(drawn(41), to=to)


def test_a_last_n_can_be_chosen() -> None:
    assert modelled(drawn(41), to=40.0).strength[[0, -1]].tolist() == [16, 40]


@pytest.mark.parametrize("rare", [0, 1])
def test_intervals_of_bounded_gold_stay_on_its_scale_and_do_not_vanish(rare: int) -> None:
    rng = np.random.default_rng(43)
    gold = np.full((60, 16), 1.0 - rare)
    gold[rng.random(gold.shape) < 0.004] = rare
    curve = modelled(table(a=rng.normal(size=gold.shape), gold=gold))
    assert np.all((curve.lower >= 0) & (curve.upper <= 1))
    assert np.all(curve.upper - curve.lower > 0.01)


def test_a_constant_proxy_has_no_pressure_to_continue() -> None:
    samples = drawn(47)
    curve = modelled(table(a=np.ones((60, 16)), gold=np.asarray(samples.gold)))
    assert "there is no pressure" in curve.sentence()


def test_constant_gold_stays_constant() -> None:
    curve = modelled(table(a=drawn(51).proxies["a"].reshape(60, 16), gold=np.full((60, 16), 3.7)))
    np.testing.assert_allclose(curve.gold, 3.7)
    assert curve.shape == "undecided"


def test_a_rare_pass_ties_most_rows_and_is_exact_still() -> None:
    rng = np.random.default_rng(53)
    passed = (rng.random((100, 16)) < 0.3).astype(float)
    samples = table(a=passed, gold=passed + rng.normal(size=passed.shape))
    together = pool(samples, "a", completed_gold(samples, "a", "all"), 2)
    values, _ = pseudo_values(together, np.array([64.0]))
    top = together.centred == together.centred[-1]
    assert values.mean() == pytest.approx(together.gold[top].mean(), abs=1e-6)
