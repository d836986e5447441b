"""What a benchmark returns, and how CPU time is taken.

CPU time, not wall time, because it hardly depends on what else the machine does; and a floor taken
in the same run, because a ratio hardly depends on the machine at all.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Measurement", "cpu_seconds", "cpu_seconds_of_process"]

RUNS = 7


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One promise and what was measured; ``floor`` is the least that any solution must pay.

    Times are CPU seconds, user and system. ``kept`` is None where nothing is promised.
    """

    name: str
    seconds: float
    floor_name: str
    floor_seconds: float
    promise: str
    kept: bool | None

    @property
    def ratio(self) -> float:
        """Measured time as a multiple of the floor."""
        return self.seconds / self.floor_seconds


def _used(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads, while ``work`` runs once."""
    before = _used(resource.RUSAGE_SELF)
    work()
    return _used(resource.RUSAGE_SELF) - before


def cpu_seconds_of_process(arguments: Sequence[str], runs: int = RUNS) -> float:
    """Median CPU seconds of ``runs`` fresh processes, after one that fills the file caches."""
    taken = []
    for _ in range(runs + 1):
        before = _used(resource.RUSAGE_CHILDREN)
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        taken.append(_used(resource.RUSAGE_CHILDREN) - before)
    return statistics.median(taken[1:])
