"""Reads the validity card that an audit has written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from overopt.errors import BadOption

__all__ = ["read_card"]

LARGEST = 16 << 20  # bytes; a card is some kilobytes


def read_card(path: str | Path) -> dict[str, Any]:
    """The card (schema ``overopt.card/1``) in a file; BadOption when it holds none."""
    source = Path(path)
    if not source.is_file():
        raise BadOption(f"no card {str(source)!r}: write one with overopt audit --card")
    try:
        card = json.loads(source.read_bytes()[:LARGEST])
    except (ValueError, RecursionError):
        card = None
    if not isinstance(card, dict) or card.get("schema") != "overopt.card/1":
        raise BadOption(
            f"{source} is no validity card (schema overopt.card/1): write one with overopt audit "
            "--card"
        )
    return card
