"""What every red detector must do, whatever question it asks."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from overopt.watch.bank import Bank
from overopt.watch.batch import Batch
from overopt.watch.chances import label_draws
from overopt.watch.detectors.detector import GoldDetector
from overopt.watch.draw import LabelledDraw
from overopt.watch.options import WatchOptions, gold_detectors
from overopt.watch.saved_state import read_state, state_text

SIGNALS = ("rank_gain", "best_of_4", "best_of_16_pooled", "top_vs_random")
DETECTORS = gold_detectors(WatchOptions(), SIGNALS)


def every_subclass(family: type[Any]) -> set[type[Any]]:
    below = family.__subclasses__()
    return set(below).union(*(every_subclass(one) for one in below))


def labels(steps: int, proxies: str = "normal", refused: bool = False) -> Iterator[LabelledDraw]:
    """Labelled draws of batches of four prompts with eight candidates, a third of them labelled."""
    rng = np.random.default_rng(7)
    number = 0
    for step in range(steps):
        proxy = {
            "normal": rng.normal(size=32),
            "huge": rng.choice([-1e308, 1e308, 5e-324], 32),
            "constant": np.zeros(32),
            "binary": rng.integers(0, 2, 32).astype(float),
            "broken": np.where(rng.random(32) < 0.5, np.nan, rng.normal(size=32)),
        }[proxies]
        batch = Batch(
            run="r",
            key=f"k:{step}",
            step=step,
            proxy=proxy,
            group=np.repeat(np.arange(4), 8),
            prompt_ids=("a", "b", "c", "d"),
        )
        bank = Bank(signals=SIGNALS)
        for draw in label_draws(batch, bank, expected=10.5, first_number=number, seed=1):
            number += 1
            gold = None if refused or rng.random() < 0.05 else float(rng.random() < 0.5)
            yield LabelledDraw(draw=draw, gold=gold)


def folded(detector: GoldDetector[Any], given: Iterator[LabelledDraw]) -> Any:
    state = detector.start()
    for label in given:
        state = detector.update(state, label)
    return state


def test_every_detector_is_tried() -> None:
    ours = {kind for kind in every_subclass(GoldDetector) if kind.__module__.startswith("overopt")}
    assert {kind.__name__ for kind in ours} == {type(detector).__name__ for detector in DETECTORS}


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_restarts_change_nothing(detector: GoldDetector[Any]) -> None:
    straight = broken = detector.start()
    kind = type(straight)
    for number, label in enumerate(labels(45)):
        straight = detector.update(straight, label)
        if number % 7 == 0:
            broken = read_state(kind, state_text(broken))
        broken = detector.update(broken, label)
    assert state_text(broken) == state_text(straight)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
@pytest.mark.parametrize("proxies", ["huge", "constant", "binary", "broken"])
def test_hostile_scores_are_no_evidence_by_themselves(
    detector: GoldDetector[Any], proxies: str
) -> None:
    state = folded(detector, labels(60, proxies))
    reading = detector.reading(state)
    assert reading.name == detector.name
    assert np.isfinite(reading.log_evidence)
    assert reading.log_evidence < 4
    assert read_state(type(state), state_text(state)) == state


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_a_refused_label_never_speaks_for_an_alarm(detector: GoldDetector[Any]) -> None:
    reference = folded(detector, labels(60))
    state, before = reference, detector.reading(reference).log_evidence
    for label in labels(60, refused=True):
        state = detector.update(state, label)
    assert detector.reading(state).log_evidence <= max(before, 0.0) + 0.05
    nothing = detector.reading(folded(detector, labels(120, refused=True)))
    assert nothing.log_evidence <= 0.05
    assert nothing.block is None or nothing.block.lower <= 0


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_limits_enclose_what_a_block_measured(detector: GoldDetector[Any]) -> None:
    reading = detector.reading(folded(detector, labels(150)))
    # One is asked only once the proxy has risen, the other not before two blocks of 1,000.
    if detector.name in ("decoupled", "fallen_from_best"):
        assert reading.block is None
        return
    assert reading.block is not None
    assert reading.block.lower <= reading.block.value <= reading.block.upper
    assert reading.labels_used > 0
