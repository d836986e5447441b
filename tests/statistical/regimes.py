"""Five joint laws of gold and error with exact gold under best-of-n, and samplers of tables.

The laws and their published values are those of the theory notes: independent light and heavy
errors, an error that depends on gold, a smooth overoptimisation, and heavy gold with heavy error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from overopt.samples import Samples

FloatArray = npt.NDArray[np.floating[Any]]
Draw = Callable[[np.random.Generator, tuple[int, ...]], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Regime:
    """``draw(rng, shape)`` gives gold and proxy; ``truth(n)`` exact gold of the best of n."""

    name: str
    draw: Draw
    truth: Callable[[FloatArray], FloatArray]


def _grid() -> FloatArray:
    return np.sinh(np.linspace(-14, 14, 20001)) / 20


def _from_density(u: FloatArray, density: FloatArray, moment: FloatArray) -> Any:
    """truth(n) from the density of U on a grid and the density times E[V | U]."""
    step = np.diff(u)
    mass = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * step)])
    share = mass / mass[-1]

    def truth(n: FloatArray) -> FloatArray:
        n = np.asarray(n, dtype=float)
        kernel = n[:, None] * share ** (n[:, None] - 1) * moment / mass[-1]
        return np.asarray(np.sum((kernel[:, 1:] + kernel[:, :-1]) / 2 * step, axis=1))

    return truth


def _independent(name: str, gold: Any, error: Any) -> Regime:
    v = np.sinh(np.linspace(-9, 9, 6001)) / 200
    weight = gold.pdf(v) * np.gradient(v)
    u = _grid()
    density, moment = np.empty_like(u), np.empty_like(u)
    for part in np.array_split(np.arange(len(u)), 40):
        kernel = error.pdf(u[part, None] - v)
        density[part], moment[part] = kernel @ weight, kernel @ (weight * v)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
        quality = gold.rvs(size=shape, random_state=rng)
        return quality, quality + error.rvs(size=shape, random_state=rng)

    return Regime(name, draw, _from_density(u, density, moment))


def _dependent() -> Regime:
    """V normal; the error is N(0, 4) where |V| <= 1 and 0 elsewhere."""
    v = np.linspace(-1, 1, 4001)
    weight = stats.norm.pdf(v) * np.gradient(v)
    u = np.linspace(-14, 14, 8001)
    kernel = stats.norm.pdf(u[:, None] - v, scale=2)
    own = np.where(np.abs(u) > 1, stats.norm.pdf(u), 0)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
        quality = rng.standard_normal(shape)
        noise = 2 * rng.standard_normal(shape)
        return quality, quality + np.where(np.abs(quality) <= 1, noise, 0)

    truth = _from_density(u, kernel @ weight + own, kernel @ (weight * v) + own * u)
    return Regime("dep_light", draw, truth)


def _gao() -> Regime:
    """U normal, gold = U - U_+^2 / 4 + noise: rises, peaks near n = 32 and falls."""
    u = np.linspace(-9, 9, 8001)
    density = stats.norm.pdf(u)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
        proxy = rng.standard_normal(shape)
        mean = proxy - 0.25 * np.maximum(proxy, 0) ** 2
        return mean + rng.standard_normal(shape), proxy

    truth = _from_density(u, density, density * (u - 0.25 * np.maximum(u, 0) ** 2))
    return Regime("gao", draw, truth)


def regimes() -> list[Regime]:
    """The five regimes; building their exact curves takes a few seconds."""
    normal, student3 = stats.norm(scale=2), stats.t(3, scale=1 / np.sqrt(3))
    heavy_gold = stats.t(10, scale=2 * np.sqrt(0.8))
    return [
        _independent("light_ind", normal, stats.norm()),
        _independent("heavy_ind", normal, student3),
        _dependent(),
        _gao(),
        _independent("t10_t5", heavy_gold, stats.t(5, scale=np.sqrt(0.6))),
    ]


def table(proxies: FloatArray, gold: FloatArray, label_prob: FloatArray | None = None) -> Samples:
    """Samples from arrays [prompts, m]; gold NaN where not labelled."""
    prompts, size = proxies.shape
    code = np.repeat(np.arange(prompts), size)
    return Samples(
        prompt=code,
        group=code,
        proxies={"u": proxies.ravel()},
        prompt_ids=np.arange(prompts),
        row=np.arange(prompts * size),
        gold=gold.ravel(),
        label_prob=None if label_prob is None else label_prob.ravel(),
    )


def drawn(
    regime: Regime, prompts: int, size: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Proxies and gold [prompts, m]; prompts shift the proxy (sd 1) and gold (sd 0.5)."""
    gold, proxy = regime.draw(rng, (prompts, size))
    shift = rng.standard_normal((prompts, 1))
    return proxy + shift, gold + 0.5 * rng.standard_normal((prompts, 1))
