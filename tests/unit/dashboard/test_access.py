"""S3: who may ask, and what other sites may not make a reader's browser do."""

from __future__ import annotations

import pytest

from overopt.dashboard.access import Access, is_loopback, refusal, session, token_is_right
from overopt.errors import BadOption

TOKEN = "0123456789abcdef0123456789abcdef"
HERE = {"host": "127.0.0.1:8899"}
JSON = {"content-type": "application/json"}
LOCAL = Access()
SHARED = Access(host="0.0.0.0", token=TOKEN)


def status(access: Access, method: str = "GET", path: str = "/api/runs", **headers: str) -> int:
    sent = HERE | {name.replace("_", "-"): text for name, text in headers.items()}
    why = refusal(access, method, path, sent)
    return 200 if why is None else why.status


def test_s3_others_need_a_token_before_anything_is_served() -> None:
    assert LOCAL.host == "127.0.0.1"
    for host in ("0.0.0.0", "::", "10.0.0.7", "gpu-box"):
        with pytest.raises(BadOption, match="lets others connect: give them a token"):
            Access(host=host)
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert is_loopback(host)
        Access(host=host)


@pytest.mark.parametrize("token", ["", "short", "a" * 21])
def test_s3_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(BadOption, match="can be guessed"):
        Access(token=token)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8899", "localhost:1", "[::1]:8899", "10.1.2.3", "LOCALHOST"]
)
def test_an_address_cannot_be_rebound(host: str) -> None:
    assert status(LOCAL, host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8899", "127.0.0.1.evil.example", "", "[evil"]
)
def test_s3_a_name_of_another_site_is_refused(host: str) -> None:
    assert status(LOCAL, host=host) == 421


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": "http://127.0.0.1:8899"} | JSON, 200),
        ({"origin": "http://evil.example"} | JSON, 403),
        ({"origin": "http://127.0.0.1:9000"} | JSON, 403),
        ({"origin": "null"} | JSON, 403),
        ({"origin": "http://127.0.0.1:8899.evil.example"} | JSON, 403),
        ({"origin": "http://127.0.0.1:8899", "sec_fetch_site": "cross-site"} | JSON, 403),
        (JSON, 200),  # a program
        ({"content-type": "text/plain"}, 403),  # what a form of any site may send
        ({}, 403),
    ],
)
def test_s3_only_this_site_writes(headers: dict[str, str], expected: int) -> None:
    assert status(LOCAL, "POST", "/api/runs/a/labels", **headers) == expected


def test_s3_a_token_in_header_or_cookie_and_nowhere_else() -> None:
    assert status(SHARED) == 401
    assert status(SHARED, authorization=f"Bearer {TOKEN}") == 200
    assert status(SHARED, cookie=f"overopt_watch={session(TOKEN)}") == 200
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", f"Basic {TOKEN}"):
        assert status(SHARED, authorization=wrong) == 401
    for wrong in (
        f"overopt_watch={TOKEN}",
        "overopt_watch=",
        f"other={session(TOKEN)}",
        "a\x00=;;",
    ):
        assert status(SHARED, cookie=wrong) == 401
    assert status(SHARED, path=f"/api/runs?token={TOKEN}") == 401
    assert status(SHARED, path="/metrics") == 401
    for path in ("/", "/login", "/runs/exp7", "/assets/watch.js"):  # nothing of a run is in them
        assert status(SHARED, path=path) == 200


def test_the_token_is_compared_whole() -> None:
    assert token_is_right(SHARED, TOKEN)
    assert not any(
        token_is_right(SHARED, shown) for shown in ("", TOKEN[:-1], TOKEN + "x", "é" * 32)
    )
    assert not token_is_right(LOCAL, "")
