"""Simulated studies: the audit's own path, recorded labels, and claims judged by the truth."""

from __future__ import annotations

import numpy as np
import pytest

from overopt.auditing import audit
from overopt.curves.estimation import gold_curve
from overopt.errors import BadOption
from overopt.labels.half_width import expected_half_width
from overopt.labels.study import Guess, Study, scenarios
from overopt.labels.study.simulation import (
    Decided,
    claim_holds,
    decided,
    doublings,
    half_widths,
)
from overopt.labels.weights import planning_strengths
from overopt.pressure import BestOfN

RISES, LEVELS_OFF, TURNS, UNRELATED, HARMFUL = scenarios(Guess(correlation=0.6))
UP, FLAT = np.array([0.0, 1, 2, 3]), np.zeros(4)
TURN, DOWN = np.array([0.0, 2, 1.9, 1]), np.array([0.0, -1, -2, -3])


@pytest.mark.parametrize("labels", [800, 200])
@pytest.mark.parametrize("seed", range(4))
def test_a_study_ends_as_its_audit_does(labels: int, seed: int) -> None:
    study = Study(prompts=100, candidates=8, labels=labels)
    table = study.samples(TURNS, np.random.default_rng(seed))
    said = audit(table, pressures=("best_of_n",)).to_dict()["proxies"][0]
    (point,) = said["operating_points"]
    counts = decided(study, TURNS, level=0.95, studies=1, seed=seed).counts
    assert counts[point["decision"]] == 1
    (curve,) = said["curves"]
    widths = half_widths(study, TURNS, level=0.95, studies=1, seed=seed)
    places = doublings(8).astype(int) - 1
    half = (np.array(curve["upper"]) - np.array(curve["lower"]))[places] / 2
    np.testing.assert_allclose(widths.gold, half, rtol=1e-9)


def test_labels_are_drawn_towards_the_best_with_recorded_chances() -> None:
    study = Study(prompts=400, candidates=8, labels=600)
    table = study.samples(RISES, np.random.default_rng(0))
    assert table.label_prob is not None
    assert table.label_prob.sum() == pytest.approx(600)
    assert table.labelled == pytest.approx(600, abs=5 * np.sqrt(600))
    best = table.proxies["proxy"].reshape(400, 8).argmax(axis=1)
    chance = table.label_prob.reshape(400, 8)
    assert chance[np.arange(400), best].min() > 2 * np.median(chance)


@pytest.mark.parametrize("size", [2, 5, 16, 24])
def test_labels_aim_at_the_strengths_that_label_plans_aim_at(size: int) -> None:
    table = Study(prompts=4, candidates=size, labels=4).samples(RISES, np.random.default_rng(0))
    wanted = planning_strengths(table, "proxy", BestOfN())
    np.testing.assert_array_equal(doublings(size), wanted)


def test_a_uniform_study_gives_every_row_the_same_chance() -> None:
    study = Study(prompts=50, candidates=8, labels=40, uniform_share=1.0)
    table = study.samples(RISES, np.random.default_rng(0))
    np.testing.assert_allclose(table.label_prob, 0.1)


def test_the_same_seed_draws_the_same_studies_and_another_does_not() -> None:
    study = Study(prompts=30, candidates=4, labels=60)

    def widths(seed: int) -> float:
        return half_widths(study, RISES, level=0.95, studies=2, seed=seed).typical

    assert widths(1) == widths(1)
    assert widths(1) != widths(2)


@pytest.mark.parametrize("labels", [120, 600])
def test_half_widths_agree_with_the_formula_for_labels_of_a_table(labels: int) -> None:
    guess = Guess(correlation=0.5, between=0.5)
    world = scenarios(guess)[0]
    study = Study(prompts=200, candidates=16, labels=labels)
    table = study.samples(world, np.random.default_rng(7))
    assert table.label_prob is not None
    promised = expected_half_width(
        table,
        "proxy",
        BestOfN(),
        doublings(16),
        table.label_prob,
        residual_sd=np.sqrt(1 - guess.correlation**2),
        between_sd=guess.sd_between,
    )
    found = half_widths(study, world, level=0.95, studies=40, seed=1)
    np.testing.assert_allclose(found.gold, promised.gold, rtol=0.15)
    np.testing.assert_allclose(found.gain[1:], promised.gain[1:], rtol=0.15)


def test_a_study_that_drew_no_label_decides_nothing() -> None:
    study = Study(prompts=3, candidates=2, labels=2)
    empty = [not study.samples(RISES, np.random.default_rng(s)).labelled for s in range(60)]
    seed = empty.index(True)
    assert decided(study, RISES, level=0.95, studies=1, seed=seed).counts["undecided"] == 1
    assert np.isinf(half_widths(study, RISES, level=0.95, studies=1, seed=seed).gold).all()


@pytest.mark.parametrize(
    ("decision", "n", "truth", "holds"),
    [
        ("push", 2, TURN, True),
        ("push", 4, TURN, False),  # nothing is lost after the end
        ("push", 3, UP, False),
        ("push", 2, DOWN, False),
        ("no_peak", 4, UP, True),
        ("no_peak", 4, TURN, False),  # the last doubling loses
        ("no_peak", 4, FLAT, False),
        ("saturated", 2, np.array([0.0, 2, 2.1, 2.3]), True),  # within 20 % of the gain
        ("saturated", 2, np.array([0.0, 2, 2.1, 2.5]), False),
        ("saturated", 2, FLAT, False),
        ("do_not_push", 1, DOWN, True),
        ("do_not_push", 1, FLAT, False),
        ("do_not_push", 1, np.array([0.0, 0.1, -1, -2]), False),
    ],
)
def test_a_decision_is_right_when_all_it_claims_is_true(
    decision: str, n: int, truth: np.ndarray, holds: bool
) -> None:
    assert claim_holds(decision, n, truth, spread=1.0) is holds
    assert claim_holds(decision, n, truth + 7, spread=1.0) is holds


def test_counts_and_regret_of_decisive_studies() -> None:
    study = Study(prompts=300, candidates=8, labels=2400)
    harm = decided(study, HARMFUL, level=0.95, studies=5, seed=0)
    assert (harm.counts["do_not_push"], harm.wrong, harm.regret) == (5, 0, 0)
    rise: Decided = decided(study, RISES, level=0.95, studies=5, seed=0)
    assert (rise.counts["no_peak"], rise.right["no_peak"], rise.regret) == (5, 5, 0)


def test_right_or_wrong_gold_is_seen_as_bounded() -> None:
    world = scenarios(Guess(correlation=0.4, gold_kind="binary"))[0]
    table = Study(prompts=20, candidates=4, labels=80).samples(world, np.random.default_rng(0))
    assert gold_curve(table, "proxy", BestOfN()).bounds == (0, 1)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((2, 16, 10), "--prompts 2"),
        ((200, 1, 10), "with one candidate there is nothing to choose"),
        ((200, 16, 3201), "--labels 3201: 200 prompts of 16 candidates can carry 2 to 3200"),
        ((200, 16, 0), "--labels 0"),
        ((10, 2000, 100), "--candidates 2,000: more than is simulated"),
        ((1_000_000, 16, 100), "are 16,000,000 rows"),
    ],
)
def test_impossible_studies_are_refused(size: tuple[int, int, int], said: str) -> None:
    with pytest.raises(BadOption, match=said):
        Study(prompts=size[0], candidates=size[1], labels=size[2])
