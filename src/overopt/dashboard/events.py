"""Server-sent events: a reader is told when the store has changed, and asks for what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, final

from overopt.dashboard.store_view import StoreView
from overopt.errors import StoreError

__all__ = ["Events"]

SECONDS_BETWEEN = 1.0
TURNS_OF_SILENCE = 15
MOST_READERS = 64


@final
class Events:
    """The endpoint of changes."""

    def __init__(self, view: StoreView) -> None:
        self._view = view
        self._readers = 0

    async def stream(self) -> Any:
        """An endless response, one event per change."""
        from fastapi.responses import StreamingResponse

        if self._readers >= MOST_READERS:
            raise StoreError(f"{MOST_READERS} pages are open already: close one")
        return StreamingResponse(self._changes(), media_type="text/event-stream")

    async def _changes(self) -> AsyncIterator[str]:
        self._readers += 1
        try:
            last, silent = None, 0
            yield "retry: 2000\n\n"
            while True:
                version = await asyncio.to_thread(self._view.version)
                silent = 0 if version != last else silent + 1
                if version != last:
                    yield f"event: change\ndata: {version or 0}\n\n"
                elif silent % TURNS_OF_SILENCE == 0:
                    yield ": still here\n\n"
                last = version
                await asyncio.sleep(SECONDS_BETWEEN)
        finally:
            self._readers -= 1
