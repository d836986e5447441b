"""What a benchmark returns, and how time and memory are taken.

Promises are judged on CPU time, which hardly depends on what else the machine does, and beside a
floor taken in the same run, because a ratio hardly depends on the machine at all. Wall time is
shown for those who wait.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Measurement", "Used", "median", "used_by", "used_by_process"]

RUNS = 7


@dataclass(frozen=True, kw_only=True)
class Used:
    """CPU (user and system, all threads) and wall seconds, and the peak memory of the process."""

    cpu: float
    wall: float
    megabytes: float


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One promise and what was measured; ``floor`` is the least that any solution must pay.

    ``kept`` is None where nothing is promised.
    """

    name: str
    used: Used
    floor_name: str
    floor: Used
    promise: str
    kept: bool | None

    @property
    def ratio(self) -> float:
        """Measured CPU time as a multiple of the floor."""
        return self.used.cpu / self.floor.cpu

    @property
    def wall_ratio(self) -> float:
        """Measured wall time as a multiple of the floor."""
        return self.used.wall / self.floor.wall


def median(runs: Sequence[Used]) -> Used:
    """Median times and the largest memory of several runs."""
    return Used(
        cpu=statistics.median(run.cpu for run in runs),
        wall=statistics.median(run.wall for run in runs),
        megabytes=max(run.megabytes for run in runs),
    )


def used_by(work: Callable[[], object]) -> Used:
    """What this process uses while ``work`` runs once; memory is its peak since it started."""
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    work()
    return _used(wall, resource.getrusage(resource.RUSAGE_SELF), _cpu(before))


def used_by_process(arguments: Sequence[str], runs: int = RUNS) -> Used:
    """Median over ``runs`` fresh processes, after one that fills the file caches."""
    return median([_process(arguments) for _ in range(runs + 1)][1:])


def _process(arguments: Sequence[str]) -> Used:
    """What one process uses; raises CalledProcessError when it fails."""
    wall = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(arguments))
    return _used(wall, usage)


def _used(started: float, usage: resource.struct_rusage, cpu_before: float = 0.0) -> Used:
    return Used(
        cpu=_cpu(usage) - cpu_before,
        wall=time.perf_counter() - started,
        megabytes=usage.ru_maxrss / 1024,
    )


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime
