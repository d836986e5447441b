"""False alarms and delays of the gain detector at full length; docs/watch/guarantee.md prints them.

A count of false alarms fails beyond 19 of 1,000 (three standard errors above 1 %); a median delay
beyond 15 % above the reference, which is for labels drawn evenly and bets without a running mean.
"""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within
from gain_runs import (
    NULLS,
    change_path,
    exploit_path,
    family_path,
    first_alarms,
    gain_values,
    labelled_runs,
    null_alarms,
    null_path,
)

from overopt.stats.e_process import Betting
from overopt.watch.bank import DEFAULT_SIGNALS
from overopt.watch.block import Block, BlockOptions, more_block
from overopt.watch.family import AVERAGE_RUN, RUN_LENGTH

POOLED = ("rank_gain", "best_of_4", "best_of_16_pooled", "best_of_64_pooled", "top_vs_random")
REFERENCE = {"A1": 556, "A2": 956, "A3": 2566, "A4": 636, "A5": 1834, "A6": 537}
REALISED = Betting(realised=True)


@pytest.mark.parametrize(("size", "difficulty"), [(8, 0.0), (4, 1.0), (16, 1.0)])
@pytest.mark.parametrize("name", NULLS)
def test_false_alarms_of_the_rank_gain(name: str, size: int, difficulty: float) -> None:
    alarms = null_alarms(
        name, 1000, 64_000, ("rank_gain",), seed=21, size=size, difficulty=difficulty
    )
    assert alarms <= 19


@pytest.mark.parametrize("size", [4, 8, 16])
@pytest.mark.parametrize("name", NULLS)
def test_false_alarms_of_the_bank_with_prompt_effects(name: str, size: int) -> None:
    """Pooled forms included: batches of 32 rows, harder prompts scoring higher."""
    alarms = null_alarms(
        name, 200, 6400, POOLED, seed=22, groups=32 // size, size=size, difficulty=1.0
    )
    assert alarms <= 6


@pytest.mark.parametrize("name", REFERENCE)
def test_delays_of_the_rank_gain(name: str) -> None:
    path, onset = change_path(name, labels=6000 if name in ("A3", "A5") else 3000)
    delays = np.concatenate(
        [
            first_alarms(family_path(gain_values(labelled_runs(path, 100, ("rank_gain",), rng))))
            for rng in map(np.random.default_rng, range(4))
        ]
    )
    assert delays.min() > onset
    assert np.median(delays) - onset <= 1.15 * REFERENCE[name]


@pytest.mark.parametrize(
    ("signals", "groups", "size", "most"),
    [
        (("best_of_16",), 1, 64, 200),
        (DEFAULT_SIGNALS, 1, 64, 320),
        (("best_of_16_pooled",), 8, 8, 350),
    ],
)
def test_delay_of_an_exploit(signals: tuple[str, ...], groups: int, size: int, most: float) -> None:
    path, onset = exploit_path(0.05, 3000, 1500), 3000
    difficulty = 0.5 if groups > 1 else 0.0
    labels = labelled_runs(
        path,
        400,
        signals,
        np.random.default_rng(23),
        groups=groups,
        size=size,
        difficulty=difficulty,
    )
    alarms = first_alarms(family_path(gain_values(labels)))
    assert alarms.min() > onset
    assert np.median(alarms) - onset <= most


def test_average_run_length_of_the_amber_tier() -> None:
    """At the plateau, stopped at 20,000 labels: the mean of min(alarm, 20,000) shows 10^4."""
    rng = np.random.default_rng(24)
    path = null_path("N2", 1, 40_000, rng)
    values = gain_values(labelled_runs(path, 300, ("rank_gain",), rng, size=8))
    alarms = first_alarms(family_path(values, AVERAGE_RUN), np.log(RUN_LENGTH))
    assert np.minimum(alarms, 40_000).mean() >= RUN_LENGTH


def test_limits_of_a_block_hold_the_gain() -> None:
    """Both limits at once in 90 % of blocks, at a plateau where the gain is exactly 0."""
    rng = np.random.default_rng(25)
    path = null_path("N2", 1, 600, rng)
    labels = labelled_runs(path, 2000, ("best_of_16",), rng, size=64)
    options = BlockOptions(labels=300, error=0.05)
    values = (labels.gold - 0.5) * labels.factor[0]
    held = 0
    for run, largest in zip(values, labels.largest[0], strict=True):
        block = Block()
        for value, bound in zip(run.tolist(), largest.tolist(), strict=True):
            block = more_block(block, value, options, below=bound / 2, above=bound / 2)
        assert block.done is not None
        held += block.done.lower <= 0 <= block.done.upper
    assert_coverage_within(held, len(values), 0.90, 1.0)
