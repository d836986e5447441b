"""Tables whose tail is known, and how often a verdict comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from overopt.samples import Samples
from overopt.tails import TailVerdict, proxy_tail

__all__ = ["CLUSTERED", "LAWS", "table", "verdicts"]

Draw = Callable[[np.random.Generator, int], np.ndarray]

LAWS: dict[str, Draw] = {
    "exponential": lambda rng, n: rng.exponential(size=n),
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.uniform(size=n),
    "Weibull 2": lambda rng, n: rng.weibull(2, size=n),
    "gamma 2": lambda rng, n: rng.gamma(2, size=n),
    "logistic": lambda rng, n: rng.logistic(size=n),
    "lognormal 1": lambda rng, n: np.exp(rng.normal(size=n)),
    "Weibull 0.5": lambda rng, n: rng.weibull(0.5, size=n),
    "t30": lambda rng, n: rng.standard_t(30, size=n),
    "t5": lambda rng, n: rng.standard_t(5, size=n),
    "t3": lambda rng, n: rng.standard_t(3, size=n),
    "Pareto 2": lambda rng, n: rng.pareto(2, size=n),
    "normal + .3 t3": lambda rng, n: rng.normal(size=n) + 0.3 * rng.standard_t(3, size=n),
    "normal, steps of 1/16": lambda rng, n: np.round(16 * rng.normal(size=n)) / 16,
    "exponential, steps of 1/16": lambda rng, n: np.round(16 * rng.exponential(size=n)) / 16,
}


def near_copies(law: Draw) -> Draw:
    """Groups of 16 in which each row is, with chance .5, the first one and .001 of a uniform."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        rows = law(rng, n).reshape(-1, 16)
        copy = rng.random(rows.shape) < 0.5
        copy[:, 0] = False
        return np.where(copy, rows[:, :1] + 1e-3 * rng.uniform(size=rows.shape), rows).ravel()

    return draw


def scaled(law: Draw, size: int, log_sd: float) -> Draw:
    """Groups whose scale is lognormal."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        scale = np.exp(log_sd * rng.normal(size=n // size))
        return law(rng, n) * np.repeat(scale, size)

    return draw


def shifted(law: Draw, size: int) -> Draw:
    """Groups whose level is normal: half of the variance of a normal law."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return law(rng, n) + np.repeat(rng.normal(size=n // size), size)

    return draw


NORMAL, EXPONENTIAL, T3 = LAWS["normal"], LAWS["exponential"], LAWS["t3"]
# Name -> (law, rows in a group).
CLUSTERED: dict[str, tuple[Draw, int]] = {
    "exponential, near copies": (near_copies(EXPONENTIAL), 16),
    "normal, near copies": (near_copies(NORMAL), 16),
    "exponential, levels differ": (shifted(EXPONENTIAL, 16), 16),
    "exponential in 4": (EXPONENTIAL, 4),
    "normal in 16, levels differ": (shifted(NORMAL, 16), 16),
    "normal in 4, scales differ": (scaled(NORMAL, 4, 0.5), 4),
    "normal in 8, scales differ": (scaled(NORMAL, 8, 0.5), 8),
    "normal in 16, scales differ": (scaled(NORMAL, 16, 0.5), 16),
    "normal in 16, scales differ by .2": (scaled(NORMAL, 16, 0.2), 16),
    "t3 in 4": (T3, 4),
    "t3 in 8": (T3, 8),
    "t3 in 16": (T3, 16),
}


def table(values: np.ndarray, size: int = 1) -> Samples:
    """``size`` rows a prompt, one proxy."""
    prompt = np.arange(len(values)) // size
    return Samples(
        prompt=prompt,
        group=prompt,
        proxies={"u": values},
        prompt_ids=np.arange(prompt[-1] + 1),
        row=np.arange(len(values)),
    )


def verdicts(
    law: Draw, rows: int, trials: int, *, size: int = 1, level: float = 0.95, seed: int = 1
) -> Counter[str]:
    """How often each verdict, and each reason as ``verdict/reason``, came out of ``trials``."""
    rng = np.random.default_rng([seed, rows, size])
    found: Counter[str] = Counter()
    for _ in range(trials):
        each: TailVerdict = proxy_tail(table(law(rng, rows - rows % size), size), "u", level=level)
        found.update([each.verdict, f"{each.verdict}/{each.reason}"])
    return found
