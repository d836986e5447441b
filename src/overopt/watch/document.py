"""What a monitor says of runs, as plain data: schema ``overopt.watch/1``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from overopt.stats.e_process import Betting
from overopt.watch.detectors.detector import Reading
from overopt.watch.monitor import STEP_EVERY, Alarm, Monitor, RunState
from overopt.watch.options import WatchOptions, why_no_audited_range
from overopt.watch.questions import red_meaning
from overopt.watch.reference import EVIDENCE_PART
from overopt.watch.states import Course, SignalState, signal_states

__all__ = ["SCHEMA", "run_course", "run_document", "watch_document"]

GOLD = "the gold labels"
RECENT = 10  # remembered steps over which the rate of labels is told
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
    readings = monitor.readings(state)
    began = {alarm.signal: alarm.began for alarm in state.alarms}
    told = signal_states(readings, began, run_course(monitor, state))
    return {
        "run": name,
        "step": state.step if state.batches else None,
        "batches": state.batches,
        "rows": state.rows,
        "labels": {
            "drawn": state.drawn,
            "used": state.consumed,
            "refused": state.refused,
            "waiting": len(state.waiting),
        },
        "signals": [
            _signal(reading, one, state, monitor.options)
            for reading, one in zip(readings, told, strict=True)
        ],
        "amber": [
            {"name": amber.name, "step": amber.step, "sentence": amber.sentence}
            for amber in state.ambers
        ],
    }


def run_course(monitor: Monitor, state: RunState) -> Course:
    """Where a run stands, as its states ask it."""
    options = monitor.options
    recent = state.label_steps[-RECENT:]
    labels = state.consumed - STEP_EVERY * (len(state.label_steps) - len(recent))
    return Course(
        step=state.step,
        used=state.consumed,
        refused=state.refused,
        step_of=state.step_of,
        labels_per_step=labels / (state.step - recent[0] + 1) if recent else 0.0,
        signals=len(state.gold),
        false_alarm=EVIDENCE_PART * options.false_alarm,
        block_error=options.block_error,
        gold_source=options.gold_source or GOLD,
        betting=Betting(),
    )


def _red_sentence(alarm: Alarm, options: WatchOptions) -> str:
    return (
        f"{red_meaning(alarm.signal)}, according to {options.gold_source or GOLD}: alarm at step "
        f"{alarm.step:,} after {alarm.label:,} labels, probably since step {alarm.began:,}"
    )


def _signal(
    reading: Reading, told: SignalState, state: RunState, options: WatchOptions
) -> dict[str, Any]:
    alarm = next((each for each in state.alarms if each.signal == reading.name), None)
    return {
        "name": reading.name,
        "state": told.colour,
        "alarm_step": None if alarm is None else alarm.step,
        "began_step": told.began,
        "expires_step": told.expires,
        "labels_used": reading.labels_used,
        "gain": reading.value,
        "gain_lower": reading.lower,
        "gain_upper": reading.upper,
        "labels_needed": told.needs,
        "detectable": told.detectable,
        "refusals_that_hide": told.refusals,
        "sentence": told.sentence if alarm is None else _red_sentence(alarm, options),
    }
