"""Win rates: of a perfect, a useless and a noisy proxy they are those against fresh candidates."""

from __future__ import annotations

import numpy as np
from tables import noise, table

from overopt.curves.estimation import gold_curve
from overopt.curves.objective import quality
from overopt.pressure import BestOfN

N = np.arange(1.0, 7)


def win_rates(proxy: np.ndarray, gold: np.ndarray) -> np.ndarray:
    return gold_curve(quality(table(a=proxy, gold=gold), "win-rate"), "a", BestOfN()).gold


def test_a_perfect_proxy_wins_as_often_as_the_best_of_n_beats_one_more() -> None:
    gold = noise(1, 20, 6)
    np.testing.assert_allclose(win_rates(gold, gold), N / (N + 1), rtol=1e-12)
    np.testing.assert_allclose(win_rates(-gold, gold), 1 / (N + 1), rtol=1e-12)


def test_gold_that_is_all_equal_wins_half() -> None:
    np.testing.assert_allclose(win_rates(noise(1, 20, 6), np.ones((20, 6))), 0.5, rtol=1e-12)


def test_a_noisy_proxy_is_never_paid_for_beating_its_own_rivals() -> None:
    """The five that the best of six was drawn with are beaten more often than a fresh one."""
    rng = np.random.default_rng(5)
    gold = rng.standard_normal((20_000, 7))
    proxy = gold + rng.standard_normal(gold.shape)
    best = np.take_along_axis(gold, proxy[:, :6].argmax(axis=1)[:, None], axis=1)[:, 0]
    fresh = float(np.mean(best > gold[:, 6]))
    found = win_rates(proxy[:, :6], gold[:, :6])[-1]
    assert 0.8 * (fresh - 0.5) < found - 0.5 < fresh - 0.5
