"""``overopt lab iterate`` from the command line, and its JSON in the docs."""

import json
import re
from pathlib import Path

import pytest

from overopt.cli import run

ITERATE = ["lab", "iterate"]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "lab.md"


def document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert run([*ITERATE, *arguments, "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    found: dict[str, object] = json.loads(printed)
    return found


def test_the_map_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run(ITERATE) == 0
    told = capsys.readouterr().out
    assert "Gold can gain 10 in all" in told
    assert "it turns at strength 20." in " ".join(told.split())
    assert "Error stays below the gold gained in 7 of 20 runs." in told
    never = next(line for line in told.splitlines() if line.startswith("endless      never"))
    assert never.split()[-4:] == ["9.60", "6.40*", "-38.40*", "20"]
    assert max(map(len, told.splitlines())) <= 100


def test_a_narrow_terminal_shows_the_last_strengths(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert run(ITERATE) == 0
    told = capsys.readouterr().out.splitlines()
    heads = next(line for line in told if line.lstrip().startswith("labels  fit every"))
    assert heads.split()[3:] == ["at", "8", "at", "16", "at", "32", "at", "64", "overtaken", "at"]
    assert max(map(len, told)) <= 70


def test_the_map_as_json_explains_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(["--every", "8, never,8", "--labels", "2048,endless"], capsys)
    assert (found["schema"], found["kind"]) == ("overopt.lab/1", "iteration")
    assert found["strength"] == [2.0**k for k in range(7)]
    runs = found["runs"]
    assert isinstance(runs, list)
    asked = [(one["labels"], one["every"], one["fits"]) for one in runs]
    assert asked == [(2048, 8, 8), (2048, None, 1), (None, 8, 8), (None, None, 1)]
    assert runs[0]["overtaken"] is None
    assert runs[3]["overtaken"] == pytest.approx(20)
    section = DOCS.read_text(encoding="utf-8").partition("kind `iteration`")[2]
    explained = set(re.findall(r"`(\w+)`", section))
    peak = set(runs[1]["peak"])
    assert (set(found) | set(runs[0]) | peak) - {"schema", "kind"} <= explained


def test_a_policy_that_leaves_floating_point_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--every", "10", "--labels", "endless", "--to", "10000", "--curvature", "50"]
    runs = document(wild, capsys)["runs"]
    assert isinstance(runs, list)
    assert runs[0]["gold"][-1] is runs[0]["limit"] is None
    assert runs[0]["peak"]["gold"] == pytest.approx(0.01)
    assert runs[0]["overtaken"] == pytest.approx(0.02)
    assert run([*ITERATE, *wild]) == 0
    assert "–*" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--every", "1,often"], "--every 1,often: give numbers with commas between, or the word"),
        (["--labels", "10"], "10 labelled pairs are fewer than one for each of 64 fits"),
        (["--curvature", "-1"], "curvature must be between 1e-6 and 1e6, got -1"),
    ],
)
def test_options_that_make_no_sense_are_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*ITERATE, *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
