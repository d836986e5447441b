"""Bad input to the command line: one line on standard error, exit code 2, nothing written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from rollouts import curve_of, point_of, printed, rollouts, written

from overopt.cli import run


def table(folder: Path, **changed: object) -> str:
    """The usual table with some columns changed, as CSV: None leaves one out."""
    columns = {**rollouts(), **changed}
    path = folder / "t.csv"
    pyarrow.csv.write_csv(pa.table({k: v for k, v in columns.items() if v is not None}), path)
    return str(path)


def unreadable(folder: Path) -> str:
    path = Path(written(rollouts(), folder / "t.parquet"))
    path.write_bytes(path.read_bytes()[:900])
    return str(path)


def long_line(folder: Path) -> str:
    (folder / "t.jsonl").write_text('{"prompt": "' + "x" * 10_000_000 + '", "rm": 1}\n')
    return str(folder / "t.jsonl")


def empty(folder: Path) -> str:
    (folder / "t.csv").touch()
    return str(folder / "t.csv")


def text_for_a_number(folder: Path) -> str:
    return table(folder, rm=np.where(np.arange(320) == 7, "high", "1.5"))


def one_candidate(folder: Path) -> str:
    return table(folder, prompt_id=np.arange(320))


def half_labelled(folder: Path) -> str:
    return table(folder, human=np.where(np.arange(320) % 2, np.nan, 1.0))


BAD: dict[str, tuple[Callable[[Path], str], str, str]] = {
    "no such proxy": (table, "--proxy mr", "no column 'mr' in .*t.csv: did you mean 'rm'.*--proxy"),
    "no such gold": (table, "--gold humna", "no column 'humna' .*did you mean 'human'.*--gold"),
    "no prompt": (lambda f: table(f, prompt_id=None), "", "prompt.*--prompt"),
    "gold is empty": (
        lambda f: table(f, human=np.full(320, np.nan)),
        "--gold human",
        "gold column 'human' of .*t.csv is empty in all 320 rows: name another with --gold",
    ),
    "empty file": (empty, "", "t.csv is empty"),
    "no file": (lambda f: str(f / "no.csv"), "", "no file '.*no.csv': "),
    "one candidate each": (one_candidate, "", "t.csv: every group has a single.*give several"),
    "unreadable": (unreadable, "", "cannot read .*t.parquet: "),
    "text for a number": (text_for_a_number, "", "'rm' must hold numbers but has 'high' .*row 7"),
    "long line": (long_line, "", "t.jsonl: line 1 is longer than 8 MiB.*Parquet"),
    "level": (table, "--level 95", "level 95.0: give a number between 0 and 1"),
    "level that is no number": (table, "--level high", "'--level'"),
    "pressure": (table, "--pressure best_of_m", "no pressure 'best_of_m': choose from best_of_n"),
    "objective": (table, "--objective best", "'--objective'.*'mean'.*'win-rate'"),
    "cost": (table, "--cost -1", "'--cost'"),
    "cost that is no number": (table, "--cost nan", "cost"),
    "tolerance": (table, "--tolerance-sd inf", "tolerance spread must be a number >= 0, got inf"),
    "lambda": (table, "--soft-lambda 0", "soft lambda 0.0: give a number above 0"),
    "all are labelled": (
        half_labelled,
        "--gold human --labels-drawn all",
        "labels drawn 'all', but 160 of 320 rows have no gold: declare uniform",
    ),
    "win rate of some labels": (
        half_labelled,
        "--gold human --labels-drawn uniform --objective win-rate",
        "win rate needs gold on every candidate.*160 of 320.*use the objective mean",
    ),
    "window": (table, "--window 2", "--window 2 needs steps, but .*t.csv has no step.*--by"),
    "by": (table, "--by stepp", "no column 'stepp'"),
    "no such option": (table, "--proxi rm", "--proxi"),
    "picture format": (table, "--save a.pdf", "a.pdf: the name must end in one of"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, options, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    path = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    asked = options if "--proxy" in options else f"--proxy rm {options}"
    assert run(["audit", path, *asked.split()]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("overopt: ")
    assert told.err.count("\n") == 1
    assert len(told.err) < 600
    assert re.search(message, told.err), told.err
    assert sorted(tmp_path.iterdir()) == before


def test_the_process_ends_with_the_code_and_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from overopt.cli import main; main()", "audit", empty(tmp_path)],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "OVEROPT_DEBUG"},
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"overopt: {tmp_path / 't.csv'} is empty: nothing to audit\n"


def test_one_prompt_has_estimates_without_intervals_and_a_stop(tmp_path: Path) -> None:
    path = written(rollouts(1), tmp_path / "t.parquet")
    code, document = printed(path, "--proxy", "rm", "--gold", "human")
    assert code == 1
    curve, point = curve_of(document, "best_of_n"), point_of(document, "best_of_n")
    assert None not in curve["gold"]
    assert {*curve["lower"], *curve["band_upper"], *curve["slope_lower"]} == {None}
    assert (point["decision"], point["gain_lower"]) == ("undecided", None)
    assert "more prompts" in point["needs"]
    stops = [one["message"] for one in document["findings"] if one["severity"] == "stop"]
    assert len(stops) == 1
    assert "1 prompt: no interval can be given" in stops[0]


def test_without_gold_the_audit_is_of_the_proxy_alone(tmp_path: Path) -> None:
    path = written({**rollouts(), "human": np.zeros(320)}, tmp_path / "t.parquet")
    code, document = printed(path, "--proxy", "rm")
    assert code == 0
    assert document["labels_drawn"] == "none"
    curve, point = curve_of(document, "best_of_n"), point_of(document, "best_of_n")
    assert (np.diff(curve["proxy"]) > 0).all()
    assert set(curve["gold"]) == {None}
    assert "cannot be known" in document["headline"]
    assert "labels" in point["needs"]
