"""Alarms that leave the machine: to whom, how long, and with what in them."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from overopt.errors import BadOption
from overopt.integrations import alarm_actions
from overopt.integrations.alarm_actions import Command, Webhook

ALARM = {
    "run": "exp7",
    "tier": "red",
    "name": "decoupled",
    "step": 53,
    "content": {"signal": "decoupled", "completion": "SECRET"},
}


@contextmanager
def listening(status: int, location: str | None = None) -> Iterator[tuple[int, list[Any]]]:
    """A server on this machine, and what was posted to it."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            got.append((self.path, self.headers, self.rfile.read(length)))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def done(action: Webhook | Command) -> dict[str, int]:
    """Counts of an action once it has ended."""
    end = time.monotonic() + 20
    while not action.counts and time.monotonic() < end:
        time.sleep(0.01)
    return dict(action.counts)


def test_s07_an_alarm_is_posted_without_samples() -> None:
    with listening(200) as (port, got):
        hook = Webhook(f"http://127.0.0.1:{port}/hook?key=1", allow=["127.0.0.1"])
        hook(ALARM)
        assert done(hook) == {"done": 1}
    ((path, head, body),) = got
    assert path == "/hook?key=1"
    assert head["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "run": "exp7",
        "tier": "red",
        "name": "decoupled",
        "step": 53,
        "text": "run exp7: decoupled is red at step 53",
    }


def test_s07_redirects_are_not_followed() -> None:
    with (
        listening(200) as (other, stolen),
        listening(307, f"http://127.0.0.1:{other}/") as (
            port,
            _,
        ),
    ):
        hook = Webhook(f"http://127.0.0.1:{port}/", allow=["127.0.0.1"])
        hook(ALARM)
        assert done(hook) == {"ConnectionError": 1}
    assert stolen == []


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://169.254.169.254/latest/meta-data", ["hooks.example.org"]),
        ("http://127.0.0.1/", []),
        ("ftp://hooks.example.org/", ["hooks.example.org"]),
        ("https://user:pw@hooks.example.org/", ["hooks.example.org"]),
        ("https:///", [""]),
        ("https://hooks.example.org/", "hooks.example.org"),
    ],
)
def test_s07_only_allowed_hosts(url: str, allow: Any) -> None:
    with pytest.raises(BadOption, match="webhook") as told:
        Webhook(url, allow=allow)
    assert "meta-data" not in str(told.value)  # the path may be a secret
    assert "pw" not in str(told.value)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1"])
def test_s07_an_allowed_name_must_not_lead_into_a_private_network(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolved(*args: Any, **named: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    hook = Webhook("http://hooks.example.org/", allow=["hooks.example.org"])
    hook(ALARM)
    assert done(hook) == {"PermissionError": 1}


def test_s07_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_actions, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", allow=["127.0.0.1"])
        began = time.monotonic()
        hook(ALARM)
        assert time.monotonic() - began < 0.2
        assert done(hook) == {"TimeoutError": 1}


def test_a_command_gets_the_alarm_on_its_input(tmp_path: Path) -> None:
    out = tmp_path / "alarm.json"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
    command = Command([sys.executable, "-c", code, str(out)])
    command(ALARM)
    assert done(command) == {"done": 1}
    assert json.loads(out.read_bytes())["name"] == "decoupled"


def test_a_command_that_fails_is_counted_and_a_line_of_shell_refused() -> None:
    command = Command([sys.executable, "-c", "raise SystemExit(3)"])
    command(ALARM)
    assert done(command) == {"CalledProcessError": 1}
    for wrong in ("rm -r x", []):
        with pytest.raises(BadOption, match="as a list"):
            Command(wrong)
