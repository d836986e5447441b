"""The ledger's file: what is written is read, whole, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tables import noise, table

from overopt.errors import BadSamples
from overopt.labels.drawing import DrawOptions, new_ledger, with_round
from overopt.labels.ledger import Label, Ledger, read_ledger

SAMPLES = table(a=noise(0))


@pytest.fixture
def ledger() -> Ledger:
    planned = with_round(new_ledger(SAMPLES, 5), SAMPLES, DrawOptions(budget=40))
    name = planned.drawn[0].id
    labels = (Label(id=name, annotator="Zoë", gold=0.1, merge=1),)
    return replace(planned, labels=labels, gold_source="human")


def test_what_is_written_is_read_back(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    ledger.write(path)
    ledger.write(path)
    assert read_ledger(path) == ledger
    assert [file.name for file in tmp_path.iterdir()] == ["labels.json"]


def test_nothing_is_left_where_writing_fails(ledger: Ledger, tmp_path: Path) -> None:
    broken = replace(ledger, labels=(replace(ledger.labels[0], gold=float("nan")),))
    ledger.write(tmp_path / "labels.json")
    with pytest.raises(ValueError, match="JSON"):
        broken.write(tmp_path / "labels.json")
    assert read_ledger(tmp_path / "labels.json") == ledger
    assert len(list(tmp_path.iterdir())) == 1


def test_an_edited_ledger_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    ledger.write(path)
    content = json.loads(path.read_text())
    content["drawn"][3]["prob"] *= 2
    path.write_text(json.dumps(content))
    with pytest.raises(BadSamples, match="was changed after it was written"):
        read_ledger(path)


def test_a_new_layout_of_the_same_content_is_no_edit(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    ledger.write(path)
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    assert read_ledger(path) == ledger


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"schema": "overopt.audit/1"}', "a,b\n1,2"])
def test_other_files_are_no_ledgers(text: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(BadSamples, match="is not a ledger"):
        read_ledger(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSamples, match=r"cannot read the ledger .*No such file"):
        read_ledger(tmp_path / "labels.json")


def test_comparisons_of_pairs_have_their_place_and_are_not_read_yet(
    ledger: Ledger, tmp_path: Path
) -> None:
    replace(ledger, kind="pair").write(tmp_path / "labels.json")
    with pytest.raises(BadSamples, match="of pair labels"):
        read_ledger(tmp_path / "labels.json")


def test_looks_count_merges_that_brought_labels(ledger: Ledger) -> None:
    first, second = ledger.drawn[1].id, ledger.drawn[2].id
    more = (*ledger.labels, *(Label(id=i, annotator="", gold=1, merge=4) for i in (first, second)))
    assert replace(ledger, labels=()).looks == 0
    assert replace(ledger, labels=more).looks == 2
    assert ledger.rounds_begun == 1
    assert replace(ledger, labels=()).rounds_begun == 0
    assert len(ledger.outstanding) == len(ledger.drawn) - 1
