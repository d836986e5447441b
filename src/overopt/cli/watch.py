"""``overopt watch``: the live monitor, and what it would have said of an old run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overopt.cli import options as o
from overopt.cli.output import Progress, colourful, emit, terminal_width

if TYPE_CHECKING:
    from overopt.watch.batch import Batch
    from overopt.watch.log import LogColumns

__all__ = ["told", "watch"]

watch = typer.Typer(
    name="watch",
    help="Is pushing the proxy still paying while a run goes on, and when did it stop?",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Logs = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Tables with one row for each sample (Parquet, CSV, "
                   "JSON lines), or the file or folder that a trainer wrote.", show_default=False),
]  # fmt: skip
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="trl, nemo-rl, verl, inspect, verl-metrics, "
                 "numbered or rows. Default: the first that fits."),
]  # fmt: skip
Proxy = Annotated[
    str | None, typer.Option("--proxy", metavar="COLUMN", help="The score that is optimised.")
]
Gold = Annotated[
    str | None, typer.Option("--gold", metavar="COLUMN", help="Trusted quality where it is known.")
]
Run = Annotated[
    str | None, typer.Option("--run", metavar="COLUMN", help="Which run a sample belongs to.")
]
Step = Annotated[
    str | None, typer.Option("--step", metavar="COLUMN", help="What orders the samples of a run.")
]
Prompt = Annotated[
    str | None,
    typer.Option("--prompt", metavar="COLUMN", help="What was answered; candidates are ranked "
                 "within it."),
]  # fmt: skip
Kl = Annotated[
    str | None, typer.Option("--kl", metavar="COLUMN", help="KL from the reference, in nats.")
]
Components = Annotated[
    list[str] | None,
    typer.Option("--component", metavar="COLUMN", help="A part of the reward, or a number such "
                 "as length; repeat for several."),
]  # fmt: skip
LabelRate = Annotated[
    float,
    typer.Option("--label-rate", metavar="SHARE", help="Share of the samples that get a gold "
                 "label; 1 uses all gold."),
]  # fmt: skip
GoldRange = Annotated[
    tuple[float, float] | None,
    typer.Option("--gold-range", metavar="LOW HIGH", help="Least and largest gold there can be; "
                 "gold is clipped there. Default: 0 1 if all of the log lies there, else its own "
                 "range."),
]  # fmt: skip
GoldSource = Annotated[
    str | None,
    typer.Option("--gold-source", metavar="TEXT", help='Whose judgement gold is: human, '
                 '"judge NAME".'),
]  # fmt: skip
FalseAlarm = Annotated[
    float,
    typer.Option("--false-alarm", metavar="CHANCE", help="Chance that any red signal of a run is "
                 "false, over the whole run."),
]  # fmt: skip
Signals = Annotated[
    list[str] | None,
    typer.Option("--signal", metavar="NAME", help="A gain to watch: rank_gain, best_of_16, "
                 "top_vs_random, with _pooled or without; repeat for several."),
]  # fmt: skip
Card = Annotated[
    Path | None,
    typer.Option("--card", metavar="PATH", help="Validity card of an audit (overopt audit --card) "
                 "to hold the run against. Default: the run's own beginning."),
]  # fmt: skip
Budget = Annotated[
    float | None,
    typer.Option("--kl-budget", metavar="NATS", help="Tell when logged KL goes beyond it."),
]
Realised = Annotated[
    bool,
    typer.Option("--realised", help="Red of a gain speaks of the gains that were, and supposes "
                 "nothing of those to come; takes 3 to 47 % more labels."),
]  # fmt: skip
Burst = Annotated[
    int,
    typer.Option("--burst", metavar="LABELS", help="Labels drawn at ten times the rate after an "
                 "amber signal."),
]  # fmt: skip
Seed = Annotated[int, typer.Option("--seed", metavar="NUMBER", help="Seed of the label draws.")]


@watch.command()
def replay(
    files: Logs,
    format_name: Format = None,
    proxy: Proxy = None,
    gold: Gold = None,
    run: Run = None,
    step: Step = None,
    prompt: Prompt = None,
    kl: Kl = None,
    component: Components = None,
    label_rate: LabelRate = 0.01,
    gold_range: GoldRange = None,
    gold_source: GoldSource = None,
    false_alarm: FalseAlarm = 0.01,
    signal: Signals = None,
    card: Card = None,
    kl_budget: Budget = None,
    realised: Realised = False,
    burst: Burst = 200,
    seed: Seed = 0,
    json: o.Json = False,
) -> int:
    """What would the monitor have said of an old run, and when?"""
    from overopt.watch.card import read_card
    from overopt.watch.chances import LabelBudget
    from overopt.watch.log import LogColumns

    columns = LogColumns(
        proxy=proxy, gold=gold, run=run, step=step, prompt=prompt, kl=kl, components=component
    )
    choices: dict[str, Any] = {
        "budget": LabelBudget(label_rate=label_rate),
        "card": None if card is None else read_card(card),
        "gold_range": gold_range,
        "gold_source": gold_source,
        "false_alarm": false_alarm,
        "signals": tuple(signal) if signal else None,
        "kl_budget": kl_budget,
        "realised": realised,
        "burst": burst,
        "seed": seed,
    }
    given = {name: value for name, value in choices.items() if value is not None}
    document = _document(files, columns, format_name, given)
    return told(document, json)


def told(document: dict[str, Any], json: bool) -> int:
    """Print what is said of runs; the exit code, 1 where a signal is red."""
    from overopt import report

    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.watch_text(document, width=terminal_width(), colour=colourful()))
    return int(any(each["state"] == "red" for one in document["runs"] for each in one["signals"]))


def _document(
    files: list[str],
    columns: LogColumns,
    format_name: str | None,
    choices: dict[str, Any],
) -> dict[str, Any]:
    from overopt.watch.replaying import replay_runs

    progress = Progress()
    try:
        progress("reading", 0.0)
        return replay_runs(_runs(files, columns, format_name), **choices)
    finally:
        progress.close()


def _runs(
    files: list[str], columns: LogColumns, format_name: str | None
) -> Mapping[str, Sequence[Batch]]:
    """Batches of every run: of a trainer's own files by their format, else of tables."""
    from overopt.integrations.followers import follower_of
    from overopt.integrations.following import Following
    from overopt.integrations.row_files import RowFiles
    from overopt.watch.log import read_log

    path = Path(files[0]).expanduser()
    if format_name is None and (len(files) > 1 or not path.exists()):
        return read_log(list(files), columns)  # several tables, or a pattern
    follower = follower_of(path, format_name)
    if format_name is None and isinstance(follower, RowFiles):
        return read_log(files[0], columns)
    runs: dict[str, list[Batch]] = {}
    for batch in Following(follower, columns).finish():
        runs.setdefault(batch.run, []).append(batch)
    return runs
