"""Label chances: what they add up to, what bounds them, and that nothing else decides a draw."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.watch.bank import Bank, bank_scores
from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget, label_chances, label_draws
from overopt.watch.draw import Draw

BANK = Bank(signals=("rank_gain", "best_of_16", "top_vs_random"))


def batch_of(proxy: object, key: str = "w:1", step: int = 3) -> Batch:
    values = np.asarray(proxy, dtype=float)
    group = np.zeros(len(values), dtype=int)
    return Batch(run="r", key=key, step=step, proxy=values, group=group, prompt_ids=("p",))


def drawn(batch: Batch, expected: float = 3.0, seed: int = 1, first: int = 0) -> tuple[Draw, ...]:
    scores = bank_scores(batch, BANK)
    return label_draws(batch, scores, expected=expected, first_number=first, seed=seed)


PROXY = np.random.default_rng(1).standard_normal(64)


def test_chances_follow_the_scores_and_never_fall_below_a_tenth_of_even() -> None:
    proxy = PROXY.copy()
    proxy[5] = np.nan
    batch = batch_of(proxy)
    scores = bank_scores(batch, BANK)
    found = label_chances(scores, batch.finite)
    assert found.sum() == pytest.approx(1)
    assert found[5] == 0
    assert found[batch.finite].min() >= 0.1 / 63
    share = np.mean([np.abs(row) / np.abs(row).sum() for row in scores], axis=0)
    assert found[batch.finite] == pytest.approx(0.1 / 63 + 0.9 * share[batch.finite])


def test_a_batch_without_choice_is_drawn_evenly() -> None:
    found = label_chances(np.zeros((2, 4)), np.array([True, True, False, True]))
    assert found == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])


def test_a_burst_sends_half_of_the_rest_to_its_target() -> None:
    batch = batch_of(PROXY)
    scores, target = bank_scores(batch, BANK), PROXY > 1
    plain = label_chances(scores, batch.finite)
    burst = label_chances(scores, batch.finite, target)
    even = 0.1 / 64
    assert burst - even == pytest.approx((plain - even) / 2 + 0.45 * target / target.sum())
    nobody = label_chances(scores, batch.finite, np.zeros(64, dtype=bool))
    assert np.array_equal(nobody, plain)


def test_draws_come_as_often_as_their_chances_say() -> None:
    counts: Counter[int] = Counter()
    for key in range(4000):
        counts.update(draw.row for draw in drawn(batch_of(PROXY, key=f"w:{key}"), expected=2.5))
    total = sum(counts.values())
    batch = batch_of(PROXY)
    chances = label_chances(bank_scores(batch, BANK), batch.finite)
    assert total == pytest.approx(10_000, abs=6 * 0.5 * np.sqrt(4000))
    gaps = np.array([counts[row] - total * chances[row] for row in range(64)])
    assert np.sum(gaps**2 / (total * chances)) < 150  # chi-square with 63 degrees: 1e-8


def test_a_draw_records_what_the_tests_need() -> None:
    batch = batch_of(PROXY)
    scores = bank_scores(batch, BANK)
    chances = label_chances(scores, batch.finite)
    for place, draw in enumerate(drawn(batch, expected=9, first=20)):
        assert draw.number == 20 + place
        assert (draw.batch, draw.step, draw.rows) == ("w:1", 3, 64)
        assert draw.prob == chances[draw.row]
        assert draw.proxy == PROXY[draw.row]
        assert draw.scores == tuple(scores[:, draw.row])
        assert draw.largest_weight == pytest.approx(1 / (64 * chances.min()))
        assert draw.largest == pytest.approx((np.abs(scores) / (64 * chances)).max(axis=1))


def test_a_restart_redraws_the_same_rows_and_other_batches_other_rows() -> None:
    first = drawn(batch_of(PROXY), expected=8)
    assert drawn(batch_of(PROXY), expected=8) == first
    rows = [draw.row for draw in first]
    for other in (batch_of(PROXY, key="w:2"), batch_of(PROXY, step=4)):
        assert [draw.row for draw in drawn(other, expected=8)] != rows
    assert [draw.row for draw in drawn(batch_of(PROXY), expected=8, seed=2)] != rows


def test_no_finite_row_no_draw() -> None:
    assert drawn(batch_of([])) == ()
    assert drawn(batch_of([np.nan, np.inf])) == ()


def test_budgets() -> None:
    assert LabelBudget(label_rate=0.05).expected(64) == pytest.approx(3.2)
    assert LabelBudget(per_batch=2.0).expected(64) == 2
    for wrong in ({"label_rate": 0.0}, {"label_rate": 1.5}, {"per_batch": -1.0}):
        with pytest.raises(BadOption):
            LabelBudget(**wrong)
