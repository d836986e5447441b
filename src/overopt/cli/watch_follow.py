"""``overopt watch follow``: the files of a run while a trainer writes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from overopt.cli import options as o
from overopt.cli.output import complain, emit
from overopt.cli.watch import (
    Budget,
    Burst,
    Card,
    Components,
    FalseAlarm,
    Gold,
    GoldRange,
    GoldSource,
    Kl,
    LabelRate,
    Prompt,
    Proxy,
    Realised,
    Run,
    Seed,
    Signals,
    Step,
    told,
)

if TYPE_CHECKING:
    from overopt.integrations.followed_runs import FollowedRuns

__all__ = ["follow"]

Followed = Annotated[
    Path,
    typer.Argument(metavar="PATH", help="A file that grows, or the folder that a trainer fills.",
                   show_default=False),
]  # fmt: skip
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="trl, nemo-rl, verl, inspect, verl-metrics, "
                 "numbered or rows; also waits for a path that is not there yet. Default: the "
                 "first that fits."),
]  # fmt: skip
State = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="Keep here what was read and found, and go on "
                 "from it after a restart."),
]  # fmt: skip
Settle = Annotated[
    float,
    typer.Option(metavar="SECONDS", help="Take the last step for whole when nothing was written "
                 "for so long.", min=0.0),
]  # fmt: skip
Every = Annotated[
    float, typer.Option(metavar="SECONDS", help="From one look at the files to the next.", min=0.01)
]
UntilQuiet = Annotated[
    bool, typer.Option("--until-quiet", help="Stop when nothing was written for --settle seconds.")
]


def follow(
    path: Followed,
    format_name: Format = None,
    proxy: Proxy = None,
    gold: Gold = None,
    run: Run = None,
    step: Step = None,
    prompt: Prompt = None,
    kl: Kl = None,
    component: Components = None,
    label_rate: LabelRate = 0.01,
    gold_range: GoldRange = (0.0, 1.0),
    gold_source: GoldSource = None,
    false_alarm: FalseAlarm = 0.01,
    signal: Signals = None,
    card: Card = None,
    kl_budget: Budget = None,
    realised: Realised = False,
    burst: Burst = 200,
    seed: Seed = 0,
    state: State = None,
    settle: Settle = 30.0,
    every: Every = 1.0,
    until_quiet: UntilQuiet = False,
    json: o.Json = False,
) -> int:
    """Watch a run through the files that its trainer writes, until interrupted.

    Tells each change of a signal as it comes, and at the end the state of all.
    """
    from overopt.integrations.followed_runs import FollowedRuns
    from overopt.integrations.followers import follower_of
    from overopt.watch.bank import DEFAULT_SIGNALS
    from overopt.watch.card import read_card
    from overopt.watch.chances import LabelBudget
    from overopt.watch.document import watch_document
    from overopt.watch.log import LogColumns
    from overopt.watch.monitor import Monitor
    from overopt.watch.options import WatchOptions

    options = WatchOptions(
        signals=tuple(signal) if signal else DEFAULT_SIGNALS,
        budget=LabelBudget(label_rate=label_rate),
        gold_range=gold_range or (0.0, 1.0),
        gold_source=gold_source,
        false_alarm=false_alarm,
        card=None if card is None else read_card(card),
        kl_budget=kl_budget,
        realised=realised,
        burst=burst,
        seed=seed,
    )
    columns = LogColumns(
        proxy=proxy, gold=gold, run=run, step=step, prompt=prompt, kl=kl, components=component
    )
    saved = state.read_text(encoding="utf-8") if state is not None and state.exists() else None
    runs = FollowedRuns(follower_of(path, format_name), Monitor(options), columns, saved)
    say = complain if json else _say
    try:
        _followed(runs, say, state, settle=settle, every=every, until_quiet=until_quiet)
    except KeyboardInterrupt:
        say(f"stopped following {path}")
    if not runs.states:
        runs.following.finish()  # says why there was nothing
    return told(watch_document(runs.documents, options), json)


def _followed(
    runs: FollowedRuns,
    say: Callable[[str], None],
    state: Path | None,
    *,
    settle: float,
    every: float,
    until_quiet: bool,
) -> None:
    """Looks at the files again and again, tells what changed and saves the state behind it."""
    following = runs.following
    seen, moved = runs.extent, time.monotonic()
    while True:
        quiet = time.monotonic() - moved >= settle
        for change in runs.take(quiet=quiet):
            say(str(change))
        for fault in following.faults():
            complain(fault)
        if runs.extent != seen:
            seen, moved = runs.extent, time.monotonic()
            if state is not None:
                runs.save(state)
        elif quiet and until_quiet:
            return
        time.sleep(every)


def _say(line: str) -> None:
    from overopt.report.words import one_line

    emit(f"{one_line(line, 600)}\n")
