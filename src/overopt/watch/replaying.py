"""What would the monitor have said of an old run, and when?

The log is folded as it would have been live: batches in order of step, labels drawn with recorded
chances from rows whose gold the log knows. A log that knows gold for some rows only gives these
labels, thinned evenly to the label rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from overopt.errors import BadOption
from overopt.watch.bank import Bank
from overopt.watch.batch import Batch
from overopt.watch.chances import batch_generator
from overopt.watch.document import run_document, watch_document
from overopt.watch.given_labels import given_draws
from overopt.watch.log import LogColumns, read_log
from overopt.watch.monitor import Monitor, RunState
from overopt.watch.options import WatchOptions

__all__ = ["folded", "replay", "replay_runs", "replayed"]


def replay(source: Any, *, columns: LogColumns | None = None, **choices: Any) -> dict[str, Any]:
    """Document (``overopt.watch/1``) of every run in a log.

    Parameters
    ----------
    source
        A file, glob, folder or list of them (Parquet, CSV or JSON lines), or a frame.
    columns
        Which column plays which role.
    choices
        Fields of ``WatchOptions``. Where ``gold_range`` is not among them, gold is taken to lie in
        [0, 1], or where it does not, in the range that it has in the log.

    Raises
    ------
    BadSamples
        The log cannot be read.
    BadOption
        A column is not there, or an option makes no sense.
    """
    return replay_runs(read_log(source, columns), **choices)


def replay_runs(runs: Mapping[str, Sequence[Batch]], **choices: Any) -> dict[str, Any]:
    """As ``replay``, of runs whose batches are at hand, each in order of step."""
    if "gold_range" not in choices:
        choices["gold_range"] = _gold_range([batch for run in runs.values() for batch in run])
    monitor = Monitor(WatchOptions(**choices))
    documents = [
        run_document(name, monitor, replayed(monitor, batches)) for name, batches in runs.items()
    ]
    return watch_document(documents, monitor.options)


def replayed(monitor: Monitor, batches: Iterable[Batch]) -> RunState:
    """State after all batches and the labels drawn from them."""
    state = monitor.start()
    for batch in batches:
        state = folded(monitor, state, batch)
    return state


def _gold_range(batches: Sequence[Batch]) -> tuple[float, float]:
    """[0, 1] where all gold lies in it, else the least and the largest gold of the log."""
    known = [gold[np.isfinite(gold)] for batch in batches if (gold := batch.gold) is not None]
    gold = np.concatenate([np.zeros(0), *known])
    if not len(gold) or (gold.min() >= 0 and gold.max() <= 1):
        return 0.0, 1.0
    low, high = float(gold.min()), float(gold.max())
    if low == high:
        raise BadOption(f"all gold of the log is {low:g}: give its range with --gold-range")
    return low, high


def folded(monitor: Monitor, state: RunState, batch: Batch) -> RunState:
    """State after a batch and its labels."""
    gold = batch.gold
    if gold is None or not np.isfinite(gold[batch.finite]).any():
        return monitor.folded(state, batch)
    if np.isfinite(gold[batch.finite]).all():
        state, draws = monitor.observe(state, batch)
    else:
        state = monitor.folded(state, batch)
        known = np.isfinite(gold)
        if monitor.options.budget.label_rate < 1:
            kept = batch_generator(batch, monitor.options.seed).random(batch.rows)
            known &= kept < monitor.options.budget.label_rate
        draws = given_draws(batch, Bank(signals=state.signals), known, state.drawn)
        state = monitor.asked(state, draws)
    return monitor.labelled(state, [(draw.number, float(gold[draw.row])) for draw in draws])
