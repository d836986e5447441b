"""Results to standard output, talk to standard error, nobody bothered who does not look."""

import io
import subprocess
import sys

import pytest

from overopt.cli.output import Progress, complain, emit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def progress_seen(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, seconds: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    clock = Clock()
    progress = Progress(clock)
    clock.now = seconds
    progress("gold curve", 0.42)
    progress.close()
    return stream.getvalue()


def test_progress_shows_on_a_terminal_and_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = progress_seen(monkeypatch, Terminal(), 2.5)
    assert "\rgold curve  42%" in seen
    assert seen.endswith(" \r")


def test_short_work_shows_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress_seen(monkeypatch, Terminal(), 1.5) == ""


def test_a_log_file_gets_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress_seen(monkeypatch, io.StringIO(), 60.0) == ""


def test_a_complaint_is_one_line_whatever_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    complain("bad\nvalue \x1b[31m" + "x" * 10_000)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "\x1b" not in told
    assert len(told) < 2100


def test_an_old_terminal_gets_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    emit("├──●──┤ 0.5\n")
    assert raw.getvalue() == b"??????? 0.5\n"


def test_a_reader_that_left_is_no_error() -> None:
    code = "import sys; from overopt.cli import run; sys.exit(run(['finding']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
