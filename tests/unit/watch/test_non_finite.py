"""Rewards that are no number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from proxy_batches import batch_of, folded

from overopt.watch.batch import Batch
from overopt.watch.detectors.beyond_share import BeyondOptions
from overopt.watch.detectors.non_finite import NonFinite

SHORT = BeyondOptions(reference=100)


def batches(steps: int, seed: int, share: float, first: int = 0) -> Iterator[Batch]:
    rng = np.random.default_rng(seed)
    for step in range(first, first + steps):
        scores = rng.normal(size=64)
        scores[rng.random(64) < share] = rng.choice([np.nan, np.inf, -np.inf])
        yield batch_of(scores, 8, step=step)


def test_the_first_one_fires() -> None:
    detector = NonFinite(options=SHORT)
    bad = batch_of([1.0, np.nan, np.inf, 2.0], step=30)
    signal = detector.fired(folded(detector, [*batches(30, 1, 0.0), bad]))
    assert signal is not None
    assert signal.step == 30
    assert "2 of 1,924 rewards (0.104 %) are not finite, the first at step 30" in signal.sentence
    assert detector.fired(folded(detector, batches(30, 1, 0.0))) is None


def test_where_they_are_expected_only_a_rise_fires() -> None:
    detector = NonFinite(options=SHORT, expected=True)
    steady = folded(detector, batches(600, 2, 0.05))
    assert detector.fired(steady) is None
    signal = detector.fired(folded(detector, batches(100, 3, 0.25, first=600), steady))
    assert signal is not None
    assert 600 < signal.step < 640
    assert "more of them probably since step 600" in signal.sentence


def test_an_empty_batch_changes_nothing() -> None:
    detector = NonFinite(options=SHORT)
    assert folded(detector, [batch_of([])]) == detector.start()
