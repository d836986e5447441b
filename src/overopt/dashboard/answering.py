"""Answers of the server: strict JSON, text, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from overopt.errors import BadOption
from overopt.report.strict_json import to_json

__all__ = ["UnknownName", "answer", "told_as_json"]


class UnknownName(BadOption):
    """There is no run, or no file, of this name."""


def told_as_json(document: Mapping[str, Any], status: int = 200) -> Any:
    """A document as strict JSON."""
    return answer(to_json(document), "application/json", status=status)


def answer(
    body: str | bytes,
    media_type: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """A response with these bytes."""
    from fastapi.responses import Response

    return Response(body, status_code=status, media_type=media_type, headers=dict(headers or {}))
