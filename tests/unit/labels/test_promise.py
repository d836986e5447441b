"""What a correlation says about the spread around a rank."""

from __future__ import annotations

import numpy as np
import pytest
from tables import table

from overopt.curves.estimation import gold_curve
from overopt.labels.drawing import DrawOptions, new_ledger, with_round
from overopt.labels.promise import KnownSpread, promises
from overopt.pressure import BestOfN


@pytest.mark.parametrize("unit", [1.0, 1e300])
def test_gold_that_is_the_score_is_as_uncertain_as_the_best_score(unit: float) -> None:
    """The best of eight heavy-tailed scores varies far more than the others."""
    gold = np.random.default_rng(2).standard_t(3, size=(200, 8))
    gold -= gold.mean(axis=1, keepdims=True)
    within = float(np.sqrt(gold.var(axis=1, ddof=1).mean()))
    samples = table(a=gold * unit)
    ledger = with_round(new_ledger(samples), samples, DrawOptions(budget=1600))
    known = KnownSpread(within=within, between=0, correlation=1)
    (promise,) = promises(ledger, samples, known)
    low, high = gold_curve(
        table(a=gold, gold=gold), "a", BestOfN(), strengths=np.array([1.0, 8.0])
    ).interval()
    assert promise.planned.gold[-1] == pytest.approx((high - low)[-1] / 2, rel=0.01)


def test_a_score_that_never_varies_explains_nothing() -> None:
    samples = table(a=np.ones((20, 4)))
    ledger = with_round(new_ledger(samples), samples, DrawOptions(budget=20))
    (promise,) = promises(ledger, samples, KnownSpread(correlation=0.6))
    assert promise.residual_sd == pytest.approx(0.8)
