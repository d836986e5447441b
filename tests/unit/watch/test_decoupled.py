"""Decoupled: proxy up and gold not, against honest pushes, quiet runs and hostile labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from labelled_draws import folded, labelled_draws, red_at, verifier
from pushed_runs import best_of, outliers, push

from overopt.errors import BadOption
from overopt.watch.detectors.decoupled import Decoupled, DecoupledState
from overopt.watch.reference import card_reference
from overopt.watch.saved_state import read_state, state_text

SEED = 20261124


def test_a_heavy_push_is_called_decoupled_and_a_light_one_is_not() -> None:
    rng = np.random.default_rng(SEED)
    for _ in range(3):
        at = red_at(Decoupled(), labelled_draws(*push(True, 300, 1500, rng)))
        assert at is not None
        assert at > 300 + 700  # up to n of about 16 gold keeps what the score promised
        assert red_at(Decoupled(), labelled_draws(*push(False, 300, 1500, rng))) is None


@pytest.mark.parametrize("heavy", [False, True])
def test_a_run_that_stands_still_is_left_alone(heavy: bool) -> None:
    rng = np.random.default_rng(SEED)
    for _ in range(3):
        labels = labelled_draws(*best_of(np.ones(2500), heavy, rng))
        assert red_at(Decoupled(), labels) is None


@pytest.mark.parametrize("first_solved", [0.03, 0.3])
@pytest.mark.parametrize("false_passes", [0.0, 0.3])
def test_an_honest_verifier_is_left_alone(first_solved: float, false_passes: float) -> None:
    rng = np.random.default_rng(SEED)
    solved = np.linspace(first_solved, 0.7 if false_passes else 0.95, 2000)
    labels = labelled_draws(*verifier(np.full(2000, false_passes), solved, rng))
    assert red_at(Decoupled(), labels) is None


def test_gold_near_its_ceiling_need_not_rise_beyond_it() -> None:
    rng = np.random.default_rng(SEED)
    push_by = np.clip((np.arange(2500) - 300) / 1000, 0, 1)
    score = rng.standard_normal(2500) + 8 * push_by
    gold = (rng.random(2500) < 0.8 + 0.2 * np.clip(score / 1.5, -1, 1)).astype(float)
    assert red_at(Decoupled(), labelled_draws(score, gold)) is None


def test_gold_that_falls_with_the_proxy_is_not_decoupled() -> None:
    """Harder prompts, or a collapse after a rise: the score says so itself."""
    rng = np.random.default_rng(SEED)
    rise = np.concatenate([np.zeros(300), np.linspace(0, 2, 700), np.full(1000, -1.5)])
    score = rng.standard_normal(2000) + rise
    gold = np.clip((0.7 * score + 0.7 * rng.standard_normal(2000)) / 6 + 0.5, 0, 1)
    assert red_at(Decoupled(), labelled_draws(score, gold)) is None


def test_units_of_the_score_do_not_matter() -> None:
    score, gold = push(True, 300, 1500, np.random.default_rng(SEED))
    one = red_at(Decoupled(), labelled_draws(score, gold))
    assert one is not None
    assert red_at(Decoupled(), labelled_draws(1024 * score - 4096, gold)) == one


def test_with_a_card_a_small_divergence_is_enough() -> None:
    """3.5 % of the policy on the far tail, 0.08 nats: the mean proxy rises and gold does not."""
    rng = np.random.default_rng(SEED)
    score, gold = best_of(np.ones(20_000), True, rng)
    edges = np.quantile(score, np.arange(1, 12) / 12)
    place = np.searchsorted(edges, score)
    rows = [(score[place == i], gold[place == i]) for i in range(12)]
    card = {
        "schema": "overopt.card/1",
        "proxy": "reward",
        "gold_source": "human",
        "level": 0.95,
        "gold_by_score": [
            {
                "score": float(np.mean(u)),
                "from": float(u.min()),
                "to": float(u.max()),
                "gold": float(v.mean()),
                "lower": float(v.mean() - 1.96 * v.std() / np.sqrt(len(v))),
                "rows": len(u),
            }
            for u, v in rows
        ],
        "quantiles": [
            {"quantile": q, "score": float(np.quantile(score, q))} for q in (0.25, 0.5, 0.75)
        ],
    }
    detector = Decoupled(reference=card_reference(card, (0.0, 1.0), 0.005))
    quiet = labelled_draws(*outliers(np.zeros(5000), 0.0015, rng))
    pushed = labelled_draws(*outliers(np.full(5000, 0.035), 0.0015, rng))
    assert red_at(detector, quiet) is None
    assert red_at(detector, pushed) is not None


def test_a_score_that_promised_nothing_breaks_no_promise() -> None:
    rng = np.random.default_rng(SEED)
    score = rng.standard_normal(1500) + np.repeat([0.0, 3.0], [300, 1200])
    gold = np.clip(0.5 - 0.1 * score, 0, 1)
    state = folded(Decoupled(), labelled_draws(score, gold))
    assert state.learning.reference.demand == 0
    assert Decoupled().reading(state).log_evidence == pytest.approx(0, abs=1e-9)
    constant = labelled_draws(np.zeros(900), rng.random(900))
    assert Decoupled().reading(folded(Decoupled(), constant)).log_evidence == pytest.approx(
        0, abs=1e-9
    )


def test_refusals_speak_against_an_alarm() -> None:
    labels = labelled_draws(*push(True, 300, 1500, np.random.default_rng(SEED)))
    refused = labels[:300] + [replace(each, gold=None) for each in labels[300:]]
    assert red_at(Decoupled(), refused) is None


def test_block_and_beginning_speak_of_what_counts() -> None:
    labels = labelled_draws(*push(True, 300, 1500, np.random.default_rng(SEED)))
    reading = Decoupled().reading(folded(Decoupled(), labels))
    assert reading.began is not None
    assert 900 < reading.began < 1800
    assert reading.lower is not None
    assert reading.upper is not None
    assert reading.lower < reading.upper < 0


def test_a_state_comes_back_from_its_text() -> None:
    labels = labelled_draws(*push(True, 300, 300, np.random.default_rng(SEED)))
    for cut in (0, 10, 550):
        state = folded(Decoupled(), labels[:cut])
        assert read_state(DecoupledState, state_text(state)) == state


@pytest.mark.parametrize("options", [{"first_labels": 1}, {"least_rise": -0.1}])
def test_nonsense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadOption):
        Decoupled(**options)  # type: ignore[arg-type]
