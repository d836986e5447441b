"""Label chances: what they add up to, what bounds them, and that nothing else decides a draw."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from calibrated import assert_coverage

from overopt.errors import BadOption
from overopt.watch.bank import Bank, bank_scores
from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget, label_chances, label_draws
from overopt.watch.draw import Draw

BANK = Bank(signals=("rank_gain", "best_of_16", "top_vs_random"))


def batch_of(proxy: object, key: str = "w:1", step: int = 3, group: object = None) -> Batch:
    values = np.asarray(proxy, dtype=float)
    number = np.zeros(len(values), dtype=int) if group is None else np.asarray(group)
    names = tuple(str(i) for i in range(int(number.max(initial=-1)) + 1))
    return Batch(run="r", key=key, step=step, proxy=values, group=number, prompt_ids=names)


def drawn(batch: Batch, expected: float = 3.0, seed: int = 1, first: int = 0) -> tuple[Draw, ...]:
    return label_draws(batch, BANK, expected=expected, first_number=first, seed=seed)


PROXY = np.random.default_rng(1).standard_normal(64)


def test_chances_follow_the_scores_and_never_fall_below_their_even_part() -> None:
    proxy = PROXY.copy()
    proxy[5] = np.nan
    batch = batch_of(proxy)
    scores = bank_scores(batch, BANK)
    found = label_chances(scores, batch.finite)
    assert found.sum() == pytest.approx(1)
    assert found[5] == 0
    assert found[batch.finite].min() >= 0.3 / 63
    share = np.mean([np.abs(row) / np.abs(row).sum() for row in scores], axis=0)
    assert found[batch.finite] == pytest.approx(0.3 / 63 + 0.7 * share[batch.finite])


def test_a_batch_without_choice_is_drawn_evenly() -> None:
    found = label_chances(np.zeros((2, 4)), np.array([True, True, False, True]))
    assert found == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])


def test_a_burst_sends_half_of_the_rest_to_its_target() -> None:
    batch = batch_of(PROXY)
    scores, target = bank_scores(batch, BANK), PROXY > 1
    plain = label_chances(scores, batch.finite)
    burst = label_chances(scores, batch.finite, target)
    even = 0.3 / 64
    assert burst - even == pytest.approx((plain - even) / 2 + 0.35 * target / target.sum())
    nobody = label_chances(scores, batch.finite, np.zeros(64, dtype=bool))
    assert np.array_equal(nobody, plain)


def test_draws_come_as_often_as_their_chances_say() -> None:
    """In parts or in one, rows come in proportion to their chances."""
    grouped = np.repeat(np.arange(8), 8)
    for group in (np.zeros(64, dtype=int), grouped):
        counts: Counter[int] = Counter()
        for key in range(1000):
            batch = batch_of(PROXY, key=f"w:{key}", group=group)
            counts.update(draw.row for draw in drawn(batch, expected=2.5))
        total = sum(counts.values())
        chances = label_chances(bank_scores(batch, BANK), batch.finite)
        assert total == pytest.approx(2_500, abs=6 * 0.9 * np.sqrt(1000))
        gaps = np.array([counts[row] - total * chances[row] for row in range(64)])
        assert np.sum(gaps**2 / (total * chances)) < 150  # chi-square with 63 degrees: 1e-8


def test_a_draw_records_what_the_tests_need() -> None:
    batch = batch_of(PROXY)
    scores = bank_scores(batch, BANK)
    chances = label_chances(scores, batch.finite)
    for draw in (drawn(batch_of(PROXY, key=f"w:{k}"), 0.9, first=20) for k in range(9)):
        for only in draw:
            assert only.number == 20
            assert (only.step, only.rows, only.share, only.closes) == (3, 64, 1.0, True)
            assert only.prob == chances[only.row]
            assert only.proxy == PROXY[only.row]
            assert only.scores == tuple(scores[:, only.row])
            assert only.largest_weight == pytest.approx(1 / (64 * chances.min()))
            assert only.largest == pytest.approx((np.abs(scores) / (64 * chances)).max(axis=1))


def test_a_prompt_s_draws_are_one_part_within_its_bounds() -> None:
    group = np.random.default_rng(2).permutation(np.repeat(np.arange(8), 8))
    for key in range(200):
        draws = drawn(batch_of(PROXY, key=f"w:{key}", group=group), expected=12.3)
        parts: list[list[Draw]] = [[]]
        for draw in draws:
            parts[-1].append(draw)
            if draw.closes:
                parts.append([])
        assert parts.pop() == []
        assert [draw.number for draw in draws] == list(range(len(draws)))
        for part in parts:
            assert {draw.share for draw in part} == {8 / 12.3}
            bounds = np.array(part[0].largest)
            total = sum(draw.share * draw.weight * np.abs(draw.scores) for draw in part)
            assert np.all(total <= bounds * (1 + 1e-9))
            weight = sum(draw.share * draw.weight for draw in part)
            assert weight <= part[0].largest_weight * (1 + 1e-9)
            assert len({group[draw.row] for draw in part}) == 1
        prompts = [set(group[[draw.row for draw in part]]) for part in parts]
        assert sum(map(len, prompts)) == len(set.union(*prompts))  # no prompt in two parts


def test_weighted_draws_come_to_the_gain_of_the_batch() -> None:
    """Over 1,000 seeds, sum over draws of (gold score / (rows prob)) / expected -> the gain."""
    rng = np.random.default_rng(3)
    gold, group = rng.random(64), np.repeat(np.arange(8), 8)
    batch = batch_of(PROXY, group=group)
    exact = (bank_scores(batch, BANK) * gold).mean(axis=1)
    sums = np.array(
        [
            sum((d.weight * gold[d.row] * np.array(d.scores) for d in drawn(batch, 5.5, seed)), 0.0)
            for seed in range(1000)
        ]
    )
    gaps = (sums.mean(axis=0) / 5.5 - exact) / (sums.std(axis=0) / 5.5 / np.sqrt(1000))
    assert np.all(np.abs(gaps) < 5)


def test_a_full_budget_draws_every_row_once() -> None:
    proxy = PROXY.copy()
    proxy[7] = np.inf
    group = np.repeat(np.arange(8), 8)
    for expected in (63.0, 64.0, 1e9):
        draws = drawn(batch_of(proxy, group=group), expected=expected)
        assert [draw.row for draw in draws] == [row for row in range(64) if row != 7]
        assert sum(draw.closes for draw in draws) == 8


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


def test_label_probabilities_are_how_often_a_row_is_drawn_at_all() -> None:
    batch, counts = batch_of(PROXY), Counter[int]()
    seeds = 2000
    chance: dict[int, float] = {}
    for seed in range(seeds):
        draws = drawn(batch, expected=0.7, seed=seed)
        counts.update({draw.row for draw in draws})
        chance.update({draw.row: draw.label_prob for draw in draws})
    assert 0.3 < sum(chance.values()) <= 0.7 + 1e-9
    for row, prob in chance.items():
        assert_coverage(counts[row], seeds, prob)
