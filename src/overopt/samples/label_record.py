"""What a table remembers of how its labels were bought: schema metadata ``overopt.labels``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from overopt.errors import BadSamples

__all__ = ["KEY", "SCHEMA", "label_record", "latest_record"]

KEY = b"overopt.labels"
SCHEMA = "overopt.labels/1"


def label_record(metadata: Mapping[bytes, bytes] | None, name: str) -> dict[str, Any] | None:
    """The record in the schema metadata of the table ``name``, None where it has none.

    ``looks`` counts the times that labels came back and could be decided on; ``planned`` and
    ``returned`` count labels, ``agreement`` is None or what annotators of the same rows agreed on.
    Raises BadSamples for a record that is damaged or of another schema.
    """
    if metadata is None or KEY not in metadata:
        return None
    try:
        record = json.loads(metadata[KEY])
        sound = record["schema"] == SCHEMA and int(record["looks"]) >= 0
        sound &= isinstance(record.get("agreement"), dict | None)
    except (ValueError, TypeError, KeyError, AttributeError):
        sound = False
    if not sound:
        raise BadSamples(
            f"{name}: its metadata {KEY.decode()} is no {SCHEMA} record with a number of looks: "
            "merge the labels again, or write the table without metadata"
        )
    return {**record, "looks": int(record["looks"])}


def latest_record(records: Iterable[dict[str, Any] | None]) -> dict[str, Any] | None:
    """Of the records of several parts the one with the most looks: those of a ledger nest."""
    return max((r for r in records if r is not None), key=lambda r: r["looks"], default=None)
