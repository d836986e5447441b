"""``overopt watch follow`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from trainer_files import FORMATS, STEPS, samples

from overopt.cli import run

QUICK = ("--until-quiet", "--settle", "0", "--every", "0.01", "--label-rate", "1")


def test_a_trainers_folder_is_followed_until_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, columns = FORMATS["trl"](tmp_path, samples())
    named = [word for name, column in columns.items() for word in (f"--{name}", column)]
    state = tmp_path / "state.json"
    arguments = ["watch", "follow", str(path), *named, *QUICK, "--json", "--state", str(state)]
    assert run(arguments) == 0
    first = json.loads(capsys.readouterr().out)
    (told,) = first["runs"]
    assert (told["run"], told["step"], told["batches"]) == ("out", STEPS[-1], len(STEPS))
    assert first["schema"] == "overopt.watch/1"
    assert run(arguments) == 0  # goes on from the state: nothing is read twice
    assert json.loads(capsys.readouterr().out) == first


def test_the_state_of_all_signals_is_shown_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = FORMATS["rows"](tmp_path, samples())
    path.write_text(path.read_text(encoding="utf-8") + "{broken}\n", encoding="utf-8")
    assert run(["watch", "follow", str(path), *QUICK]) == 0
    shown, complaints = capsys.readouterr()
    assert "undecided" in shown
    assert complaints.count("\n") == 1
    assert "log.jsonl, line 28 is not JSON" in complaints.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["nowhere.jsonl"], "no file or folder"),
        (["nowhere.jsonl", "--format", "rows", *QUICK], "holds no samples that could be read"),
        (["nowhere.jsonl", "--format", "nope"], "is unknown"),
    ],
)
def test_what_cannot_be_followed_is_one_line(
    arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["watch", "follow", *arguments]) == 2
    complaints = capsys.readouterr().err
    assert what in complaints
    assert complaints.count("\n") == 1
