"""Advice: what to change first and what is wasted, from variants with made-up results."""

from __future__ import annotations

import pytest

from overopt.labels.study import Guess, Study, scenarios
from overopt.labels.study.advice import Advice, advice
from overopt.labels.study.variants import Question, Variant

WORLDS = {one.name: one for one in scenarios(Guess())}
TURN = Question(scenario=WORLDS["turns"], decision="push")
RISE = Question(scenario=WORLDS["rises"], decision="no_peak")
LADDER = [(60, 0.4), (120, 0.3), (240, 0.22), (480, 0.215), (800, 0.21)]


def variant(
    changed: str,
    answers: float,
    *,
    prompts: int = 100,
    candidates: int = 8,
    labels: int = 120,
    half_width: float = 0.3,
) -> Variant:
    return Variant(
        changed=changed,
        study=Study(prompts=prompts, candidates=candidates, labels=labels),
        half_width=half_width,
        answers=answers,
        studies=400,
    )


def said(*changed: Variant, asked: Question = TURN) -> Advice:
    return advice(changed, asked, LADDER)


def test_labels_first_where_doubling_them_decides_most() -> None:
    found = said(
        variant("now", 0.3),
        variant("labels", 0.6, labels=240),
        variant("labels", 0.85, labels=480),
        variant("candidates", 0.32, candidates=16),
        variant("prompts", 0.35, prompts=200),
    )
    assert found.change_first == "labels"
    assert found.enough_candidates == 8
    assert found.sentence == (
        "120 labels decide a turn of this size in 30 % of studies; 240 would in 60 % and 480 in "
        "85 %. Change labels first. More candidates than 8 add nothing at this budget."
    )


def test_prompts_first_where_every_row_is_labelled() -> None:
    found = said(
        variant("now", 0.3, labels=800),
        variant("prompts", 0.6, prompts=200, labels=1600),
        variant("candidates", 0.35, candidates=16, labels=1600),
    )
    assert found.change_first == "prompts"
    assert "800 labels decide a turn of this size in 30 % of studies; 200 prompts would in 60 %."
    assert "More than 240 labels narrow little: the prompts limit." in found.sentence


def test_fewer_candidates_suffice_where_none_of_the_larger_numbers_does_better() -> None:
    few = said(
        variant("now", 0.5), variant("candidates", 0.48, candidates=4), variant("labels", 0.6)
    )
    assert few.enough_candidates == 4
    more = said(variant("now", 0.3), variant("candidates", 0.6, candidates=16))
    assert more.enough_candidates is None
    late = said(
        variant("now", 0.5),
        variant("candidates", 0.5, candidates=4),
        variant("candidates", 0.9, candidates=16),
    )
    assert late.enough_candidates is None
    unsure = said(variant("now", 0.3), variant("candidates", 0.36, candidates=16))
    assert unsure.enough_candidates is None
    assert unsure.change_first == "nothing"
    assert more.change_first == "candidates"
    assert "Change candidates first: 16 would decide it in 60 %." in more.sentence


def test_narrower_intervals_count_where_no_share_moves() -> None:
    found = said(
        variant("now", 0.0),
        variant("labels", 0.02, labels=240, half_width=0.2),
        variant("prompts", 0.0, prompts=200, half_width=0.29),
    )
    assert found.change_first == "labels"
    assert "240 narrow the gain by 33 %" in found.sentence


def test_nothing_need_change_where_the_turn_is_seen() -> None:
    found = said(variant("now", 0.9), variant("labels", 0.99, labels=240))
    assert found.change_first == "nothing"
    assert "first" not in found.sentence
    stuck = said(variant("now", 0.0), variant("labels", 0.0, labels=240))
    assert stuck.change_first == "nothing"
    assert "Doubling one thing alone changes little." in stuck.sentence


def test_prompts_and_labels_together_where_neither_alone_moves_the_share() -> None:
    found = said(
        variant("now", 0.3),
        variant("labels", 0.3, labels=240, half_width=0.2),
        variant("both", 0.7, prompts=200, labels=240),
    )
    assert found.change_first == "prompts and labels"
    assert "200 prompts with 240 labels would decide it in 70 %." in found.sentence


def test_another_split_of_the_same_samples_is_told_where_it_is_better() -> None:
    better = variant("shape", 0.6, prompts=50, candidates=16)
    assert "As many samples split into 50 prompts of 16 would decide it in 60 %." in (
        said(variant("now", 0.3), better).sentence
    )
    assert "split" not in said(variant("now", 0.58), better).sentence


def test_a_rise_to_another_end_is_another_question() -> None:
    found = said(
        variant("now", 0.1),
        variant("candidates", 0.9, candidates=16),
        variant("shape", 0.9, prompts=200, candidates=4),
        asked=RISE,
    )
    assert found.enough_candidates is None
    assert "16" not in found.sentence
    assert found.sentence.startswith("120 labels decide that gold keeps rising in 10 %")


@pytest.mark.parametrize(
    ("ladder", "enough"),
    [
        (LADDER, 240),
        ([(100, 0.4), (200, 0.3)], None),
        ([(100, 0.4), (110, 0.39)], None),  # a tenth more: at this rate a doubling gives 17 %
        ([(100, 0.4), (110, 0.3995)], 100),
        ([(100, float("inf")), (200, 0.3), (400, 0.299)], 200),
    ],
)
def test_enough_labels_are_those_whose_doubling_narrows_by_less_than_a_twentieth(
    ladder: list[tuple[int, float]], enough: int | None
) -> None:
    assert advice([variant("now", 0.9)], TURN, ladder).enough_labels == enough
