"""The numbers in what a watch says of one run, by the names that trackers show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["numbers_told"]

STATES = {"green": 1.0, "undecided": 0.0, "red": -1.0}
GAINS = ("gain", "gain_lower", "gain_upper")


def numbers_told(document: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Names and numbers of a document with one run, in its order; unknown ones are left out."""
    (run,) = document["runs"]
    found: list[tuple[str, float]] = []
    for signal in run["signals"]:
        name = f"overopt/{signal['name']}"
        found.append((f"{name}/state", STATES[signal["state"]]))
        found += [(f"{name}/{k}", signal[k]) for k in GAINS if signal.get(k) is not None]
    reds = sum(signal["state"] == "red" for signal in run["signals"])
    found.append(("overopt/red", float(reds)))
    found.append(("overopt/amber", float(len(run["amber"]))))
    found.append(("overopt/labels", float(run["labels"]["used"])))
    return tuple(found)
