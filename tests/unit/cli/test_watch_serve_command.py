"""``overopt watch serve``: what it refuses before it listens."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from overopt.cli import run


def test_others_are_not_served_without_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "serve", "--host", "0.0.0.0"]) == 2
    assert "--host 0.0.0.0 lets others connect: give them a token" in capsys.readouterr().err


def test_a_weak_token_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OVEROPT_WATCH_TOKEN", "secret")
    assert run(["watch", "serve"]) == 2
    told = capsys.readouterr().err
    assert "a token of 6 characters can be guessed" in told
    assert "secret" not in told


def test_it_serves_and_stops(tmp_path: Path) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    pytest.importorskip("vl_convert")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["watch", "serve", "--store", str(tmp_path), "--port", str(port)]
    code = f"from overopt.cli import run; raise SystemExit(run({command!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        assert server.stderr.readline() == f"overopt: the page is http://127.0.0.1:{port}/\n"
        page = _read(f"http://127.0.0.1:{port}/")
        server.terminate()
        server.wait(20)
    assert "overopt watch" in page


def _read(address: str) -> str:
    """The page, once the server answers."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")
