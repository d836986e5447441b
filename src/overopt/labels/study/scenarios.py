"""Worlds that agree with one guess and differ in what happens to gold at the top of the proxy.

Within a prompt the proxy u is standard normal (only its order matters) and gold follows

    s(u) = u up to its best quarter, and from there on rises with the slope ``beyond``:

1 keeps rising, 0 levels off, -1/2 turns. Continuous gold is a prompt effect plus spread times
(a s(u) + noise); right-or-wrong gold is whether such a sum passes a threshold (a probit model). The
coefficient is solved so that the within-prompt correlation is the guessed one. A bend lowers the
correlation that is possible; where the guess is higher, the bend is made as mild as it must be.
Two more worlds have no association and the reverse of the first.

Truth is exact: gold under best-of-n is the integral of E[gold | u] over n F(u)^(n-1) f(u).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.labels.study.guess import Guess

__all__ = ["Scenario", "scenarios"]

FloatArray = npt.NDArray[np.floating[Any]]
KNEE = 0.674489750196  # the quartile of the normal: where the best quarter starts
TURN = -0.5
MILDER = 33  # slopes tried between the wanted bend and none
GRID = np.linspace(-9.0, 9.0, 3601)
STEEPEST = 30.0  # of a probit, where it is a step
MOST_SHARED = 0.999


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Scenario:
    """A world: ``mean(u)`` is E[gold | proxy u]; ``gold(rng, proxies)`` draws [prompts, m].

    ``beyond`` is the slope of gold on the proxy in its best quarter, relative to the rest;
    ``spread`` the sd of gold within a prompt.
    """

    name: str
    title: str
    beyond: float
    spread: float
    mean: Callable[[FloatArray], FloatArray]
    gold: Callable[[np.random.Generator, FloatArray], FloatArray]

    def truth(self, strengths: FloatArray) -> FloatArray:
        """Exact expected gold [strengths] under the best of n."""
        from scipy.special import ndtr

        n = np.asarray(strengths, dtype=float)[:, None]
        weight = n * ndtr(GRID) ** (n - 1) * _density()
        return np.asarray((weight / weight.sum(axis=1, keepdims=True)) @ self.mean(GRID))


def scenarios(guess: Guess) -> tuple[Scenario, ...]:
    """The five worlds of a guess; the first three share its correlation.

    Raises BadOption where right-or-wrong gold cannot have this correlation at this base rate.
    """
    rising = _bent(guess, "rises", "keeps rising", 1.0)
    return (
        rising,
        _bent(guess, "levels_off", "levels off", 0.0),
        _bent(guess, "turns", "turns", TURN),
        _world(guess, "unrelated", "is unrelated", 1.0, 0.0),
        Scenario(
            name="harmful",
            title="is harmed",
            beyond=1.0,
            spread=guess.sd_within,
            mean=lambda u: rising.mean(-u),
            gold=lambda rng, u: rising.gold(rng, -u),
        ),
    )


def _density() -> FloatArray:
    """Normal masses of the grid points."""
    density = np.exp(-(GRID**2) / 2)
    return np.asarray(density / density.sum())


def _shape(u: FloatArray, beyond: float) -> FloatArray:
    """s(u), standardised to mean 0 and sd 1."""

    def bent(x: FloatArray) -> FloatArray:
        return np.asarray(np.minimum(x, KNEE) + beyond * np.maximum(x - KNEE, 0.0))

    mass, on_grid = _density(), bent(GRID)
    mean = mass @ on_grid
    return np.asarray((bent(u) - mean) / np.sqrt(mass @ (on_grid - mean) ** 2))


def _bent(guess: Guess, name: str, title: str, beyond: float) -> Scenario:
    """The world with the wanted bend, or the sharpest that the correlation admits."""
    solve = _probit_pull if guess.binary else _linear_pull
    for slope in np.linspace(beyond, 1.0, MILDER if beyond < 1 else 1):
        pull = solve(guess, float(slope))
        if pull is not None:
            return _world(guess, name, title, float(slope), pull)
    raise BadOption(
        f"--correlation {guess.correlation:g}: right-or-wrong gold with a base rate of "
        f"{guess.mean:g} cannot follow a score that closely; give a lower correlation"
    )


def _world(guess: Guess, name: str, title: str, beyond: float, pull: float) -> Scenario:
    made = _right_or_wrong if guess.binary else _continuous
    mean, gold = made(guess, beyond, pull)
    return Scenario(
        name=name, title=title, beyond=beyond, spread=guess.sd_within, mean=mean, gold=gold
    )


Means = Callable[[FloatArray], FloatArray]
Draws = Callable[[np.random.Generator, FloatArray], FloatArray]


def _continuous(guess: Guess, beyond: float, pull: float) -> tuple[Means, Draws]:
    """Gold with ``pull`` times the shape and normal noise, within-prompt variance spread^2."""
    spread, rest = guess.sd_within, np.sqrt(1 - pull**2)

    def gold(rng: np.random.Generator, proxies: FloatArray) -> FloatArray:
        shared = guess.sd_between * rng.standard_normal((len(proxies), 1))
        noise = rng.standard_normal(proxies.shape)
        return np.asarray(shared + spread * (pull * _shape(proxies, beyond) + rest * noise))

    return lambda u: spread * pull * _shape(u, beyond), gold


def _right_or_wrong(guess: Guess, beyond: float, pull: float) -> tuple[Means, Draws]:
    """Gold 1 where ``pull`` times the shape, a prompt effect and noise pass the threshold."""
    from scipy.special import ndtr

    bar = _threshold(_shape(GRID, beyond), pull, guess.mean)
    shared = _shared_part(_shape(GRID, beyond)[::10], pull, bar, guess.sd_between)

    def gold(rng: np.random.Generator, proxies: FloatArray) -> FloatArray:
        prompt = np.sqrt(shared) * rng.standard_normal((len(proxies), 1))
        noise = np.sqrt(1 - shared) * rng.standard_normal(proxies.shape)
        return np.asarray((pull * _shape(proxies, beyond) + prompt + noise > bar).astype(float))

    return lambda u: np.asarray(ndtr(pull * _shape(u, beyond) - bar)), gold


def _linear_pull(guess: Guess, beyond: float) -> float | None:
    """Coefficient of the shape that gives the correlation; None where no coefficient does."""
    possible = float(_density() @ (GRID * _shape(GRID, beyond)))
    return guess.correlation / possible if guess.correlation <= possible + 1e-9 else None


def _probit_pull(guess: Guess, beyond: float) -> float | None:
    """As ``_linear_pull``, the least such coefficient: more would make gold a step."""
    from scipy.optimize import brentq

    shape = _shape(GRID, beyond)
    wanted = guess.correlation * guess.sd_within

    def short(pull: float) -> float:
        return _covariance(shape, pull, guess.mean) - wanted

    tried = np.concatenate([[0.0], np.geomspace(0.02, STEEPEST, 40)])
    for low, high in pairwise(tried):
        if short(high) >= 0:
            return float(brentq(short, low, high))
    return None


def _covariance(shape: FloatArray, pull: float, base_rate: float) -> float:
    """Covariance of the proxy with right-or-wrong gold."""
    from scipy.special import ndtr

    bar = _threshold(shape, pull, base_rate)
    return float(_density() @ (GRID * ndtr(pull * shape - bar)))


def _threshold(shape: FloatArray, pull: float, base_rate: float) -> float:
    """Bar that a share ``base_rate`` passes."""
    from scipy.optimize import brentq
    from scipy.special import ndtr, ndtri

    mass, far = _density(), 10 + 10 * pull
    if pull == 0:
        return float(-ndtri(base_rate))
    return float(brentq(lambda bar: mass @ ndtr(pull * shape - bar) - base_rate, -far, far))


def _shared_part(shape: FloatArray, pull: float, bar: float, between: float) -> float:
    """Part of the noise variance that candidates of a prompt share, from the sd of its shares."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    if between == 0:
        return 0.0
    mass = _density()[::10] / _density()[::10].sum()
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()

    def excess(part: float) -> float:
        reach = pull * shape[None, :] + np.sqrt(part) * nodes[:, None] - bar
        share = ndtr(reach / np.sqrt(1 - part)) @ mass
        return float(weights @ (share - weights @ share) ** 2 - between**2)

    if excess(MOST_SHARED) < 0:
        raise BadOption(
            f"--between {between:g}: prompts cannot differ that much while gold follows the proxy "
            "within them; give a smaller --between or --correlation"
        )
    return float(brentq(excess, 0.0, MOST_SHARED))
