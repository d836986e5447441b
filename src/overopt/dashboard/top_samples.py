"""The samples that score highest among the newest: what to read first, never an alarm by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from overopt.dashboard.store_view import StoreView
from overopt.watch.frame import Scored, unpacked

__all__ = ["top_samples"]

NEWEST_FRAMES = 400
MOST_BYTES = 16 << 20
SHOWN_CHARACTERS = 2_000

_FRAMES = (
    "SELECT body FROM frames WHERE run = ? AND batch IS NOT NULL"
    " AND batch >= (SELECT max(batches) FROM runs WHERE run = ?) - ? ORDER BY batch DESC LIMIT ?"
)


def top_samples(view: StoreView, run: str, most: int) -> dict[str, Any]:
    """Up to ``most`` samples of the newest frames by proxy, and from how many rows they are.

    Each has ``step``, ``prompt_id``, ``proxy``, ``rest`` (the mean proxy of the other samples of
    its prompt, None without any), ``components`` and, where texts are kept, ``completion``.
    """
    found: list[dict[str, Any]] = []
    rows = size = 0
    for frame in view.rows(_FRAMES, run, run, NEWEST_FRAMES, NEWEST_FRAMES):
        size += len(frame["body"])
        if size > MOST_BYTES:
            break
        scored = unpacked(frame["body"])
        rows += len(scored.proxy)
        found = sorted(found + _highest(scored, most), key=lambda each: -each["proxy"])[:most]
    return {"rows": rows, "samples": found}


def _highest(scored: Scored, most: int) -> list[dict[str, Any]]:
    """The rows of one call with the highest finite proxies."""
    usable = np.flatnonzero(np.isfinite(scored.proxy))
    order = usable[np.argsort(-scored.proxy[usable], kind="stable")][:most]
    return [_sample(scored, int(row), usable) for row in order]


def _sample(scored: Scored, row: int, usable: Any) -> dict[str, Any]:
    group = scored.group[row]
    others = usable[(scored.group[usable] == group) & (usable != row)]
    text = None if scored.completions is None else scored.completions[row]
    return {
        "step": scored.step,
        "prompt_id": scored.prompt_ids[group],
        "proxy": float(scored.proxy[row]),
        "rest": float(np.mean(scored.proxy[others])) if len(others) else None,
        "components": {name: float(each[row]) for name, each in scored.components.items()},
        "completion": None if text is None else text[:SHOWN_CHARACTERS],
    }
