"""Score meaning: a verifier whose passes come to mean less, healthy runs, and hostile labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from labelled_draws import folded, labelled_draws, red_at, verifier

from overopt.errors import BadOption
from overopt.watch.detectors.score_meaning import ScoreMeaning, ScoreMeaningState
from overopt.watch.draw import LabelledDraw
from overopt.watch.saved_state import read_state, state_text

SEED = 20261124
BEFORE, AFTER = 400, 500


def ramped(rng: np.random.Generator, steps: int) -> list[LabelledDraw]:
    """One label a step; false passes rise from 5 to 95 % over ``steps``, at an equal pass rate."""
    push = np.clip((np.arange(BEFORE + AFTER) - BEFORE) / steps, 0, 1)
    false_passes = 0.05 + 0.90 * push
    return labelled_draws(*verifier(false_passes, 0.42 * (1 - false_passes), rng))


@pytest.mark.parametrize(("steps", "latest"), [(20, 45), (60, 80), (300, 240)])
def test_false_passes_are_seen_although_no_gain_turns_negative(steps: int, latest: int) -> None:
    rng = np.random.default_rng(SEED)
    delays = []
    for _ in range(8):
        at = red_at(ScoreMeaning(), ramped(rng, steps))
        assert at is not None
        delays.append(at - BEFORE)
    assert min(delays) > 0
    assert np.median(delays) < latest


@pytest.mark.parametrize("false_passes", [0.0, 0.2])
def test_honest_learning_is_left_alone(false_passes: float) -> None:
    """Gold and passes rise from .3 to .8 while a pass means what it meant."""
    rng = np.random.default_rng(SEED)
    solved = np.linspace(0.3, 0.8, 2000)
    for _ in range(3):
        labels = labelled_draws(*verifier(np.full(2000, false_passes), solved, rng))
        assert red_at(ScoreMeaning(), labels) is None


def test_a_rising_score_within_the_reference_is_left_alone() -> None:
    rng = np.random.default_rng(SEED)
    quality = rng.normal(np.clip(np.linspace(-0.5, 0.5, 2500), -0.2, 1), 1.0)
    gold = 1 / (1 + np.exp(-quality))
    assert red_at(ScoreMeaning(), labelled_draws(quality + rng.normal(0, 1, 2500), gold)) is None


def test_began_and_block_speak_of_the_fall() -> None:
    detector = ScoreMeaning()
    state = folded(detector, ramped(np.random.default_rng(SEED), 20))
    reading = detector.reading(state)
    assert reading.began is not None
    assert BEFORE - 60 <= reading.began <= BEFORE + 50
    assert reading.labels_used == BEFORE + AFTER - detector.first_labels
    assert reading.value is not None
    assert reading.lower is not None
    assert reading.upper is not None
    assert reading.lower < reading.value < reading.upper < 0


def test_gold_between_bound_and_estimate_is_left_alone() -> None:
    rng = np.random.default_rng(SEED)
    passed = np.ones(300)
    learnt = folded(ScoreMeaning(), labelled_draws(passed, np.arange(300) % 10 / 9)).learning
    known = replace(learnt.reference, gold=(0.95,), lower=(0.6,))
    gold = (rng.random(1500) < 0.7).astype(float)
    labels = labelled_draws(np.ones(1500), gold)
    assert red_at(ScoreMeaning(reference=known), labels) is None
    assert red_at(ScoreMeaning(reference=replace(known, lower=(0.95,))), labels) is not None


def test_unknown_scores_are_counted_and_not_tested() -> None:
    rng = np.random.default_rng(SEED)
    labels = labelled_draws(rng.normal(0, 1, 300), rng.random(300))
    labels += labelled_draws(np.full(500, 50.0), np.zeros(500), first=300)
    state = folded(ScoreMeaning(), labels)
    assert state.beyond == 500
    assert ScoreMeaning().reading(state).log_evidence == pytest.approx(0, abs=1e-9)


def test_refusals_speak_against_an_alarm() -> None:
    labels = ramped(np.random.default_rng(SEED), 20)
    refused = [replace(each, gold=None) if each.gold == 0 else each for each in labels]
    assert red_at(ScoreMeaning(), refused) is None


def test_weights_undo_the_chances_of_the_draw() -> None:
    """Hard rows, whose passes are worth less, are drawn nine times as often later on."""
    rng = np.random.default_rng(SEED)
    hard = rng.random(3000) < np.where(np.arange(3000) < 300, 0.5, 0.9)
    gold = (rng.random(3000) < np.where(hard, 0.5, 0.95)).astype(float)
    weight = np.where(np.arange(3000) < 300, 1.0, np.where(hard, 0.5 / 0.9, 0.5 / 0.1))
    proxy = np.ones(3000)
    weighted = labelled_draws(proxy, gold, weight=weight, largest=5.0)
    assert red_at(ScoreMeaning(), weighted) is None
    assert red_at(ScoreMeaning(), labelled_draws(proxy, gold)) is not None


def test_the_luck_of_one_batch_is_one_piece_of_evidence() -> None:
    """Eight labels of a prompt on which passes are all right or all wrong, as rarely as ever."""
    rng = np.random.default_rng(SEED)
    reds = np.zeros(2, int)
    for _ in range(5):
        gold = np.repeat((rng.random(400) < 0.8).astype(float), 8)
        reds += [
            red_at(ScoreMeaning(), labelled_draws(np.ones(3200), gold, part=part)) is not None
            for part in (8, 1)
        ]
    assert reds.tolist()[0] == 0
    assert reds.tolist()[1] > 0


def test_a_state_comes_back_from_its_text() -> None:
    labels = ramped(np.random.default_rng(SEED), 20)
    for cut in (10, 500):
        state = folded(ScoreMeaning(), labels[:cut])
        assert read_state(ScoreMeaningState, state_text(state)) == state


def test_one_score_and_one_gold_are_no_reason_for_an_alarm() -> None:
    for gold in (0.0, 1.0):
        labels = labelled_draws(np.zeros(900), np.full(900, gold))
        assert red_at(ScoreMeaning(), labels) is None


def test_a_reference_needs_labels() -> None:
    with pytest.raises(BadOption, match="1 first labels are no reference"):
        ScoreMeaning(first_labels=1)
