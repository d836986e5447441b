"""Deciding after every batch of labels: false decisions over five looks stay within 5 %.

Gold is noise, so whatever is proven is false. Labels nest: every row keeps its random number and is
labelled as soon as its growing chance exceeds it. Without spending the error over looks, the same
tables are decided wrongly more often than they may.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from calibrated import assert_coverage_within
from statistical.cells import regime_cell
from statistical.regimes import table

from overopt.curves.estimation import gold_curve
from overopt.curves.looks import level_at_look
from overopt.curves.objective import within_spread
from overopt.curves.operating_point import operating_point
from overopt.pressure import BestOfN
from overopt.samples import Samples

FloatArray = npt.NDArray[np.floating[Any]]
TRIALS, PROMPTS, SIZE = 800, 100, 8
BUDGETS = (80, 160, 240, 320, 400)


def claims(samples: Samples, level: float) -> bool:
    """Whether a gain, a loss or a fall is called proven."""
    curve = gold_curve(samples, "u", BestOfN(), level=level)
    point = operating_point(curve, within_spread(samples))
    return point.decision != "undecided" or point.strength > 1


@lru_cache
def false_claims() -> tuple[int, int]:
    """Tables with a false claim at any of five looks: the error spent over looks, and not."""
    cells = [regime_cell("noise", labels, PROMPTS, SIZE) for labels in BUDGETS]
    rng = cells[0].rng()
    spent = naive = 0
    for _ in range(TRIALS):
        proxies, gold = cells[0].draw(rng)
        number = rng.random(gold.shape)
        looks = [nested(cell.chance_by_rank, proxies, gold, number) for cell in cells]
        spent += any(claims(t, level_at_look(0.95, k)) for k, t in enumerate(looks, 1))
        naive += any(claims(t, 0.95) for t in looks)
    return spent, naive


def nested(
    by_rank: FloatArray, proxies: FloatArray, gold: FloatArray, number: FloatArray
) -> Samples:
    chance = np.empty_like(proxies)
    order = np.argsort(proxies, axis=1)
    np.put_along_axis(chance, order, np.broadcast_to(by_rank, order.shape), axis=1)
    return table(proxies, np.where(number < chance, gold, np.nan), chance)


def test_false_decisions_over_five_looks_stay_within_the_error() -> None:
    spent, naive = false_claims()
    assert_coverage_within(spent, TRIALS, 0.0, 0.05)
    assert naive > spent


def test_looking_five_times_at_the_plain_level_would_not() -> None:
    assert_coverage_within(false_claims()[1], TRIALS, 0.08, 0.30)
