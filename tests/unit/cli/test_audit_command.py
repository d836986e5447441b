"""``overopt audit``: what it prints, writes, and says by its exit code."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from golden.audit_document import simulated

from overopt.cli import run

Written = Callable[..., str]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a table of so many prompts with a proxy ``rm`` and gold ``human``; gives its path."""

    def write(prompts: int = 40, candidates: int = 8, **columns: Any) -> str:
        table = simulated(prompts, candidates)
        data = {
            "prompt_id": np.repeat(np.arange(prompts), candidates),
            "rm": table["rm"].ravel(),
            "human": table["gold"].ravel(),
        }
        path = tmp_path / "rollouts.parquet"
        pq.write_table(pa.table(data | columns), path)
        return str(path)

    return write


def audit(*arguments: str) -> int:
    """The quick audit of one pressure; NAME=VALUE pairs are for the shell, not for us."""
    return run(["audit", *arguments, "--proxy", "rm", "--pressure", "best_of_n"])


def test_the_answer_is_printed_and_the_page_lies_beside_the_table(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("vl_convert")
    assert audit(written(), "--gold", "human", "--gold-source", "two raters") == 0
    told = capsys.readouterr()
    assert "two raters" in told.out
    assert "\x1b" not in told.out
    assert "rollouts.audit.html" in told.err
    assert (tmp_path / "rollouts.audit.html").read_text().startswith("<!DOCTYPE html>")


def test_json_is_alone_on_standard_output_and_writes_no_page(
    written: Written, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(written(), "--gold", "human", "--json") == 0
    out = capsys.readouterr().out
    document = json.loads(out)
    assert out.count("\n") == 1
    assert document["schema"] == "overopt.audit/1"
    assert [proxy["name"] for proxy in document["proxies"]] == ["rm"]
    curve = document["proxies"][0]["curves"][0]
    assert curve["pressure"] == "best_of_n"
    assert curve["strength"] == list(range(1, 9))
    assert [path.name for path in tmp_path.iterdir()] == ["rollouts.parquet"]


def test_files_go_where_they_are_asked_for(written: Written, tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    names = ("curve.svg", "curve.png", "audit.json", "card.json", "page.html")
    svg, png, saved, card, page = (str(tmp_path / name) for name in names)
    asked = ["--save", svg, "--save", png, "--save", saved, "--card", card, "--html", page]
    assert audit(written(), "--gold", "human", *asked) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"rollouts.parquet", *names}
    assert json.loads(Path(saved).read_text())["schema"] == "overopt.audit/1"
    assert json.loads(Path(card).read_text())


def test_without_gold_the_audit_says_what_cannot_be_known(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(written(), "--json") in {0, 1}
    document = json.loads(capsys.readouterr().out)
    assert document["labelled"] == 0
    assert document["proxies"][0]["operating_points"][0]["decision"] == "undecided"


@pytest.mark.parametrize(("fail_on", "code"), [("stop", 1), ("caution", 1), ("never", 0)])
def test_a_stop_finding_is_exit_code_1_unless_never(
    written: Written, fail_on: str, code: int
) -> None:
    assert audit(written(prompts=1), "--gold", "human", "--json", "--fail-on", fail_on) == code


@pytest.mark.parametrize(("fail_on", "code"), [("stop", 0), ("caution", 1)])
def test_a_caution_fails_only_where_that_is_asked(
    written: Written, fail_on: str, code: int
) -> None:
    table = written(prompts=12)
    assert audit(table, "--gold", "human", "--json", "--fail-on", fail_on) == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gold", "humna"], "human"),
        (["--gold", "human", "--level", "95"], "level"),
        (["--pressure", "best_of_m"], "best_of_m"),
        (["--save", "curve.pdf"], ".svg"),
        (["--save", "no/such/folder/curve.svg"], "folder"),
        (["--html", "a.html", "--no-html"], "contradict"),
        (["--labels-drawn", "sometimes"], "sometimes"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(
    written: Written, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(written(), *arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("overopt: ")
    assert told.err.count("\n") == 1
    assert message in told.err


def test_a_missing_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("no/such/rollouts.parquet") == 2
    told = capsys.readouterr().err
    assert "no/such/rollouts.parquet" in told
    assert told.count("\n") == 1


def test_without_the_report_extra_the_page_is_skipped_with_a_word(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from overopt.report.page import vega_bundle

    vega_bundle.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    table = written()
    assert audit(table, "--gold", "human") == 0
    assert "no page was written: the HTML report needs vl-convert" in capsys.readouterr().err
    assert audit(table, "--gold", "human", "--html", table + ".html") == 2


def test_a_defect_is_one_line_that_says_how_to_see_more(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("overopt.samples.read_samples", broken)
    assert audit(written()) == 3
    told = capsys.readouterr().err
    assert "unexpected ZeroDivisionError: division by zero" in told
    assert "OVEROPT_DEBUG=1" in told
    assert told.count("\n") == 1
    monkeypatch.setenv("OVEROPT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        audit(written())
