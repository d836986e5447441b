"""Print every promised time and size beside its floor: ``make bench``.

``python benchmarks/run.py NAME ...`` runs only the named files of this folder. Exits 1 when a
promise is broken. For numbers worth quoting, leave the machine otherwise idle.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

import start_up
from measurement import Measurement

BENCHMARKS: dict[str, Callable[[], Iterable[Measurement]]] = {
    "start_up": start_up.measurements,
}


def line(measured: Measurement) -> str:
    """One row of the printed table."""
    verdict = {True: "kept", False: "BROKEN", None: ""}[measured.kept]
    return (
        f"{measured.name:<40} {measured.seconds:>9.3f} {measured.floor_seconds:>9.3f} "
        f"{measured.ratio:>7.2f}  {measured.floor_name:<28} {measured.promise}: {verdict}"
    )


def main(chosen: Sequence[str]) -> int:
    """Run the chosen benchmarks, or all, and return the exit code."""
    if unknown := set(chosen) - set(BENCHMARKS):
        print(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    print(f"{'':<40} {'CPU s':>9} {'floor s':>9} {'ratio':>7}  {'floor':<28} promise")
    broken = 0
    for name in chosen or BENCHMARKS:
        for measured in BENCHMARKS[name]():
            print(line(measured), flush=True)
            broken += measured.kept is False
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
