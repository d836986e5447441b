"""JSON that every parser accepts: an undefined number is null, text is ASCII-escaped."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["defined", "to_json"]


def defined(value: Any) -> Any:
    """Plain data with every NaN and infinity replaced by None, numpy values unwrapped."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): defined(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return defined(value.tolist())
    return [defined(item) for item in value]


def to_json(document: Mapping[str, Any]) -> str:
    """One line of strict JSON, keys in the document's order."""
    return json.dumps(defined(document), allow_nan=False, separators=(",", ":"))
