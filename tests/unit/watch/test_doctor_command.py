"""``overopt watch doctor``: what it prints, and its exit code."""

import json
from pathlib import Path

import pytest

from overopt.cli import run
from overopt.watch.store import Store


def test_a_folder_without_a_store_is_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["watch", "doctor", str(tmp_path)]) == 1
    assert "watch.db does not exist" in " ".join(capsys.readouterr().out.split())


def test_a_new_store_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path).close()
    assert run(["watch", "doctor", str(tmp_path), "--json", "--thorough"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "overopt.doctor/1"
    assert {"sqlite", "disk"} <= {each["what"] for each in document["symptoms"]}
    assert "bad" not in {each["severity"] for each in document["symptoms"]}
