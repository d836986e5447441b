"""KL against a budget, exact and estimated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from proxy_batches import batch_of, folded

from overopt.errors import BadOption
from overopt.watch.batch import Batch
from overopt.watch.detectors.kl_budget import KLBudget


def batches(steps: int, seed: int, expected: Callable[[int], float]) -> Iterator[Batch]:
    """Exponential estimates of the KL: never below 0, mean ``expected(step)``."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        kl = expected(step) * rng.exponential(size=32)
        yield batch_of(np.zeros(32), 8, step=step, kl=kl)


def test_exact_kl_fires_at_the_first_batch_above_the_budget() -> None:
    detector = KLBudget(budget=0.5, exact=True)
    climbing = [batch_of([0.0, 1.0], step=t, kl=np.full(2, 0.06 * t)) for t in range(20)]
    signal = detector.fired(folded(detector, climbing))
    assert signal is not None
    assert signal.step == 9
    assert "0.54 nats per candidate, 0.5 allowed" in signal.sentence


def test_estimates_within_the_budget_are_silent_whatever_single_batches_say() -> None:
    detector = KLBudget(budget=0.5)
    state = folded(detector, batches(3000, 1, lambda step: 0.49))
    assert state.above is not None  # many single batches lie above
    assert detector.fired(state) is None


def test_estimates_above_the_budget_fire_and_tell_since_when() -> None:
    detector = KLBudget(budget=0.5)
    state = folded(detector, batches(600, 2, lambda step: 0.2 if step < 300 else 0.9))
    signal = detector.fired(state)
    assert signal is not None
    assert 300 < signal.step < 350
    assert "probably since step 300" in signal.sentence
    last = state.recent.last
    assert last is not None
    assert last.lower < 0.9 < last.upper
    later = folded(detector, batches(50, 4, lambda _: 0.9), state)
    assert later.dated == state.dated  # what fired stays as it was


def test_an_interval_is_students() -> None:
    detector = KLBudget(budget=5.0)
    means = np.random.default_rng(3).uniform(1, 2, size=20)
    state = folded(detector, [batch_of([0.0], step=t, kl=means[[t]]) for t in range(20)])
    assert state.recent.last is not None
    half = 2.093024 * means.std(ddof=1) / np.sqrt(20)  # t, 19 degrees of freedom
    assert state.recent.last.mean == pytest.approx(means.mean(), rel=1e-12)
    assert state.recent.last.upper == pytest.approx(means.mean() + half, rel=1e-6)


def test_estimates_below_zero_count_as_none() -> None:
    """What a k1 estimate can save up below 0 must not pay for a later excess."""
    detector = KLBudget(budget=0.5)
    below, at_zero = (batch_of([0.0], kl=np.array([kl])) for kl in (-0.2, 0.0))
    assert folded(detector, [below]).dated.evidence == folded(detector, [at_zero]).dated.evidence


def test_batches_without_kl_change_nothing() -> None:
    detector = KLBudget(budget=0.5)
    nothing = [
        batch_of([1.0]),
        batch_of([1.0], kl=np.array([np.nan])),
        batch_of([], kl=np.empty(0)),
    ]
    assert folded(detector, nothing) == detector.start()


def card(kl: float | None, supported: float = 2.0) -> dict[str, object]:
    point = None if kl is None else {"kl": kl}
    entry = {"pressure": "kl_tilt", "kl": supported, "operating_point": point}
    return {"proxy": "reward", "pressures": [entry]}


def test_budget_of_a_card_is_its_operating_points() -> None:
    assert KLBudget.from_card(card(1.5)).budget == 1.5
    assert KLBudget.from_card(card(None)).budget == 2.0


def test_a_card_without_a_push_has_no_budget() -> None:
    with pytest.raises(BadOption, match="supports no push"):
        KLBudget.from_card(card(0.0))
    with pytest.raises(BadOption, match="no pressure 'chi_square'"):
        KLBudget.from_card(card(1.0), "chi_square")


@pytest.mark.parametrize("budget", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_budgets_are_refused(budget: float) -> None:
    with pytest.raises(BadOption, match="a KL budget of"):
        KLBudget(budget=budget)
