"""Worlds of a guess: exact truth, the guessed moments, and bends as sharp as they can be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from overopt.errors import BadOption
from overopt.labels.study import Guess, Scenario, scenarios
from overopt.labels.study.scenarios import KNEE

GUESSES = {
    "continuous": Guess(correlation=0.5, spread=2.0, between=0.7),
    "right or wrong": Guess(correlation=0.4, gold_kind="binary", base_rate=0.7),
    "rarely right": Guess(correlation=0.2, gold_kind="binary", base_rate=0.05),
}


def world(guess: Guess, name: str) -> Scenario:
    return {one.name: one for one in scenarios(guess)}[name]


def test_a_steady_rise_is_the_correlation_times_the_expected_largest_normal() -> None:
    truth = world(Guess(correlation=0.3, spread=5), "rises").truth(np.array([1.0, 2, 3, 5]))
    expected = [0, 1 / np.sqrt(np.pi), 1.5 / np.sqrt(np.pi), 1.1629644736]
    np.testing.assert_allclose(truth, 1.5 * np.array(expected), atol=1e-6)


@pytest.mark.parametrize(("name", "slope"), [("levels_off", 0.0), ("turns", -0.5)])
@pytest.mark.parametrize("n", [1, 4, 16])
def test_bent_truth_agrees_with_adaptive_quadrature(name: str, slope: float, n: int) -> None:
    def shape(u: float) -> float:
        return min(u, KNEE) + slope * max(u - KNEE, 0)

    def mean(values: object, n: int) -> float:
        def inside(u: float) -> float:
            return values(u) * n * stats.norm.pdf(u) * stats.norm.cdf(u) ** (n - 1)  # type: ignore[operator]

        return sum(integrate.quad(inside, *ends)[0] for ends in ((-9, KNEE), (KNEE, 9)))

    base = mean(shape, 1)
    covariance = mean(lambda u: shape(u) * u, 1)
    wanted = 0.5 * (mean(shape, n) - base) / covariance
    truth = world(Guess(correlation=0.5), name).truth(np.array([1.0, n]))
    assert truth[1] - truth[0] == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize("guess", GUESSES.values(), ids=GUESSES)
def test_the_first_three_have_the_guessed_correlation_and_mean(guess: Guess) -> None:
    u = np.linspace(-9, 9, 20001)
    mass = stats.norm.pdf(u) * (u[1] - u[0])
    for one in scenarios(guess)[:3]:
        mean = one.mean(u)
        assert mass @ (u * mean) / guess.sd_within == pytest.approx(guess.correlation, abs=1e-4)
        assert mass @ mean == pytest.approx(guess.mean, abs=1e-4)


@pytest.mark.parametrize("guess", GUESSES.values(), ids=GUESSES)
def test_drawn_gold_has_the_guessed_spreads_and_the_exact_means(guess: Guess) -> None:
    rng = np.random.default_rng(3)
    proxies = rng.standard_normal((6000, 40))
    best = np.argmax(proxies[:, :8], axis=1)
    for one in scenarios(guess):
        gold = one.gold(rng, proxies)
        within = gold.var(axis=1, ddof=1)
        between = gold.mean(axis=1).var(ddof=1) - within.mean() / 40
        assert np.sqrt(within.mean()) == pytest.approx(guess.sd_within, rel=0.03)
        assert np.sqrt(between) == pytest.approx(guess.sd_between, rel=0.08)
        chosen = gold[np.arange(6000), best]
        error = chosen.std() / np.sqrt(6000)
        assert abs(chosen.mean() - one.truth(np.array([8.0]))[0]) < 5 * error


def test_no_association_is_flat_and_harm_the_reverse_of_the_rise() -> None:
    n = np.arange(1.0, 9)
    guess = GUESSES["continuous"]
    np.testing.assert_allclose(world(guess, "unrelated").truth(n), 0, atol=1e-12)
    np.testing.assert_allclose(
        world(guess, "harmful").truth(n), -world(guess, "rises").truth(n), atol=1e-9
    )


def test_a_bend_is_as_sharp_as_the_correlation_admits() -> None:
    assert world(Guess(correlation=0.5), "turns").beyond == -0.5
    sharp = world(Guess(correlation=0.99), "turns")
    assert 0 < sharp.beyond < 1
    u = np.linspace(-9, 9, 20001)
    covariance = stats.norm.pdf(u) * (u[1] - u[0]) @ (u * sharp.mean(u))
    assert covariance == pytest.approx(0.99, abs=1e-4)


def test_right_or_wrong_gold_cannot_follow_any_score_closely() -> None:
    with pytest.raises(BadOption, match=r"--correlation 0\.9: right-or-wrong gold"):
        scenarios(Guess(correlation=0.9, gold_kind="binary", base_rate=0.02))
