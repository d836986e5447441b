"""The gain detector on runs whose gain is known: silent while it is not negative, soon when it is.

The vectorised simulation that the counts come from is held to the product's own scores and fold.
"""

from __future__ import annotations

import numpy as np
import pytest
from gain_runs import (
    NULLS,
    bank_chances,
    bank_of,
    exploit_path,
    family_path,
    first_alarms,
    gain_values,
    labelled_runs,
    null_alarms,
)

from overopt.watch.bank import DEFAULT_SIGNALS, Bank, bank_scores
from overopt.watch.batch import Batch
from overopt.watch.chances import label_chances, label_draws
from overopt.watch.detectors.gain import Gain
from overopt.watch.draw import Draw, LabelledDraw
from overopt.watch.family import family_verdict

POOLED = ("rank_gain", "best_of_4", "best_of_16_pooled", "best_of_64_pooled", "top_vs_random")


def test_simulated_banks_are_the_product_s() -> None:
    rng = np.random.default_rng(1)
    bank = Bank(signals=POOLED)
    proxies = np.round(rng.standard_normal((5, 8, 8)), 1)
    scores = bank_of(proxies, POOLED)
    chances = bank_chances(scores)
    for place, proxy in enumerate(proxies):
        batch = Batch(
            run="r",
            key="k",
            step=0,
            proxy=proxy.ravel(),
            group=np.repeat(np.arange(8), 8),
            prompt_ids=tuple("abcdefgh"),
        )
        found = bank_scores(batch, bank)
        assert scores[:, place] == pytest.approx(found, abs=1e-12)
        assert chances[place] == pytest.approx(label_chances(found, batch.finite), abs=1e-12)


def test_simulated_evidence_is_that_of_the_fold() -> None:
    path = exploit_path(0.2, 100, 200)
    labels = labelled_runs(path, 2, POOLED, np.random.default_rng(2), groups=4, size=8)
    evidence = family_path(gain_values(labels))
    detectors = [Gain(name=name, place=place) for place, name in enumerate(POOLED)]
    for run in range(2):
        states = [detector.start() for detector in detectors]
        for t in range(300):
            draw = Draw(
                number=t,
                batch="b",
                step=t,
                row=0,
                rows=32,
                prob=1 / 32,
                proxy=0.0,
                scores=tuple(labels.factor[:, run, t]),
                largest=tuple(labels.largest[:, run, t]),
                largest_weight=10.0,
            )
            label = LabelledDraw(draw=draw, gold=float(labels.gold[run, t]))
            states = [d.update(s, label) for d, s in zip(detectors, states, strict=True)]
            readings = [d.reading(s) for d, s in zip(detectors, states, strict=True)]
            verdict = family_verdict(readings, 0.01)
            assert verdict.log_evidence == pytest.approx(evidence[run, t], abs=1e-9)


@pytest.mark.parametrize("name", NULLS)
def test_no_null_alarms_more_often_than_promised(name: str) -> None:
    """At most 6 of 200 runs: a rate of 1 % exceeds that in 4 of 1,000 such tests."""
    assert null_alarms(name, 200, 2000, ("rank_gain",), seed=4) <= 6


def test_an_exploit_of_one_row_in_twenty_is_found() -> None:
    path, onset = exploit_path(0.05, 1000, 800), 1000
    for signals, most in ((("best_of_16",), 200), (DEFAULT_SIGNALS, 320)):
        labels = labelled_runs(path, 40, signals, np.random.default_rng(5))
        alarms = first_alarms(family_path(gain_values(labels)))
        assert alarms.min() > onset
        assert np.median(alarms) - onset <= most


def test_an_exploit_in_groups_of_eight_is_found_by_pooled_ranks() -> None:
    path, onset = exploit_path(0.05, 1000, 800), 1000
    labels = labelled_runs(
        path,
        40,
        ("best_of_16_pooled",),
        np.random.default_rng(6),
        groups=8,
        size=8,
        difficulty=0.5,
    )
    alarms = first_alarms(family_path(gain_values(labels)))
    assert alarms.min() > onset
    assert np.median(alarms) - onset <= 350


def test_a_healthy_run_with_gold_everywhere_is_not_red() -> None:
    """Prompts without the batch's best row must not count as much as the one that has it."""
    rng = np.random.default_rng(7)
    bank = Bank(signals=POOLED)
    detectors = [Gain(name=name, place=place) for place, name in enumerate(POOLED)]
    states = [detector.start() for detector in detectors]
    for step in range(40):
        quality = rng.standard_normal(64)
        batch = Batch(
            run="r",
            key=f"w:{step}",
            step=step,
            proxy=0.6 * quality + rng.standard_normal(64),
            group=np.repeat(np.arange(8), 8),
            prompt_ids=tuple("abcdefgh"),
        )
        for draw in label_draws(batch, bank, expected=64, first_number=64 * step, seed=1):
            label = LabelledDraw(draw=draw, gold=float(quality[draw.row] > 0))
            states = [d.update(s, label) for d, s in zip(detectors, states, strict=True)]
    logs = [d.reading(s).log_evidence for d, s in zip(detectors, states, strict=True)]
    assert max(logs) < 1
