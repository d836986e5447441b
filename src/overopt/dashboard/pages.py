"""The page itself: one document for every address, its scripts and styles, and the way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any, final

from overopt import __version__
from overopt.dashboard.access import COOKIE, Access, session, token_is_right
from overopt.dashboard.answering import UnknownName, answer, told_as_json
from overopt.report.page import drawing_assets, vega_bundle

__all__ = ["Pages"]

SCRIPT, STYLE = "text/javascript", "text/css"
A_WEEK = 7 * 24 * 3600


@final
class Pages:
    """Endpoints that need no store."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def page(self) -> Any:
        """The document, whatever the address: its script reads the address."""
        return answer(_text("index.html").replace("{version}", __version__), "text/html")

    def asset(self, name: str) -> Any:
        """A script or style of ours."""
        if name not in ASSETS:
            raise UnknownName("there is no such file")
        media_type, content = ASSETS[name]
        kept = {"cache-control": "private, max-age=3600"}
        return answer(content(), media_type, headers=kept)

    def log_in(self, shown: Mapping[str, Any]) -> Any:
        """Give a browser its cookie in exchange for the token."""
        if not token_is_right(self._access, str(shown.get("token", ""))):
            return told_as_json({"error": "this is not the token"}, status=401)
        given = told_as_json({})
        given.set_cookie(
            COOKIE,
            session(self._access.token or ""),
            max_age=A_WEEK,
            httponly=True,
            samesite="strict",
        )
        return given


@cache
def _text(name: str) -> str:
    return files("overopt.dashboard").joinpath("assets", name).read_text(encoding="utf-8")


def _shared(name: str) -> str:
    return drawing_assets()[name]


ASSETS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "style.css": (STYLE, partial(_shared, "style.css")),
    "watch.css": (STYLE, partial(_text, "watch.css")),
    "chart.js": (SCRIPT, partial(_shared, "chart.js")),
    "themes.json": ("application/json", partial(_shared, "themes.json")),
    "vega.js": (SCRIPT, vega_bundle),
    **{
        name: (SCRIPT, partial(_text, name))
        for name in ("watch.js", "elements.js", "runs.js", "run.js", "label.js", "login.js")
    },
}
