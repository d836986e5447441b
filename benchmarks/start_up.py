"""What a user waits for before anything happens: ``import overopt`` and ``overopt --help``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from measurement import Measurement, cpu_seconds_of_process

__all__ = ["measurements"]


def measurements() -> Iterator[Measurement]:
    """CPU time of both, medians over fresh processes, beside an interpreter that does nothing."""
    python = sys.executable
    floor = cpu_seconds_of_process([python, "-c", "pass"])
    commands = {
        "import overopt": ([python, "-c", "import overopt"], 0.060),
        "overopt --help": ([str(Path(python).with_name("overopt")), "--help"], 0.400),
    }
    for name, (command, allowed) in commands.items():
        seconds = cpu_seconds_of_process(command)
        yield Measurement(
            name=name,
            seconds=seconds,
            floor_name="python -c pass",
            floor_seconds=floor,
            promise=f"at most {allowed * 1000:.0f} ms",
            kept=seconds <= allowed,
        )
