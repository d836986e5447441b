"""Best-of-n against enumeration, exact binomials and published divergences."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from overopt.pressure import BestOfN

TIED_PROXIES = (0.1, 0.5, 0.5, 0.5, 0.9, 0.9, -1.0)
TIED_GOLD = (1, 2, 7, -3, 4, 10, 0)


def best_of(subset: tuple[int, ...], proxies: tuple[float, ...], gold: tuple[int, ...]) -> Fraction:
    """Gold of the best of a subset, mean over those that tie for best."""
    top = max(proxies[i] for i in subset)
    winners = [gold[i] for i in subset if proxies[i] == top]
    return Fraction(sum(winners), len(winners))


def weighted_gold(proxies: np.ndarray, gold: np.ndarray, n: np.ndarray) -> np.ndarray:
    return BestOfN().weights(proxies[None], n)[0] @ gold


def test_ties_match_every_subset_to_12_digits() -> None:
    n = np.arange(1, 8)
    found = weighted_gold(np.array(TIED_PROXIES), np.array(TIED_GOLD), n.astype(float))
    for size in n:
        chosen = list(combinations(range(7), size))
        mean = sum(best_of(one, TIED_PROXIES, TIED_GOLD) for one in chosen) / len(chosen)
        assert found[size - 1] == pytest.approx(float(mean), abs=1e-12)
    published = [3.0, 4.571429, 5.571429, 6.285714, 6.761905, 7.0, 7.0]
    np.testing.assert_allclose(found, published, atol=5e-7)


def test_unbiased_under_ties_over_every_possible_sample() -> None:
    """Three outcomes (proxy, gold): (0, 0) half of the time, (1, 1) four, (1, 0) one in ten."""
    outcomes = ((0.0, 0.0, 0.5), (1.0, 1.0, 0.4), (1.0, 0.0, 0.1))
    n = np.arange(1.0, 5.0)
    expected = np.zeros(4)
    for sample in product(outcomes, repeat=4):
        proxies, gold, chance = np.array(sample).T
        expected += chance.prod() * weighted_gold(proxies, gold, n)
    np.testing.assert_allclose(expected, [0.4, 0.6, 0.7, 0.75], atol=1e-12)


def test_weights_are_binomials_in_groups_of_12600() -> None:
    size = 12_600
    n = [1, 2, 7, 64, 1000, 6300, 12_599, 12_600]
    found = BestOfN().weights(np.arange(float(size))[None], np.array(n, dtype=float))[0]
    for row, k in zip(found, n, strict=True):
        ranks = {k, min(k + 1, size), (k + size) // 2, size - size // (2 * k), size - 1, size}
        for rank in ranks:
            exact = Fraction(comb(rank - 1, k - 1), comb(size, k))
            assert row[rank - 1] == pytest.approx(float(exact), abs=1e-10, rel=1e-8)
        assert not row[: k - 1].any()


def test_effective_sample_size_of_the_best_of_all_is_one() -> None:
    size = 64
    n = np.array([1.0, 2.0, 64.0])
    weights = BestOfN().weights(np.arange(float(size))[None], n)[0]
    # sum over ranks of (2 (i - 1) / (m (m - 1)))^2 for n = 2
    pairs = 4 * sum((i - 1) ** 2 for i in range(1, 65)) / (size * (size - 1)) ** 2
    np.testing.assert_allclose((weights**2).sum(axis=1), [1 / size, pairs, 1.0], rtol=1e-12)


UNTIED_KL = {
    2: 0.1931,
    4: 0.6363,
    16: 1.8351,
    64: 3.1745,
    256: 4.5491,
    1024: 5.9324,
    60_000: 10.0021,
}


def test_divergences_without_ties() -> None:
    n = np.array(list(UNTIED_KL), dtype=float)
    found = BestOfN().divergences(np.arange(8.0)[None], n)
    np.testing.assert_allclose(found.kl, list(UNTIED_KL.values()), atol=5e-5)
    np.testing.assert_allclose(found.kl, np.log(n) - (n - 1) / n, rtol=1e-12)
    np.testing.assert_allclose(found.chi_square, (n - 1) ** 2 / (2 * n - 1), rtol=1e-12)
    np.testing.assert_allclose(found.win_rate, n / (n + 1), rtol=1e-12)
    eight = BestOfN().divergences(np.arange(8.0)[None], np.array([8.0]))
    assert eight.chi_square[0] == pytest.approx(49 / 15, abs=1e-12)


EQUAL_OUTCOMES = [  # outcomes, n, KL
    (2, 16, 0.692963),
    (10, 16, 1.733063),
    (1000, 16, 1.835078),
    (2, 1024, 0.693147),
    (10, 1024, 2.302585),
    (1000, 1024, 5.889868),
]


@pytest.mark.parametrize(("outcomes", "n", "kl"), EQUAL_OUTCOMES)
def test_kl_of_equally_likely_outcomes(outcomes: int, n: int, kl: float) -> None:
    proxies = np.repeat(np.arange(float(outcomes)), 5)[None]
    found = BestOfN().divergences(proxies, np.array([float(n)])).kl[0]
    assert found == pytest.approx(kl, abs=5e-7)
    ends = (np.arange(outcomes + 1) / outcomes) ** n
    share = np.diff(ends)
    exact = np.sum(share * np.log(np.where(share > 0, share * outcomes, 1)))
    assert found == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize(("best", "kl"), [("rarest", 1.793553), ("likeliest", 0.692973)])
def test_kl_of_geometric_outcomes(best: str, kl: float) -> None:
    counts = 2 ** np.arange(15, -1, -1)
    values = np.repeat(np.arange(16.0), counts)
    proxies = np.append(values, 15.0)[None]
    proxies = proxies if best == "rarest" else -proxies
    assert BestOfN().divergences(proxies, np.array([16.0])).kl[0] == pytest.approx(kl, abs=2e-6)


@pytest.mark.parametrize(("n", "kl"), [(16, 1.756142), (64, 2.294609)])
def test_kl_with_a_tenth_tied_at_the_top(n: int, kl: float) -> None:
    proxies = np.minimum(np.arange(1000.0), 900.0)[None]
    assert BestOfN().divergences(proxies, np.array([float(n)])).kl[0] == pytest.approx(kl, abs=5e-7)


def test_ties_leave_half_of_a_win() -> None:
    found = BestOfN().divergences(np.array([[0.0, 1.0]]).repeat(3, axis=1), np.array([2.0]))
    # best of two coins: head 3/4 of the time, beating a tail and tying with a head
    assert found.win_rate[0] == pytest.approx(0.75 * 0.75 + 0.25 * 0.25, abs=1e-12)


def test_every_n_is_listed_up_to_1024() -> None:
    np.testing.assert_array_equal(BestOfN().default_strengths([], 24), np.arange(1, 25))
    long = BestOfN().default_strengths([], 12_600)
    np.testing.assert_array_equal(long[:1024], np.arange(1, 1025))
    assert {6300.0, 12_600.0} <= set(long)
    assert np.all(long == np.rint(long))
    assert len(long) < 1100
