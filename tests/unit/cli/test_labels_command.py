"""``overopt labels``: the loop as it is typed, and what goes to which stream."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overopt.cli import run
from overopt.labels.ledger import read_ledger

RNG = np.random.default_rng(3)
PROXY = RNG.normal(size=320)
GOLD = PROXY + RNG.normal(size=320)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table of 40 prompts and no gold."""
    monkeypatch.chdir(tmp_path)
    columns = {
        "prompt_id": np.repeat(np.arange(40), 8),
        "candidate_id": np.tile(np.arange(8), 40),
        "rm": PROXY,
    }
    pq.write_table(pa.table(columns), "rollouts.parquet")
    return tmp_path


def plan(*options: str) -> int:
    given = ["--proxy", "rm", "--ledger", "labels.json", *options]
    return run(["labels", "plan", "rollouts.parquet", *given])


def merge(*options: str) -> int:
    given = ["--ledger", "labels.json", *options]
    return run(["labels", "merge", "rollouts.parquet", "labelled.csv", *given])


def fill(sheet: str, last: int | None = None) -> None:
    lines = list(csv.DictReader(io.StringIO(sheet)))
    with Path("labelled.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        for line in lines[:last]:
            writer.writerow({**line, "gold": GOLD[int(line["row"])]})


def test_the_loop_from_no_gold_to_a_decision(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--budget", "100") == 0
    told = capsys.readouterr()
    assert told.out.startswith("label_id,prompt_id,candidate_id,row,gold,annotator\n")
    assert "(100 expected) of 320 in 40 prompts. Seed 0." in told.err
    assert "in standard deviations of gold within a prompt" in told.err
    assert "overopt labels merge rollouts.parquet labelled.csv --ledger labels.json" in told.err
    fill(told.out)
    assert merge() == 0
    told = capsys.readouterr()
    rows = len(read_ledger(Path("labels.json")).drawn)
    assert f"{rows} new labels" in told.out
    assert "overopt audit rollouts.labelled.parquet --proxy rm" in told.err
    audit = ["audit", "rollouts.labelled.parquet", "--proxy", "rm", "--pressure", "best_of_n"]
    assert run([*audit, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["proxies"][0]["operating_points"][0]["gain"] > 0
    assert plan("--budget", "50") == 0
    told = capsys.readouterr()
    assert told.err.startswith("Round 2: ")
    assert "in units of gold, for the spread that the labels so far show" in told.err


def test_what_is_missing_can_be_printed_again(capsys: pytest.CaptureFixture[str]) -> None:
    plan("--budget", "40")
    sheet = capsys.readouterr().out
    fill(sheet, last=10)
    assert merge("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["returned"], told["looks"]) == (10, 1)
    assert plan("--missing") == 0
    assert capsys.readouterr().out.count("\n") == told["missing"] + 1
    assert len(read_ledger(Path("labels.json")).rounds) == 1


def test_the_table_can_be_written_elsewhere_and_merged_into_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan("--budget", "40")
    fill(capsys.readouterr().out)
    assert merge("--out", "all.parquet") == 0
    assert Path("all.parquet").exists()
    assert merge() == 0
    given = ["rollouts.labelled.parquet", "labelled.csv", "--ledger", "labels.json"]
    assert run(["labels", "merge", *given]) == 0
    assert not Path("rollouts.labelled.labelled.parquet").exists()
    assert pq.read_table("all.parquet").equals(pq.read_table("rollouts.labelled.parquet"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--budget", "321"], "only 320 of 320 rows are left to draw"),
        (["--budget", "0"], "a budget of 0 labels"),
        (["--proxy", "nope"], "no column 'nope'"),
        (["--up-to", "9"], "at most 8"),
        (["--uniform-share", "0"], "uniform share of 0"),
        (["--spread", "-1"], "spread -1"),
        (["--missing"], "--missing needs a ledger"),
        (["--level", "95"], "level 95"),
        (["--gold", "annotator"], "'annotator' cannot be in the sheet twice"),
    ],
)
def test_plans_that_cannot_be_begin_no_ledger(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(*options) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert not Path("labels.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "1"], "--seed 1 contradicts the ledger, which was begun with 0"),
        (["--gold", "human"], "--gold 'human' contradicts"),
        (["--gold-source", "x"], "--gold-source 'x' contradicts"),
        (["--text", "rm"], "a column {'text': 'rm'} contradicts"),
    ],
)
def test_later_rounds_keep_to_what_the_first_said(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan("--budget", "40")
    before = Path("labels.json").read_bytes()
    capsys.readouterr()
    assert plan(*options) == 2
    assert message in capsys.readouterr().err
    assert Path("labels.json").read_bytes() == before


def test_a_sheet_alone_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["labels", "merge", "labelled.csv", "--ledger", "labels.json"]) == 2
    assert "the sheet last" in capsys.readouterr().err


def test_a_refused_merge_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    plan("--budget", "40")
    sheet = capsys.readouterr().out
    fill(sheet)
    text = Path("labelled.csv").read_text()
    Path("labelled.csv").write_text(text + "r0,0,0,0,1,\n")
    before = Path("labels.json").read_bytes()
    assert merge() == 2
    assert "no row of this table has" in capsys.readouterr().err
    assert Path("labels.json").read_bytes() == before
    assert not Path("rollouts.labelled.parquet").exists()
    assert merge("--out", "nowhere/x.parquet") == 2
    assert "there is no folder" in capsys.readouterr().err
