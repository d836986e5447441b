"""What a user waits for before anything happens: ``import overopt`` and ``overopt --help``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from measurement import Measurement, used_by_process

__all__ = ["measurements"]


def measurements() -> Iterator[Measurement]:
    """CPU time of both, medians over fresh processes, beside an interpreter that does nothing."""
    python = sys.executable
    floor = used_by_process([python, "-c", "pass"])
    commands = {
        "import overopt": ([python, "-c", "import overopt"], 0.060),
        "overopt --help": ([str(Path(python).with_name("overopt")), "--help"], 0.400),
    }
    for name, (command, allowed) in commands.items():
        used = used_by_process(command)
        yield Measurement(
            name=name,
            used=used,
            floor_name="python -c pass",
            floor=floor,
            promise=f"at most {allowed * 1000:.0f} ms CPU",
            kept=used.cpu <= allowed,
        )
