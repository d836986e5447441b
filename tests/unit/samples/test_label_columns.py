"""What a table tells of its labels: planned rows, a guess of gold, the record of the purchase."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overopt.errors import BadSamples
from overopt.samples import read_samples, stream_samples, to_parquet

COLUMNS = {
    "prompt_id": [1, 1, 2, 2],
    "proxy": [0.1, 0.2, 0.3, 0.4],
    "gold": [1.0, None, None, 0.0],
    "label_prob": [0.5, 0.5, 0.5, 0.5],
    "label_planned": [True, True, False, True],
    "judge": [0.9, None, 0.4, 0.2],
}
RECORD = {"schema": "overopt.labels/1", "looks": 2, "gold": "gold", "gold_source": "experts"}


def kept(folder: Path, record: object, name: str = "t.parquet") -> Path:
    metadata = {"overopt.labels": record if isinstance(record, str) else json.dumps(record)}
    pq.write_table(pa.table(COLUMNS).replace_schema_metadata(metadata), folder / name)
    return folder / name


def test_planned_rows_and_guesses_follow_their_rows(tmp_path: Path) -> None:
    samples = read_samples(COLUMNS, columns={"prediction": "judge"})
    assert samples.label_planned.tolist() == [1, 1, 0, 1]
    np.testing.assert_array_equal(samples.prediction, [0.9, np.nan, 0.4, 0.2])
    part = samples.take(np.array([False, True, True, False]))
    assert part.label_planned.tolist() == [1, 0]
    assert part.prediction[1] == 0.4
    to_parquet(samples, tmp_path / "t.parquet")
    for again in stream_samples(tmp_path / "t.parquet", columns={"prediction": "prediction"}):
        np.testing.assert_array_equal(again.prediction, samples.prediction)
        np.testing.assert_array_equal(again.label_planned, samples.label_planned)


def test_a_guess_is_taken_only_where_it_is_named() -> None:
    scored = {**COLUMNS, "proxy_guess": [0.5, 0.6, 0.7, 0.8]}
    named = read_samples(scored, proxies=["proxy", "guess"], columns={"prediction": "guess"})
    assert named.prediction.tolist() == named.proxies["guess"].tolist() == scored["proxy_guess"]
    assert read_samples({**COLUMNS, "prediction": ["x"] * 4}).prediction is None


def test_gold_that_was_not_planned_is_refused_by_its_row() -> None:
    with pytest.raises(BadSamples, match=r"row 2 .*label_planned is not true"):
        read_samples({**COLUMNS, "gold": [1.0, None, 1.0, 0.0]})


def test_repeated_rows_become_one(tmp_path: Path) -> None:
    turns = {**COLUMNS, "candidate_id": ["a", "a", "b", "b"]}
    samples = read_samples(turns, columns={"prediction": "judge"}, reduce="mean")
    assert samples.label_planned.tolist() == [1, 1]
    assert samples.prediction.tolist() == pytest.approx([0.9, 0.3])


def test_the_record_of_the_labels_is_read(tmp_path: Path) -> None:
    samples = read_samples(kept(tmp_path, RECORD))
    assert samples.notes["labels"] == RECORD
    assert samples.gold_source == "experts"
    assert read_samples(kept(tmp_path, RECORD), gold_source="me").gold_source == "me"
    assert "labels" not in read_samples(COLUMNS).notes


def test_of_several_records_the_one_with_most_looks_counts(tmp_path: Path) -> None:
    kept(tmp_path, {**RECORD, "looks": 3}, "a.parquet")
    kept(tmp_path, RECORD, "b.parquet")
    assert read_samples(tmp_path).notes["labels"]["looks"] == 3


def test_a_record_of_another_gold_does_not_count(tmp_path: Path) -> None:
    samples = read_samples(kept(tmp_path, RECORD), proxies=["judge"], gold="proxy")
    assert "labels" not in samples.notes


@pytest.mark.parametrize(
    "record", ["{", "[]", {"schema": "other/1", "looks": 1}, {**RECORD, "looks": -1}]
)
def test_a_damaged_record_is_one_line(tmp_path: Path, record: object) -> None:
    with pytest.raises(BadSamples, match=r"t\.parquet: its metadata overopt\.labels"):
        read_samples(kept(tmp_path, record))
