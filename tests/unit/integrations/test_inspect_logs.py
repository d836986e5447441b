"""Logs of inspect: letters, gold in metadata, logs that have not ended, damaged archives."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trainer_files import zstandard

from overopt.errors import BadSamples
from overopt.integrations.followers import followed
from overopt.integrations.following import Following
from overopt.integrations.inspect_logs import InspectLogs
from overopt.watch.log import LogColumns


def log(*samples: dict[str, Any], **spec: Any) -> dict[str, Any]:
    header = {"created": "1970-01-02T00:00:00+00:00", "task": "sums", **spec}
    return {"version": 2, "status": "success", "eval": header, "samples": list(samples)}


def sample(number: int, value: Any, **metadata: Any) -> dict[str, Any]:
    return {"id": number, "epoch": 1, "scores": {"match": {"value": value, "metadata": metadata}}}


def written(folder: Path, document: dict[str, Any], name: str = "a.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_letters_and_gold_in_metadata(tmp_path: Path) -> None:
    values = ["C", "P", "I", "N", "yes", 0.25, True, None]
    rows = [sample(i // 4, value, gold=i % 2) for i, value in enumerate(values)]
    (batch,) = followed(written(tmp_path, log(*rows)))
    np.testing.assert_array_equal(batch.proxy, [1, 0.5, 0, 0, 1, 0.25, 1, np.nan])
    assert batch.gold is not None
    assert batch.gold.tolist() == [0, 1] * 4
    assert (batch.run, batch.step, batch.prompt_ids) == ("sums", 86400, ("0", "1"))


def test_a_score_with_parts_is_one_score_for_each(tmp_path: Path) -> None:
    path = written(tmp_path, log(sample(1, {"exact": 1, "style": "I"})))
    with pytest.raises(BadSamples, match=r"has 2 scores, .match\.exact., .match\.style."):
        list(followed(path))
    (batch,) = followed(path, LogColumns(proxy="match.exact", gold="match.style"))
    assert batch.proxy.tolist() == [1.0]
    assert batch.gold is not None
    assert batch.gold.tolist() == [0.0]


def test_a_score_that_is_no_number_is_a_bad_row(tmp_path: Path) -> None:
    rows = [sample(1, "C"), sample(1, "rather good"), sample(2, [1, 2])]
    following = Following(InspectLogs(written(tmp_path, log(*rows))), LogColumns(proxy="match"))
    (batch,) = following.finish()
    assert batch.proxy.tolist() == [1.0]
    assert following.counts == {"rows": 1, "bad": 2}


def test_an_evaluation_counts_once_it_has_ended(tmp_path: Path) -> None:
    running = log(sample(1, "C")) | {"status": "started"}
    path = written(tmp_path, running)
    following = Following(InspectLogs(path))
    assert following.read(quiet=True) == []
    written(tmp_path, log(sample(1, "C"), sample(1, "I")))
    (batch,) = following.read()
    assert batch.proxy.tolist() == [1.0, 0.0]
    assert following.counts["bad"] == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 cut off", b"no archive", b"\0" * 500],
)
def test_a_damaged_archive_is_one_bad_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.eval").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "b.eval", "w") as archive:
        archive.writestr("summaries.json", json.dumps([sample(1, "C")]))
        archive.writestr("header.json", json.dumps(log(task="other")))
    following = Following(InspectLogs(tmp_path))
    (batch,) = following.finish()
    assert batch.run == "other"
    assert following.counts == {"rows": 1, "bad": 1}


def test_a_member_that_is_damaged_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w") as archive:
        zstandard(archive, "header.json", json.dumps(log()).encode())
        zstandard(archive, "summaries.json", json.dumps([sample(1, "C")]).encode())
        archive.filelist[1].CRC ^= 1
    following = Following(InspectLogs(path))
    with pytest.raises(BadSamples):
        following.finish()
    assert following.faults()[0].endswith("summaries.json is damaged")


@pytest.mark.parametrize(
    "document",
    [
        {"version": 2, "eval": {"task": "a"}},
        {"version": 2, "status": "success", "eval": {"task": "a", "created": "soon"}},
        {"version": 2, "status": "success", "eval": []},
        log({"epoch": 1}),
        log({"id": 1, "scores": {"match": 3}}),
    ],
)
def test_a_log_without_what_is_needed_is_bad(document: dict[str, Any], tmp_path: Path) -> None:
    following = Following(InspectLogs(written(tmp_path, document)))
    with pytest.raises(BadSamples):
        following.finish()
    assert following.counts["bad"] == 1
    (fault,) = following.faults()
    assert "is no whole log of an evaluation" in fault
