"""What a monitor says of runs, as plain data: schema ``overopt.watch/1``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overopt.watch.detectors.detector import Colour, Reading
from overopt.watch.monitor import Monitor, RunState
from overopt.watch.options import WatchOptions, why_no_audited_range

__all__ = ["SCHEMA", "run_document", "watch_document"]

SCHEMA = "overopt.watch/1"


def watch_document(runs: Sequence[dict[str, Any]], options: WatchOptions) -> dict[str, Any]:
    """The document of several runs."""
    return {
        "schema": SCHEMA,
        "false_alarm": options.false_alarm,
        "level": options.level,
        "gold_source": options.gold_source,
        "gold_range": list(options.gold_range),
        "label_rate": options.budget.label_rate,
        "seed": options.seed,
        "not_watched": _not_watched(options),
        "runs": list(runs),
    }


def _not_watched(options: WatchOptions) -> list[dict[str, str]]:
    """Signals that cannot be had with these options, and why."""
    if options.card is None:
        why: str | None = "no validity card says how far the score was audited"
    else:
        why = why_no_audited_range(options.card)
    found = [] if why is None else [{"name": "audited_range", "why": why}]
    if options.kl_budget is None:
        found.append({"name": "kl_budget", "why": "no KL budget was given"})
    return found


def run_document(name: str, monitor: Monitor, state: RunState) -> dict[str, Any]:
    """What is said of one run now."""
    return {
        "run": name,
        "step": state.step if state.batches else None,
        "batches": state.batches,
        "rows": state.rows,
        "labels": {
            "used": state.consumed,
            "refused": state.refused,
            "waiting": len(state.waiting),
        },
        "signals": [_signal(reading, monitor, state) for reading in monitor.readings(state)],
        "amber": [
            {"name": amber.name, "step": amber.step, "sentence": amber.sentence}
            for amber in state.ambers
        ],
    }


def _signal(reading: Reading, monitor: Monitor, state: RunState) -> dict[str, Any]:
    alarm = next((each for each in state.alarms if each.signal == reading.name), None)
    return {
        "name": reading.name,
        "state": _colour(reading, alarmed=alarm is not None),
        "alarm_step": None if alarm is None else alarm.step,
        "began_step": None if alarm is None else alarm.began,
        "labels_used": reading.labels_used,
        "gain": reading.value,
        "gain_lower": reading.lower,
        "gain_upper": reading.upper,
        "sentence": "",
    }


def _colour(reading: Reading, *, alarmed: bool) -> Colour:
    if alarmed:
        return "red"
    return "green" if reading.lower is not None and reading.lower > 0 else "undecided"
