"""Exact curves beside what the audit computes from samples of the same law.

Reference values: best-of-n with ties by enumeration; KL of selection among equal outcomes and with
an atom by its closed form (Beirami and others, 2401.01879, theorem 3.1); the chi-square optimum by
the closed form of its level; diagnostics of a tilt by simulation, independent of this code.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from overopt.lab import Clipped, Discrete, Exponential, Independent, Normal, StudentT, independent
from overopt.lab.joints.joint import FloatArray
from overopt.labels.design import chances
from overopt.pressure import BestOfN, ChiSquare, KLTilt
from overopt.stats.pareto import pareto_k

NOTHING = Discrete(values=(0.0,), chances=(1.0,))


def test_best_of_n_of_every_sample_of_a_tied_law_averages_to_its_curve() -> None:
    """All 81 samples of four from three values: ties exact, unbiased at every n."""
    values, probabilities = np.array([0.0, 0.5, 1.0]), np.array([0.5, 0.2, 0.3])
    error = Discrete(values=(0.0, 0.5), chances=(0.75, 0.25))
    law = independent(
        gold=Discrete(values=tuple(values), chances=tuple(probabilities)), error=error
    )
    pairs = [
        (v, v + x, p * q)
        for v, p in zip(values, probabilities, strict=True)
        for x, q in zip(error.values, error.chances, strict=True)
    ]
    samples = list(product(pairs, repeat=4))
    gold, proxy, chance = (np.array([[one[k] for one in s] for s in samples]) for k in range(3))
    n = np.array([1.0, 2.0, 3.0, 4.0])
    weights = BestOfN().weights(proxy, n)
    mean = np.einsum("gsm,gm,g->s", weights, gold, chance.prod(axis=1))
    assert law.curve(BestOfN(), n).gold == pytest.approx(mean, abs=1e-12)


def test_a_tied_sample_shares_what_its_ties_select() -> None:
    """Seven candidates, as enumerating every choice of n among them has it."""
    proxy = np.array([[0.1, 0.5, 0.5, 0.5, 0.9, 0.9, -1.0]])
    gold = np.array([1.0, 2.0, 7.0, -3.0, 4.0, 10.0, 0.0])
    found = BestOfN().weights(proxy, np.arange(1.0, 8.0))[0] @ gold
    expected = [3.0, 4.571429, 5.571429, 6.285714, 6.761905, 7.0, 7.0]
    assert found == pytest.approx(expected, abs=5e-7)


def test_plugging_in_the_sample_falls_short_where_the_curve_goes_on() -> None:
    """Gold exponential and its own proxy: the curve is H_n; 16 candidates plugged in stay below."""
    n = np.array([2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    curve = independent(gold=Exponential(), error=NOTHING).curve(BestOfN(), n)
    harmonic = [1.5, 2.08333, 2.71786, 3.38073, 4.05850, 4.74389]
    assert curve.gold == pytest.approx(harmonic, abs=6e-6)
    m = 16
    ranks = np.arange(1, m + 1)
    ordered = np.cumsum(1.0 / (m - ranks + 1))  # mean of each order statistic
    plugged = ((ranks / m) ** n[:, None] - ((ranks - 1) / m) ** n[:, None]) @ ordered
    assert plugged == pytest.approx(
        [1.46875, 1.99121, 2.50789, 2.95049, 3.24651, 3.36456], abs=6e-6
    )
    within = BestOfN().weights(ordered[None], n[n <= m])[0] @ ordered
    assert within == pytest.approx(curve.gold[n <= m], rel=1e-12)


def test_divergences_of_selection_among_atoms() -> None:
    equal = Discrete(values=tuple(np.arange(10.0)), chances=(0.1,) * 10)
    assert independent(gold=equal, error=NOTHING).curve(BestOfN(), [16]).kl[0] == pytest.approx(
        1.733063, abs=6e-7
    )
    capped = Clipped(law=Normal(), high=float(Normal().ppf(0.9)))
    curve = independent(gold=capped, error=NOTHING).curve(BestOfN(), [16, 64])
    assert curve.kl == pytest.approx([1.756142, 2.294609], abs=6e-7)


def test_divergences_of_best_of_eight() -> None:
    """Chi-square 49 / 15, and total variation n^(-1 / (n - 1)) (1 - 1 / n)."""
    curve = independent(gold=Normal(), error=Normal()).curve(BestOfN(), [8])
    law = curve.profile.law()
    mass, ratio = np.exp(law.log_mass), np.exp(BestOfN().log_ratio(law, curve.strength)[0])
    assert curve.chi_square[0] == pytest.approx(49 / 15, rel=1e-9)
    assert 0.5 * float(mass @ np.abs(ratio - 1)) == pytest.approx(0.650123, abs=2e-4)


def test_the_level_of_the_chi_square_optimum() -> None:
    """Standard normal proxy, b = 0.2: candidates above .492887 stay, with linear weights."""
    curve = independent(gold=Normal(sd=0.6), error=Normal(sd=0.8)).curve(ChiSquare(), [5.0])
    law = curve.profile.law()
    log_ratio = ChiSquare().log_ratio(law, curve.strength)[0]
    kept = np.isfinite(log_ratio) & (log_ratio > math.log(1e-3))
    levels = law.value[kept] - 0.2 * np.exp(log_ratio[kept])
    assert levels == pytest.approx(np.full(kept.sum(), 0.492887), abs=2e-5)
    assert curve.chi_square[0] == pytest.approx(4.311716, abs=2e-6)


def test_design_effects_of_labels_spread_evenly_and_where_selection_looks() -> None:
    """Spread evenly, labels count for 1 / (1 + chi-square) each: 1 in 32 at best of 64."""
    curve = independent(gold=Normal(), error=Normal()).curve(BestOfN(), [64.0])
    assert 1 + curve.chi_square[0] == pytest.approx(32.25, abs=5e-3)
    rows, labels, n = 12_800, 100, 2.0 ** np.arange(11)
    weights = BestOfN().weights(np.arange(float(rows))[None], n)[0]
    importance = np.sqrt(np.sum(weights * weights, axis=0))
    chance = chances(importance / importance.sum(), labels, 0.0)
    effects = labels * np.sum(weights * weights / chance, axis=1)
    assert effects == pytest.approx(
        [3.1, 2.4, 2.2, 2.1, 2.1, 2.1, 2.1, 2.2, 2.4, 2.9, 4.5], abs=0.06
    )


def tilts(law: Independent, candidates: int, draws: int, strength: float) -> FloatArray:
    """Effective samples, KL of the weights and Pareto k of ``draws`` tilted samples [draws, 3]."""
    rng = np.random.default_rng(19)
    table = law.sample(draws, candidates, rng).proxies["proxy"].reshape(draws, candidates)
    weights = KLTilt().weights(table, np.array([strength]))[:, 0]
    ess = 1 / np.sum(weights * weights, axis=1)
    kl = np.sum(weights * np.log(np.maximum(candidates * weights, 1e-300)), axis=1)
    return np.stack([ess, kl, [pareto_k(one) for one in weights]], axis=1)


def test_a_tilt_of_samples_hides_what_it_misses() -> None:
    """Normal proxy, 1 / beta = 2: exact KL 2, told 1.82 by 1,000 samples, 56 of them effective."""
    law = independent(gold=Normal(sd=0.6), error=Normal(sd=0.8))
    assert law.curve(KLTilt(), [2.0]).kl[0] == pytest.approx(2.0, rel=1e-9)
    found = tilts(law, 1000, 400, 2.0)
    away = np.abs(found.mean(axis=0) - [56, 1.82, 0.67])
    told_to = np.array([0.5, 0.005, 0.005])
    assert (away <= told_to + 6 * found.std(axis=0) / np.sqrt(len(found))).all()


def test_a_tilt_of_a_heavy_proxy_is_one_sample() -> None:
    """t with 3 df, 1 / beta = 1: no optimum exists, and the largest of 10,000 takes over."""
    ess, kl, k = np.median(
        tilts(independent(gold=NOTHING, error=StudentT(df=3)), 10_000, 15, 1.0), 0
    )
    assert 1 <= ess < 1.2
    assert math.log(10_000) - 0.3 < kl <= math.log(10_000)
    assert k > 1
