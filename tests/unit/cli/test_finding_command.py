"""``overopt finding`` explains every code that an audit can raise."""

import pytest

from overopt import __version__
from overopt.cli import run
from overopt.findings import CATALOGUE


@pytest.mark.parametrize("code", list(CATALOGUE))
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["finding", code.lower()]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith(f"{code}: {CATALOGUE[code].title}")
    assert f"What to do: {' '.join(CATALOGUE[code].remedy.split())}" in told


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["finding"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == list(CATALOGUE)


def test_an_unknown_code_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["finding", "OV999"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("overopt: no finding has the code 'OV999'; known codes: OV101")
    assert told.err.count("\n") == 1


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"overopt {__version__}\n"


@pytest.mark.parametrize("wrong", [["adit"], ["audit"], ["audit", "x", "--levle", "1"]])
def test_a_wrong_command_line_is_one_line(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(wrong) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("overopt: ")
    assert told.err.count("\n") == 1


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    told = capsys.readouterr()
    assert "audit" in told.out + told.err
