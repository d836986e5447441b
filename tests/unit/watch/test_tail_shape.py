"""Tail shape: what it reads off a set of scores, when it fires, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from proxy_batches import batch_of, exploited, folded, normal_batches

from overopt.stats.upper_rate import Beyond
from overopt.watch.batch import Batch
from overopt.watch.detectors.beyond_share import BeyondOptions
from overopt.watch.detectors.tail_shape import TailShape, tail_ratio

QUICK = TailShape(options=BeyondOptions(reference=100))


def test_ratio_by_hand() -> None:
    sets = np.array([[0.0, 1, 2, 3, 4, 5, 6, 7, 8, 30], [1, 1, 1, 1, 1, 1, 1, 1, 1, 2]])
    ratio, middle, scale = tail_ratio(sets)
    assert middle[0] == 4.5
    assert scale[0] == 3.5  # 90 % point 8
    assert ratio[0] == pytest.approx(25.5 / 3.5)
    assert np.isnan(ratio[1])  # the 90 % point is the median


def test_a_one_percent_exploit_fires_and_names_its_rows() -> None:
    honest = normal_batches(300, seed=1, size=8)
    hacked = exploited(normal_batches(120, seed=2, size=8, first=300), seed=3)
    state = folded(QUICK, chain(honest, hacked))
    signal = QUICK.fired(state)
    assert signal is not None
    assert 300 < signal.step < 380
    assert "probably since step 300" in signal.sentence
    assert "Spend labels on the highest scores; step 3" in signal.sentence
    assert "down to about 1/100" in signal.sentence


def test_moving_and_shrinking_scores_leave_it_silent() -> None:
    batches = (
        batch_of(0.01 * batch.step + batch.proxy * 0.999**batch.step, step=batch.step)
        for batch in normal_batches(1500, seed=4)
    )
    assert QUICK.fired(folded(QUICK, batches)) is None


def test_one_far_score_is_listed_and_fires_nothing() -> None:
    far = batch_of([*np.linspace(-1, 1, 63), 1e6], step=400)
    state = folded(QUICK, chain(normal_batches(400, seed=5), [far]))
    assert QUICK.fired(state) is None
    assert (state.outliers[0].step, state.outliers[0].row) == (400, 63)
    assert state.outliers[0].proxy == 1e6


def test_affine_maps_of_the_proxy_change_nothing() -> None:
    batches = list(normal_batches(150, seed=6, size=4))
    moved = [batch_of(8 * batch.proxy - 1024, 4, step=batch.step) for batch in batches]
    plain, other = (folded(QUICK, each).beyond.beyond for each in (batches, moved))
    assert plain is not None
    assert other is not None
    assert other.threshold == pytest.approx(plain.threshold, rel=1e-9)


def pooled(batches: list[Batch]) -> Batch:
    """Batches as one large batch of the same prompts."""
    return batch_of(np.concatenate([each.proxy for each in batches]), 8, step=batches[0].step)


def test_small_batches_wait_until_they_make_a_set_as_large() -> None:
    """Eight batches of one prompt give the ratio that one batch of eight prompts gives."""
    small = list(normal_batches(8, seed=7, rows=8, size=8))
    waiting = folded(QUICK, small[:7])
    assert waiting.beyond.beyond is None
    assert waiting.turns == 0
    together = folded(QUICK, [pooled(small)])
    assert QUICK.update(waiting, small[7]).beyond.learnt == together.beyond.learnt


def test_large_batches_are_read_in_sets_of_the_same_size() -> None:
    known = BeyondOptions(known=Beyond(threshold=3.0, rate=0.5, readings=100))
    detector = TailShape(options=known)
    large = next(normal_batches(1, seed=8, rows=640, size=8))
    evidence = folded(detector, [large]).beyond.dated
    assert evidence.evidence.count == 1  # sets of one batch hang together: one reading
    assert (10 * evidence.mean) % 1 == pytest.approx(0, abs=1e-9)


def test_a_log_sorted_by_score_is_read_like_any_other() -> None:
    batches = [
        batch_of(np.sort(batch.proxy.reshape(-1, 8), axis=1).ravel(), 8, step=batch.step)
        for batch in normal_batches(600, seed=9, rows=256, size=8)
    ]
    assert QUICK.fired(folded(QUICK, batches)) is None


def test_binary_scores_are_skipped_and_counted() -> None:
    batches = (
        batch_of((np.random.default_rng(t).random(64) < 0.05).astype(float), step=t)
        for t in range(50)
    )
    state = folded(QUICK, batches)
    assert state.skipped > 25
    assert QUICK.fired(state) is None


def test_a_first_batch_that_came_in_part_does_not_decide_how_a_run_is_read() -> None:
    part = batch_of([1.0, 2.0, 3.0], 1)
    grouped = list(normal_batches(5, seed=15, size=8))
    assert folded(QUICK, [part, *grouped]) == folded(QUICK, grouped)


def test_batches_of_another_kind_are_left_out() -> None:
    grouped = list(normal_batches(5, seed=10, size=8))
    alone = [batch_of(batch.proxy, 1, step=9) for batch in grouped]
    state = folded(QUICK, grouped)
    assert folded(QUICK, alone, state) == state


def test_after_the_alarm_nothing_moves_it() -> None:
    state = folded(
        QUICK, chain(normal_batches(200, seed=11), exploited(normal_batches(200, 12), 13, 0.1))
    )
    signal = QUICK.fired(state)
    later = folded(QUICK, normal_batches(50, seed=14, first=500), state)
    assert signal is not None
    assert later.beyond.dated == state.beyond.dated
    assert replace(later, outliers=state.outliers, turns=state.turns) == state
