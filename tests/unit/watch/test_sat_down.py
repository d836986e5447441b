"""Rows that people ask for are drawn from past batches, apart from those drawn at once."""

from __future__ import annotations

from collections import Counter

import numpy as np
from calibrated import assert_coverage

from overopt.watch.batch import Batch
from overopt.watch.chances import LabelBudget
from overopt.watch.monitor import Monitor
from overopt.watch.options import WatchOptions


def batches(count: int) -> list[Batch]:
    rng = np.random.default_rng(1)
    return [
        Batch(
            run="r",
            key=f"w:{step}",
            step=step,
            proxy=np.where(np.arange(8) == 3, np.nan, rng.normal(size=8)),
            group=np.repeat([0, 1], 4),
            prompt_ids=("p", "q"),
        )
        for step in range(count)
    ]


def test_about_as_many_rows_as_asked_for_with_their_chances() -> None:
    past = batches(10)
    counts: Counter[tuple[str, int]] = Counter()
    prob: dict[tuple[str, int], float] = {}
    seeds = 200
    for seed in range(seeds):
        monitor = Monitor(WatchOptions(seed=seed, budget=LabelBudget(label_rate=1e-9)))
        state = monitor.start()
        state, none = monitor.observe(state, past[0])
        assert none == ()
        state, draws = monitor.sat_down(state, past, rows=5)
        assert [draw.number for draw in draws] == list(range(len(draws)))
        assert state.drawn == len(draws)
        assert not any(draw.row == 3 for draw in draws)
        counts.update({(draw.batch, draw.row) for draw in draws})
        prob.update({(draw.batch, draw.row): draw.label_prob for draw in draws})
    assert len(prob) > 60
    for row, chance in prob.items():
        assert_coverage(counts[row], seeds, chance)


def test_they_are_not_the_rows_drawn_at_once() -> None:
    monitor = Monitor(WatchOptions(budget=LabelBudget(per_batch=1.0), burst=0))
    state = monitor.start()
    past, at_once = batches(40), []
    for batch in past:
        state, draws = monitor.observe(state, batch)
        at_once += draws
    state, later = monitor.sat_down(state, past, rows=40)
    assert len(later) == len(at_once) == 40
    assert [draw.number for draw in later] == list(range(40, 80))
    alike = sum(a.row == b.row for a, b in zip(at_once, later, strict=True))
    assert alike < 25
