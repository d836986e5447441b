"""Mechanisms are rarely named where none is at work, and nearly always where one was planted.

Every table gets a companion of the score as a feature and exchangeable sources, so that all
families of claims are at stake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import planted
import pytest
from calibrated import assert_coverage_within
from statistical.cells import Cell, binary_cell, regime_cell

from overopt.samples import Category, Samples

FloatArray = npt.NDArray[np.floating]
LABELS = (120, 400, None)
# What is truly at work: dep_light and gao bend at the top of 64, the top of heavy_ind and t10_t5
# only beyond; a score of noise tells nothing; reversed falls from the start.
AT_WORK = {
    "light_ind": set[str](),
    "heavy_ind": {"heavy_error_tail"},
    "t10_t5": {"heavy_error_tail"},
    "plateau": set[str](),
    "gao": {"turning_dependence"},
    "dep_light": {"turning_dependence"},
    "noise": {"no_association"},
    "reversed": {"anti_correlation"},
    "rare": {"no_association"},
    "even": {"no_association"},
    "ceiling": {"no_association"},
    "rise": set[str](),
    "dip": {"anti_correlation", "exploiter_subpopulation"},  # there the last source is the top
}


def plateau_cell(labels: int | None) -> Cell:
    """Gold rises to the median of the score and is flat from there: a fall is just not there."""

    def draw(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        proxy = rng.standard_normal((200, 32))
        return proxy, np.minimum(proxy, 0) + rng.standard_normal(proxy.shape)

    name = f"plateau, 200 x 32, {labels or 'all'} labels"
    return Cell(
        name=name, prompts=200, size=32, draw=draw, truth=np.zeros(32), labels=labels, tail=True
    )


def dressed(samples: Samples, size: int, rng: np.random.Generator) -> Samples:
    """The table, its score called ``a``, with a companion of the score and sources."""
    score = samples.proxies["u"]
    companion = 0.5 * score / score.std() + rng.standard_normal(samples.rows)
    source = Category(codes=np.arange(samples.rows) % size % 8, names=tuple("abcdefgh"))
    return replace(samples, proxies={"a": score}, features={"companion": companion}, source=source)


def named(cell: Cell, trials: int) -> Counter[frozenset[str]]:
    """How often each set of mechanisms was named."""
    rng = cell.rng()
    tables = (dressed(cell.table(rng), cell.size, rng) for _ in range(trials))
    return Counter(frozenset(planted.ids(samples)) for samples in tables)


def assert_rarely_wrong(cell: Cell, allowed: set[str], trials: int) -> None:
    found = named(cell, trials)
    wrong = sum(count for ids, count in found.items() if not ids <= allowed)
    assert_coverage_within(wrong, trials, 0.0, 0.05)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize(
    "regime", ["light_ind", "heavy_ind", "t10_t5", "gao", "dep_light", "noise", "reversed"]
)
def test_what_is_not_at_work_is_rarely_named(regime: str, labels: int | None) -> None:
    assert_rarely_wrong(regime_cell(regime, labels), AT_WORK[regime], 400)


@pytest.mark.parametrize("labels", LABELS)
def test_a_plateau_is_rarely_called_a_turn(labels: int | None) -> None:
    assert_rarely_wrong(plateau_cell(labels), AT_WORK["plateau"], 1000)


@pytest.mark.parametrize("labels", [40, 120, None])
@pytest.mark.parametrize("regime", ["rare", "even", "ceiling", "rise", "dip"])
def test_right_or_wrong_answers_raise_no_alarm(regime: str, labels: int | None) -> None:
    assert_rarely_wrong(binary_cell(regime, labels, unequal=True), AT_WORK[regime], 2000)


@pytest.mark.parametrize(
    ("mechanism", "plant"),
    [
        ("turning_dependence", planted.turning),
        ("exploiter_subpopulation", planted.exploited),
        ("feature_takeover", planted.ruled_by_length),
        ("anti_correlation", planted.anti_correlated),
        ("heavy_error_tail", planted.heavy_error),
        ("saturation_at_cap", planted.capped),
        ("no_association", planted.unrelated),
    ],
)
def test_what_was_planted_is_named(
    mechanism: str, plant: Callable[[np.random.Generator], Samples]
) -> None:
    """In at least nine of ten tables of the size in ``planted``, labelled throughout."""
    rng = np.random.default_rng(7)
    found = sum(mechanism in planted.ids(plant(rng)) for _ in range(400))
    assert_coverage_within(found, 400, 0.9, 1.0)


@pytest.mark.parametrize(
    ("mechanism", "plant"),
    [
        ("turning_dependence", planted.turning),
        ("exploiter_subpopulation", planted.exploited),
        ("feature_takeover", planted.ruled_by_length),
        ("anti_correlation", planted.anti_correlated),
    ],
)
def test_a_third_of_the_labels_on_200_prompts_is_enough(
    mechanism: str, plant: Callable[..., Samples]
) -> None:
    rng = np.random.default_rng(8)
    tables = (planted.partly_labelled(plant(rng, prompts=200), 1 / 3, rng) for _ in range(400))
    found = sum(mechanism in planted.ids(samples) for samples in tables)
    assert_coverage_within(found, 400, 0.9, 1.0)
