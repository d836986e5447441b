"""Requests to an ASGI application, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1:8899"


@dataclass(frozen=True, kw_only=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def asked(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    stop_after: int = 10_000,
) -> Answered:
    """The answer to one request; ``stop_after`` messages the reader goes away."""
    sent = {"host": HOST} | dict(headers or {})
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), text.encode()) for name, text in sent.items() if text],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8899),
    }
    return asyncio.run(_asked(app, scope, body, stop_after))


def posted(app: Any, path: str, content: Any, **headers: str) -> Answered:
    """The answer to a write that this site's own page makes."""
    own = {"content-type": "application/json", "origin": f"http://{HOST}"} | headers
    return asked(app, path, method="POST", headers=own, body=json.dumps(content).encode())


async def _asked(app: Any, scope: dict[str, Any], body: bytes, stop_after: int) -> Answered:
    messages: list[Any] = []
    gone = asyncio.Event()
    given = False

    async def receive() -> dict[str, Any]:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)
        if len(messages) >= stop_after:
            gone.set()

    await app(scope, receive, send)
    start = messages[0]
    return Answered(
        status=start["status"],
        headers={name.decode(): text.decode() for name, text in start["headers"]},
        body=b"".join(message.get("body", b"") for message in messages[1:]),
    )
