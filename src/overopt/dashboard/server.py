"""The server: addresses, each answered by a question to the store.

Names of runs come in as path segments and go out as values of queries; no address takes a path.
"""

from __future__ import annotations

import importlib
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from overopt.dashboard.access import Access
from overopt.dashboard.answering import UnknownName, told_as_json
from overopt.dashboard.answers import Answers
from overopt.dashboard.events import Events
from overopt.dashboard.guard import Guard
from overopt.dashboard.labelling import Labelling
from overopt.dashboard.pages import Pages
from overopt.dashboard.panels import Panels
from overopt.dashboard.store_view import StoreView
from overopt.errors import BadOption, MissingDependency, OveroptError, StoreError
from overopt.report.libraries import vl_convert
from overopt.report.page import vega_bundle

__all__ = ["app_of", "listening", "serve"]

DEFAULT_PORT = 8899


def serve(
    folder: str | Path,
    *,
    access: Access | None = None,
    port: int = DEFAULT_PORT,
    tell: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the watch of a folder until interrupted; ``tell`` is told the address.

    Raises
    ------
    MissingDependency
        Without the ``dash`` extra.
    OSError
        When the address cannot be listened on.
    """
    access = access or Access()
    app = app_of(folder, access)
    uvicorn = _library("uvicorn")
    vl_convert("overopt watch serve")
    threading.Thread(target=vega_bundle, daemon=True).start()  # seconds, before the first chart
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,  # addresses stay out of logs
        server_header=False,
        limit_concurrency=200,
        timeout_graceful_shutdown=1,
    )
    with listening(access.host, port) as taken:
        host, bound = taken.getsockname()[:2]
        tell(f"http://{f'[{host}]' if ':' in host else host}:{bound}/")
        uvicorn.Server(config).run(sockets=[taken])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; OSError that names it when it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(
            f"cannot listen on {host} port {port} ({error.strerror}): choose another --port"
        ) from None


def app_of(folder: str | Path, access: Access) -> Any:
    """The application that serves a folder; raises MissingDependency without FastAPI."""
    fastapi = _library("fastapi")
    view, answers = StoreView(folder), Answers(folder)

    @asynccontextmanager
    async def life(app: Any) -> AsyncIterator[None]:
        yield
        answers.close()
        view.close()

    hidden = {"docs_url": None, "redoc_url": None, "openapi_url": None}
    app = fastapi.FastAPI(title="overopt watch", lifespan=life, **hidden)
    for method, path, endpoint in _routes(access, view, answers):
        app.add_api_route(path, endpoint, methods=[method], response_model=None)
    app.add_exception_handler(OveroptError, _failed)
    app.add_exception_handler(fastapi.exceptions.RequestValidationError, _misread)
    return Guard(app, access=access)


def _routes(
    access: Access, view: StoreView, answers: Answers
) -> list[tuple[str, str, Callable[..., Any]]]:
    pages, panels = Pages(access), Panels(view)
    labelling, events = Labelling(view, answers), Events(view)
    return [
        ("GET", "/", pages.page),
        ("GET", "/login", pages.page),
        ("POST", "/login", pages.log_in),
        ("GET", "/runs/{run}", lambda run: pages.page()),
        ("GET", "/runs/{run}/label", lambda run: pages.page()),
        ("GET", "/assets/{name}", pages.asset),
        ("GET", "/api/runs", panels.runs),
        ("GET", "/api/runs/{run}", panels.run),
        ("GET", "/api/runs/{run}/charts", panels.charts),
        ("GET", "/api/runs/{run}/samples", panels.samples),
        ("GET", "/api/health", panels.health),
        ("GET", "/api/events", events.stream),
        ("GET", "/metrics", panels.metrics),
        ("GET", "/api/runs/{run}/queue", labelling.queue),
        ("GET", "/api/runs/{run}/queue.csv", labelling.queue_csv),
        ("POST", "/api/runs/{run}/ask", labelling.ask),
        ("POST", "/api/runs/{run}/labels", labelling.labels),
        ("POST", "/api/runs/{run}/labels.csv", labelling.labels_csv),
    ]


async def _failed(request: Any, error: Exception) -> Any:
    """An error of ours as one line, under the status that fits."""
    kinds = ((UnknownName, 404), (StoreError, 503), (BadOption, 400))
    status = next((status for kind, status in kinds if isinstance(error, kind)), 500)
    return told_as_json({"error": str(error)}, status=status)


async def _misread(request: Any, error: Exception) -> Any:
    return told_as_json({"error": "this request cannot be read"}, status=400)


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise MissingDependency("overopt watch serve", name, "dash") from None
