"""Where the page goes when nobody says so."""

from pathlib import Path

import pytest

from overopt.cli.page_path import page_path, written


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("rollouts.parquet", "rollouts.audit.html"),
        ("data/rollouts.v2.parquet", "data/rollouts.v2.audit.html"),
        ("data/rollouts.jsonl.gz", "data/rollouts.audit.html"),
        ("data/rollouts", "data/rollouts.audit.html"),
    ],
)
def test_a_files_page_lies_beside_it(source: str, page: str) -> None:
    assert page_path([source]) == Path(page)


@pytest.mark.parametrize("sources", [["exp7"], ["exp7/"], ["exp7/*.parquet"], ["exp7/a", "exp7/b"]])
def test_a_folders_page_lies_beside_the_folder(
    sources: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exp7").mkdir()
    monkeypatch.chdir(tmp_path)
    assert page_path(sources) == tmp_path / "exp7.audit.html"


def test_a_place_that_refuses_is_told_and_replaced_by_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    taken = tmp_path / "a.audit.html"
    taken.mkdir()
    assert written("<p>", taken) == Path("a.audit.html")
    assert Path("a.audit.html").read_text() == "<p>"
    assert "cannot write" in capsys.readouterr().err


def test_where_the_current_folder_refuses_too_the_error_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.audit.html").mkdir()
    with pytest.raises(IsADirectoryError):
        written("<p>", Path("a.audit.html"))
