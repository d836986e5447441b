"""References: bins and bounds of first labels, the promise, and what a validity card becomes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within
from scipy.stats import beta

from overopt.errors import BadOption, BadSamples
from overopt.watch.reference import (
    Reference,
    ReferenceLabel,
    card_reference,
    first_labels_reference,
)

SEED = 20261124
FloatVector = npt.NDArray[np.floating[Any]]


def reference_of(proxy: FloatVector, gold: FloatVector, error: float = 0.005) -> Reference:
    pairs = zip(proxy.tolist(), gold.tolist(), strict=True)
    labels = [ReferenceLabel(proxy=u, gold=v, weight=1.0, stake=1.0, closes=True) for u, v in pairs]
    return first_labels_reference(labels, error)


def card_of(rows: list[tuple[float, float, float, float, float, int]]) -> dict[str, Any]:
    names = ("score", "from", "to", "gold", "lower", "rows")
    places = np.quantile([row[0] for row in rows], [0.25, 0.5, 0.75])
    return {
        "schema": "overopt.card/1",
        "proxy": "judge",
        "gold_source": "human",
        "level": 0.95,
        "gold_by_score": [dict(zip(names, row, strict=True)) for row in rows],
        "quantiles": [
            {"quantile": q, "score": float(place)}
            for q, place in zip((0.25, 0.5, 0.75), places, strict=True)
        ],
    }


def test_few_scores_are_taken_value_by_value() -> None:
    proxy = np.repeat([0.0, 0.5, 1.0], 100)
    gold = (np.arange(300) % 10 < np.repeat([1, 5, 10], 100)).astype(float)
    found = reference_of(proxy, gold)
    assert found.first == found.last == (0.0, 0.5, 1.0)
    assert found.gold == pytest.approx((0.1, 0.5, 1.0))
    assert all(low < mean for low, mean in zip(found.lower, found.gold, strict=True))
    assert found.lower[2] > 0.9
    assert [found.bin_of(score) for score in (0.5, 0.7, -1.0, 2.0)] == [1, None, None, None]


def test_many_scores_are_binned_and_the_spread_is_robust() -> None:
    rng = np.random.default_rng(SEED)
    proxy = rng.standard_t(1.5, 300)
    found = reference_of(proxy, rng.random(300))
    assert len(found.lower) == 4
    assert found.bin_of(float(proxy.min())) == 0
    assert found.bin_of(float(proxy.max())) == 3
    assert 0.6 < found.spread < 1.6
    assert found.rise_of(1e300) == 20.0
    assert found.rise_of(-1e300) == -3.0


def test_the_promise_of_a_perfect_verifier_is_one_for_one() -> None:
    passed = (np.arange(300) % 10 == 0).astype(float)
    found = reference_of(passed, passed)
    assert found.demand * (found.rise_of(1.0) - found.rise_of(0.0)) == pytest.approx(0.5)
    falling = reference_of(passed, 1 - passed)
    assert falling.demand == 0.0


def test_units_of_the_score_do_not_matter() -> None:
    rng = np.random.default_rng(SEED)
    proxy, gold = rng.standard_normal(300), rng.random(300)
    one, other = reference_of(proxy, gold), reference_of(1e6 * proxy - 3e6, gold)
    assert one.lower == other.lower
    assert one.margin_lower == pytest.approx(other.margin_lower)
    assert one.rise_of(0.3) == pytest.approx(other.rise_of(0.3e6 - 3e6 + 0.0))


def test_every_bound_holds_at_once() -> None:
    rng = np.random.default_rng(SEED)
    truth = np.array([0.2, 0.5, 0.9])
    missed = 0
    for _ in range(300):
        level = rng.integers(0, 3, 150)
        found = reference_of(level, (rng.random(150) < truth[level]).astype(float), error=0.2)
        missed += bool(np.any(np.array(found.lower) > truth))
    assert_coverage_within(missed, 300, 0.0, 0.2)
    assert missed


def test_a_constant_score_promises_nothing() -> None:
    found = reference_of(np.zeros(50), np.arange(50) / 50)
    assert (found.demand, found.spread, found.rise_of(3.0)) == (0.0, 0.0, 0.0)
    assert found.margin_lower <= found.mean


def test_one_label_is_no_reference() -> None:
    with pytest.raises(BadSamples, match="1 labels are no reference"):
        reference_of(np.zeros(1), np.zeros(1))


def test_a_card_is_read_in_its_own_scale_and_tightened_to_the_error_needed() -> None:
    # Wilson: 90 of 100 at 0.95 gives .8256, 20 of 100 gives .1333; gold from 1 to 5.
    rows = [(0, 0, 0, 1.8, 1 + 4 * 0.1334, 100), (1, 1, 1, 4.6, 1 + 4 * 0.8256, 300)]
    found = card_reference(card_of(rows), (1.0, 5.0), 0.005)
    assert found.gold == pytest.approx((0.2, 0.9))
    assert found.lower[1] == pytest.approx(beta.ppf(0.0025, 90, 11), abs=1e-3)
    assert found.mean == pytest.approx(0.725)
    assert found.mean_lower < found.mean
    assert found.labels == 0
    assert found.source == "validity card of judge (human)"


@pytest.mark.parametrize(("field", "value"), [("gold_by_score", []), ("schema", "overopt.card/2")])
def test_a_card_without_gold_is_refused(field: str, value: object) -> None:
    card = card_of([(0, 0, 0, 0.2, 0.1, 100)]) | {field: value}
    with pytest.raises(BadOption, match="no gold by score"):
        card_reference(card, (0.0, 1.0), 0.005)
