"""The plan as a whole: its document, its variants, the same again from the same seed."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rollouts import strict

from overopt.errors import BadOption
from overopt.labels.study import Guess, Study, StudyPlan, scenarios, study_plan
from overopt.labels.study.variants import _changes, question
from overopt.report import to_json

SMALL = Study(prompts=40, candidates=8, labels=60)
PLANNED = (
    "n",
    *(f"{what}_{how}" for what in ("gold", "gain") for how in ("tail", "uniform", "all")),
)


@lru_cache
def _planned(labels: int, binary: bool) -> StudyPlan:
    guess = Guess(correlation=0.4, gold_kind="binary") if binary else Guess(spread=3)
    study = Study(prompts=40, candidates=8, labels=labels)
    return study_plan(study, guess, studies=20, seed=5)


def planned(labels: int = 60, binary: bool = False) -> StudyPlan:
    return _planned(labels, binary)


def document(labels: int = 60, binary: bool = False) -> dict[str, Any]:
    return strict(to_json(planned(labels, binary).to_dict()))


@pytest.mark.parametrize(("labels", "binary"), [(60, False), (320, False), (60, True)])
def test_the_document_is_strict_and_adds_up(labels: int, binary: bool) -> None:
    found = document(labels, binary)
    assert found["schema"] == "overopt.plan/1"
    assert set(found["half_widths"]) == set(PLANNED)
    assert {len(column) for column in found["half_widths"].values()} == {4}
    for one in found["scenarios"]:
        assert sum(one["decisions"].values()) == pytest.approx(1)
        assert 0 <= one["wrong"] <= 1 - one["decisions"]["undecided"]
    now, *others = found["variants"]
    assert (now["changed"], now["labels"]) == ("now", labels)
    asked = found["question"]
    (world,) = (one for one in found["scenarios"] if one["name"] == asked["scenario"])
    assert now["answers"] <= world["decisions"][asked["decision"]]
    assert all(2 <= one["labels"] <= one["prompts"] * one["candidates"] for one in others)


def test_every_field_is_explained() -> None:
    text = Path(__file__).resolve().parents[4].joinpath("docs", "plan.md").read_text("utf-8")
    explained = set(re.findall(r"`([a-z_]+)`", text))

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for item in value.values() for key in keys(item)}
        if isinstance(value, list):
            return {key for item in value for key in keys(item)}
        return set()

    assert keys(document()) - explained == set()


def test_the_same_seed_gives_the_same_plan_in_whatever_unit_gold_comes() -> None:
    unit, wide = study_plan(SMALL, Guess(), studies=20, seed=5).to_dict(), document()
    assert wide["guess"]["spread"] == 3
    for name in PLANNED[1:]:
        lengths = 3 * np.array(unit["half_widths"][name])
        np.testing.assert_allclose(wide["half_widths"][name], lengths, rtol=1e-6)
    for one, other in zip(unit["scenarios"], wide["scenarios"], strict=True):
        assert one["decisions"] == other["decisions"]
        assert 3 * one["regret"] == pytest.approx(other["regret"])
    assert [one["answers"] for one in unit["variants"]] == [
        one["answers"] for one in wide["variants"]
    ]
    assert unit["recommendation"] == wide["recommendation"]


def test_all_labels_are_the_floor_and_targeted_ones_reach_further_than_uniform() -> None:
    widths = document()["half_widths"]
    assert widths["gold_all"][-1] < widths["gold_tail"][-1] < widths["gold_uniform"][-1]
    assert widths["gain_all"][-1] < widths["gain_tail"][-1] < widths["gain_uniform"][-1]
    assert widths["gain_tail"][0] == 0


def test_the_question_is_the_turn_where_one_can_be_seen() -> None:
    assert question(scenarios(Guess(correlation=0.5)), 16).decision == "push"
    assert question(scenarios(Guess(correlation=0.5)), 2).decision == "no_peak"
    assert question(scenarios(Guess(correlation=0.98)), 16).decision == "no_peak"


def test_variants_change_one_thing_and_keep_the_number_of_samples_where_they_say_so() -> None:
    for one in planned().variants[1:]:
        size = (one.study.prompts, one.study.candidates, one.study.labels)
        kept = [a == b for a, b in zip(size, (40, 8, 60), strict=True)]
        if one.changed == "shape":
            assert one.study.rows == 320
            assert kept == [False, False, True]
        elif one.changed == "both":
            assert size == (80, 8, 120)
        else:
            assert kept.count(False) == 1


@pytest.mark.parametrize("size", [(3, 2, 2), (4, 1024, 1100), (5, 3, 15)])
def test_changes_of_extreme_studies_are_possible(size: tuple[int, int, int]) -> None:
    prompts, candidates, labels = size
    study = Study(prompts=prompts, candidates=candidates, labels=labels)
    changes = list(_changes(study))
    assert changes[0] == ("now", study)
    assert all(2 <= other.candidates <= 1024 and other.prompts >= 3 for _, other in changes)


def test_no_study_is_spent_on_an_answer_that_cannot_be_true() -> None:
    few = {one.study.candidates: one for one in planned().variants if one.changed == "candidates"}
    assert (few[2].studies, few[2].answers, few[2].error) == (0, 0, 0)
    assert few[16].studies == 20


def test_with_every_row_labelled_variants_stay_labelled_throughout() -> None:
    assert all(one.study.labels == one.study.rows for one in planned(320).variants)
    assert "labels" not in {one.changed for one in planned(320).variants}


def test_progress_grows() -> None:
    seen: list[float] = []
    study_plan(
        Study(prompts=5, candidates=2, labels=10),
        studies=20,
        progress=lambda stage, share: seen.append(share),
    )
    assert seen == sorted(seen)
    assert 0 <= seen[0] < seen[-1] <= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [({"level": 1.0}, "--level 1"), ({"studies": 5}, "--studies 5"), ({"seed": -1}, "--seed -1")],
)
def test_impossible_options_are_refused(options: dict, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        study_plan(SMALL, **options)
