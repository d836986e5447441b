"""The gate in front of the server: refusals, limits of size, and headers that every answer carries.

A page of ours runs only our own scripts and styles and talks only to us; text of samples is data.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, final

from overopt.dashboard.access import Access, Refusal, refusal

__all__ = ["HEADERS", "MOST_BODY_BYTES", "Guard"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 4 << 20
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@final
class Guard:
    """An ASGI application that lets through what ``access`` allows, up to 4 MiB at a time."""

    def __init__(self, app: App, *, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing else is spoken here
            return
        why = self._refused(scope)
        if why is None and scope["method"] not in ("GET", "HEAD"):
            received = await _body(receive)
            if received is None:
                why = Refusal(status=413, sentence=f"more than {MOST_BODY_BYTES} bytes")
            else:
                receive = _again(received, receive)
        if why is not None:
            await _refuse(why, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))

    def _refused(self, scope: Scope) -> Refusal | None:
        pairs = [
            (name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]
        ]
        if sum(name == "host" for name, _ in pairs) != 1:
            return Refusal(status=400, sentence="one Host is needed")
        return refusal(self._access, scope["method"], scope["path"], dict(pairs))


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None once it is too long."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the reader has gone
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives the body, and then whatever else comes."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _with_headers(send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message.get("headers", ())}
            added = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
            kept = [pair for pair in added if pair[0] not in own]
            message["headers"] = [*message.get("headers", ()), *kept]
        await send(message)

    return told


async def _refuse(why: Refusal, send: Send) -> None:
    body = json.dumps({"error": why.sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": why.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
