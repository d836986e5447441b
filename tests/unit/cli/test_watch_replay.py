"""``overopt watch replay`` of what trainers write."""

import json
from pathlib import Path

import pytest
import trainer_files

from overopt.cli import run

FORMATS = ("trl", "verl", "nemo_rl", "numbered", "inspect", "comma_separated")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_replayed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = trainer_files.samples()
    path, columns = getattr(trainer_files, name)(tmp_path, steps)
    options = [word for role, column in columns.items() for word in (f"--{role}", column)]
    assert run(["watch", "replay", str(path), *options, "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)["runs"]
    assert only["batches"] == len(steps)
    assert only["rows"] == sum(map(len, steps.values()))


def test_a_pattern_is_several_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in (1, 2):
        (tmp_path / f"part{step}.csv").write_text(f"step,proxy\n{step},0.5\n{step},0.7\n")
    assert run(["watch", "replay", str(tmp_path / "part*.csv"), "--json"]) == 0
    (only,) = json.loads(capsys.readouterr().out)["runs"]
    assert (only["batches"], only["rows"]) == (2, 4)


def test_a_path_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "replay", str(tmp_path / "old_run.jsonl")]) == 2
    assert "no file" in capsys.readouterr().err
