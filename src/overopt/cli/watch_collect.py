"""``overopt watch collect``: the collector as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from overopt.cli.output import complain
from overopt.cli.watch_serve import Folder

__all__ = ["collect"]

Once = Annotated[
    bool, typer.Option("--once", help="Take in what is there and end, instead of going on.")
]


def collect(store: Folder = Path("overopt-watch"), once: Once = False) -> int:
    """Collect what training processes have spooled into the store, where none of them does.

    One collector writes to a folder; another is refused. Stop with Ctrl-C.
    """
    import threading
    from functools import partial

    from overopt.errors import BadOption
    from overopt.watch.collector import SPOOL, Collector
    from overopt.watch.run_options import monitor_of

    if not store.is_dir():
        raise BadOption(f"no folder {str(store)!r}: give the one that the wrappers write to")
    collector = Collector(store, partial(monitor_of, store / SPOOL))
    try:
        taken = 0
        while found := collector.turn():
            taken += found
        complain(f"took {taken:,} frames into {store}")
        if not once:
            collector.collect(threading.Event())
    finally:
        collector.close()
    return 0
