"""Print every promised time and size beside its floor: ``make bench``.

``python benchmarks/run.py NAME ...`` runs only the named files of this folder. Exits 1 when a
promise is broken. For numbers worth quoting, leave the machine otherwise idle.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

import amber
import audit
import curve
import lab
import start_up
import watch
import watch_page
from measurement import Measurement

BENCHMARKS: dict[str, Callable[[], Iterable[Measurement]]] = {
    "start_up": start_up.measurements,
    "curve": curve.measurements,
    "audit": audit.measurements,
    "lab": lab.measurements,
    "amber": amber.measurements,
    "watch": watch.measurements,
    "watch_page": watch_page.measurements,
}


def line(measured: Measurement) -> str:
    """One row of the printed table."""
    verdict = {True: "kept", False: "BROKEN", None: ""}[measured.kept]
    used, floor = measured.used, measured.floor
    return (
        f"{measured.name:<36} {used.cpu:>7.3f} {floor.cpu:>7.3f} {measured.ratio:>6.2f} "
        f"{used.wall:>8.3f} {floor.wall:>7.3f} {measured.wall_ratio:>6.2f} {used.megabytes:>6.0f}  "
        f"{measured.floor_name:<19} {measured.promise}: {verdict}"
    )


def main(chosen: Sequence[str]) -> int:
    """Run the chosen benchmarks, or all, and return the exit code."""
    if unknown := set(chosen) - set(BENCHMARKS):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    print(
        f"{'':<36} {'CPU s':>7} {'floor':>7} {'ratio':>6} {'wall s':>8} {'floor':>7} {'ratio':>6} "
        f"{'MB':>6}  {'floor':<19} promise"
    )
    broken = 0
    for name in chosen or BENCHMARKS:
        for measured in BENCHMARKS[name]():
            print(line(measured), flush=True)
            broken += measured.kept is False
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
