"""A finding, and the entry that explains its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Entry", "Finding", "Severity"]


class Severity(StrEnum):
    """How much a finding limits what the audit may claim."""

    STOP = "stop"
    CAUTION = "caution"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One doubt: ``message`` is a sentence with numbers, ``data`` those numbers and row numbers."""

    code: str
    severity: Severity
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: code, severity, message, data."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "data": dict(self.data),
        }


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a code means, why it matters, and what to do; ``anchor`` is its place in the docs."""

    code: str
    title: str
    meaning: str
    remedy: str

    @property
    def anchor(self) -> str:
        """Anchor in docs/findings.md."""
        return self.code.lower()
