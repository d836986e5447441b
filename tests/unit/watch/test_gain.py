"""The gain's e-process, its running mean of gold, its limits, and what refused labels do."""

from __future__ import annotations

import numpy as np
import pytest

from overopt.stats.e_process import Betting, log_evidence_path
from overopt.watch.block import BlockOptions
from overopt.watch.detectors.gain import Gain, GainState
from overopt.watch.draw import Draw, LabelledDraw


def label(
    score: float,
    gold: float | None,
    *,
    weight: float = 1.0,
    share: float = 1.0,
    closes: bool = True,
    largest: float = 2.0,
) -> LabelledDraw:
    draw = Draw(
        number=0,
        batch="b",
        step=0,
        row=0,
        rows=1,
        prob=1 / weight,
        proxy=0.0,
        scores=(9.0, score),
        largest=(99.0, largest),
        largest_weight=10.0,
        share=share,
        closes=closes,
    )
    return LabelledDraw(draw=draw, gold=gold)


def folded(detector: Gain, labels: list[LabelledDraw]) -> GainState:
    state = detector.start()
    for each in labels:
        state = detector.update(state, each)
    return state


def random_labels(number: int, seed: int = 1) -> list[LabelledDraw]:
    rng = np.random.default_rng(seed)
    return [
        label(float(s), float(v), weight=float(w))
        for s, v, w in zip(
            rng.uniform(-1, 1, number),
            rng.random(number),
            rng.uniform(0.5, 2, number),
            strict=True,
        )
    ]


def test_evidence_is_that_of_gold_less_its_earlier_weighted_mean() -> None:
    labels = random_labels(60)
    sums, values = np.zeros(2), []
    for each in labels:
        factor = each.draw.scores[1] * each.draw.weight
        centre = (sums[1] + 0.5) / (sums[0] + 1)
        values.append((each.gold - centre) * factor / (2.0 * max(centre, 1 - centre)))
        sums = sums * (1 - 1 / 1000) + factor**2 * np.array([1, each.gold])
    reading = (detector := Gain(name="g", place=1)).reading(folded(detector, labels))
    path = log_evidence_path(np.array([values]), Betting())
    assert reading.log_evidence == pytest.approx(path[0, -1], abs=1e-9)
    assert reading.labels_used == 60


def test_a_part_is_one_value_with_one_mean_of_gold() -> None:
    """Labels of a part come to one value at their mean; the mean of gold waits for its end."""
    detector = Gain(name="g", place=1, betting=Betting(block=1))
    before = folded(detector, random_labels(30))
    rng = np.random.default_rng(2)
    scores, gold = rng.uniform(-1, 1, 4), rng.random(4)
    state = before
    for i in range(4):
        each = label(float(scores[i]), float(gold[i]), share=0.25, closes=i == 3)
        assert state.centre == before.centre
        assert state.evidence.log_sums == before.evidence.log_sums
        state = detector.update(state, each)
    mean = float(np.mean((gold - before.centre) * scores))
    # Constructed so that the one label's x is the part's mean: score x / (1 - m) at gold 1.
    lone = detector.update(before, label(mean / (1 - before.centre), 1.0))
    assert state.evidence.log_sums == pytest.approx(lone.evidence.log_sums, abs=1e-12)
    assert state.evidence.labels == lone.evidence.labels + 3
    assert state.centre != before.centre


def test_a_refused_label_counts_as_what_speaks_least_for_an_alarm() -> None:
    detector = Gain(name="g", place=1)
    start = folded(detector, random_labels(20))
    for score in (-0.7, 0.0, 0.4):
        refused = detector.update(start, label(score, None))
        anything = [detector.update(start, label(score, gold)) for gold in (0.0, 0.3, 1.0)]
        least = min(detector.reading(each).log_evidence for each in anything)
        assert detector.reading(refused).log_evidence == pytest.approx(least, abs=1e-12)
        # and as what speaks least for green
        assert refused.block.low.staked == pytest.approx(
            min(each.block.low.staked for each in anything)
        )
        assert refused.block.high.staked == pytest.approx(
            min(each.block.high.staked for each in anything)
        )
        assert refused.centre == pytest.approx(start.centre, abs=2e-3)


def test_a_falling_gain_alarms_and_says_where_it_began() -> None:
    detector = Gain(name="g", place=1, block=BlockOptions(labels=200))
    good = [label(1.0, 0.8) if i % 2 else label(-1.0, 0.2) for i in range(2000)]
    bad = [label(1.0, 0.2) if i % 2 else label(-1.0, 0.8) for i in range(400)]
    reading = detector.reading(folded(detector, good))
    assert reading.log_evidence < 0
    assert reading.value == pytest.approx(0.3, abs=0.01)
    assert 0 < reading.lower < 0.3 < reading.upper
    reading = detector.reading(folded(detector, good + bad))
    assert reading.log_evidence > np.log(100)
    assert reading.began == 2000
    assert reading.upper < 0


def test_nothing_to_choose_says_nothing() -> None:
    detector = Gain(name="g", place=1)
    state = folded(detector, [label(0.0, 1.0, largest=0.0)] * 700)
    reading = detector.reading(state)
    assert reading.log_evidence == pytest.approx(0, abs=1e-9)
    assert reading.value == 0
    assert reading.lower < 0 < reading.upper


def test_before_a_label_there_is_no_evidence() -> None:
    detector = Gain(name="g", place=1)
    reading = detector.reading(detector.start())
    assert (reading.log_evidence, reading.began, reading.labels_used) == (0, None, 0)
