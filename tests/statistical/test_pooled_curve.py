"""The modelled curve beyond the candidates at hand: coverage, and how often the checks withhold it.

Truth is exact at every n. Small tables keep this quick: 80 prompts of 16 candidates reach n = 128.
The law whose gold jumps within one spread of the proxy is left out: its curve is mostly withheld.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within
from statistical.regimes import Regime, drawn, regimes, table

from overopt.curves.completed_gold import completed_gold
from overopt.curves.estimation import gold_curve
from overopt.curves.pooled_curve import PooledCurve, pooled_curve
from overopt.labels.design import label_probabilities
from overopt.pressure import BestOfN
from overopt.samples import Samples

LEVEL = 0.9
PROMPTS, SIZE = 80, 16
MEASURED = np.array([1.0, 4.0, 8.0, 16.0])
REGIMES = {regime.name: regime for regime in regimes()}


def modelled(samples: Samples) -> PooledCurve:
    within = gold_curve(samples, "u", BestOfN(), strengths=MEASURED, level=LEVEL)
    completed = completed_gold(samples, "u", within.design)
    return pooled_curve(samples, "u", completed, within, level=LEVEL)


def sampled(
    regime: Regime, rng: np.random.Generator, labels: int | None, spread: float = 0.0
) -> Samples:
    """A table; ``spread`` is the sd between prompts of the log of the proxy's scale."""
    proxy, gold = drawn(regime, PROMPTS, SIZE, rng)
    proxy = proxy * np.exp(spread * rng.standard_normal((PROMPTS, 1)))
    if labels is None:
        return table(proxy, gold)
    whole = table(proxy, gold)
    chance = label_probabilities(whole, "u", BestOfN(), MEASURED, labels).reshape(proxy.shape)
    return table(proxy, np.where(rng.random(proxy.shape) < chance, gold, np.nan), chance)


def trials(
    name: str, count: int, labels: int | None = None, spread: float = 0.0
) -> tuple[npt.NDArray[np.bool_], int]:
    """Whether the truth was covered [offered, strengths], and how many were withheld."""
    covered, truth = [], None
    for seed in range(count):
        curve = modelled(sampled(REGIMES[name], np.random.default_rng(seed), labels, spread))
        truth = REGIMES[name].truth(curve.strength) if truth is None else truth
        if curve.reason is None:
            covered.append((curve.lower <= truth) & (truth <= curve.upper))
    return np.array(covered), count - len(covered)


@pytest.mark.parametrize("labels", [None, 400])
@pytest.mark.parametrize("name", ["light_ind", "heavy_ind", "gao", "t10_t5"])
def test_modelled_gold_is_covered_at_every_n(name: str, labels: int | None) -> None:
    covered, withheld = trials(name, 4000 if labels is None else 1000, labels)
    for hits in covered.sum(axis=0):
        assert_coverage_within(int(hits), len(covered), 0.86, 0.99)
    assert_coverage_within(withheld, len(covered) + withheld, 0.0, 0.15)


def test_scales_that_differ_between_prompts_are_found() -> None:
    _, withheld = trials("gao", 400, spread=0.5)
    assert_coverage_within(withheld, 400, 0.95, 1.0)
