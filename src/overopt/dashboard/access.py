"""Who may ask: Host, Origin and token are checked before anything else sees a request.

By default only this machine can connect. A page of another site must not reach us through the
reader's browser: its name in Host is refused (DNS rebinding), and so is its Origin when something
would be written. Anybody else needs a token of at least 128 bits, in a cookie or a header, never in
an address, which would end up in logs.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from http.cookies import CookieError, SimpleCookie
from typing import final

from overopt.errors import BadOption

__all__ = ["COOKIE", "Access", "Refusal", "is_loopback", "refusal", "session", "token_is_right"]

COOKIE = "overopt_watch"
SHORTEST_TOKEN = 22  # characters of base64 that hold 128 bits
OPEN_PATHS = ("/login", "/runs/", "/assets/")  # the same for every reader, and nothing in them
READING = ("GET", "HEAD")


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """``host`` is the address that is listened on; ``token`` what a reader must show, if anything.

    Raises
    ------
    BadOption
        Without a token when others than this machine could connect, or with a short one.
    """

    host: str = "127.0.0.1"
    token: str | None = None

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise BadOption(
                f"--host {self.host} lets others connect: give them a token with --token, "
                "or leave --host out to serve this machine alone"
            )
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise BadOption(
                f"a token of {len(self.token)} characters can be guessed: give {SHORTEST_TOKEN} "
                "or more, such as those of  openssl rand -hex 16"
            )
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise BadOption("the token has characters that a header cannot hold: use ASCII")


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    sentence: str


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refusal(access: Access, method: str, path: str, headers: Mapping[str, str]) -> Refusal | None:
    """Why a request must not be answered, None when it may; header names in lower case."""
    host = headers.get("host", "")
    if not _host_is_ours(host, access):
        return Refusal(status=421, sentence="this name is not served here: use the address")
    if method not in READING and not _origin_is_ours(host, headers):
        return Refusal(status=403, sentence="another site may not write here")
    if access.token is None or path == "/" or path.startswith(OPEN_PATHS):
        return None
    if _shown(headers, access.token):
        return None
    return Refusal(status=401, sentence="a token is needed: open /login")


def token_is_right(access: Access, shown: str) -> bool:
    """Whether this is the token, compared in constant time."""
    return access.token is not None and _same(shown, access.token)


def session(token: str) -> str:
    """What a browser keeps in place of the token."""
    return blake2b(token.encode(), digest_size=24, person=b"overopt-watch").hexdigest()


def _host_is_ours(host: str, access: Access) -> bool:
    """An address cannot be rebound; a name must be one of ours."""
    name = _without_port(host).lower()
    if name in {"localhost", access.host.lower(), socket.gethostname().lower()}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _origin_is_ours(host: str, headers: Mapping[str, str]) -> bool:
    """Browsers say where a write comes from; programs that say nothing must not look like forms."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is not None:
        return origin in {f"http://{host}", f"https://{host}"}
    return headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def _shown(headers: Mapping[str, str], token: str) -> bool:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and _same(bearer.strip(), token):
        return True
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and _same(cookie.value, session(token))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
