"""Stores with which the page is tested: written by spool and collector, read by the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from counting_monitor import Counted, CountingMonitor

from overopt.watch.collector import SPOOL, Collector
from overopt.watch.spool import Spool, SpoolOptions


def signal(name: str, state: str = "undecided", **told: Any) -> dict[str, Any]:
    """A signal as the document has it."""
    return {
        "name": name,
        "state": state,
        "alarm_step": None,
        "labels_used": 0,
        "gain": None,
        "gain_lower": None,
        "gain_upper": None,
        "sentence": f"{name} is {state}",
    } | told


@dataclass(frozen=True, kw_only=True)
class TellingMonitor(CountingMonitor):
    """Counts, and says what it is told to say."""

    signals: tuple[Mapping[str, Any], ...] = ()
    amber: tuple[Mapping[str, Any], ...] = ()
    gold_source: str = "judge exact-match"
    gold_range: tuple[float, float] = (0.0, 1.0)

    def document(self, run: str, state: Counted) -> dict[str, Any]:
        told = {"run": run, "signals": list(self.signals), "amber": list(self.amber)}
        return {
            "schema": "overopt.watch/1",
            "false_alarm": 0.01,
            "gold_source": self.gold_source,
            "gold_range": list(self.gold_range),
            "runs": [told],
        }


def collected(folder: Path, monitor: CountingMonitor) -> Path:
    """The folder with everything that its spools hold taken into the store."""
    collector = Collector(folder, lambda run: monitor, durable=False)
    while collector.turn():
        pass
    collector.close()
    return folder


def watched(
    folder: Path,
    monitor: CountingMonitor,
    *,
    run: str = "exp7",
    steps: int = 40,
    rows: int = 16,
    text: str | None = "an answer",
    prompt: str = "p",
    component: str = "length",
    labelled: Sequence[int] | None = None,
    completions: Sequence[str] = (),
) -> Path:
    """A store of one run whose proxy rises while its gold falls.

    Draws whose numbers are in ``labelled`` (None: all) have gold; the others wait.
    """
    rng = np.random.default_rng(5)
    spool = Spool(folder / SPOOL, run, options=SpoolOptions(keep_text=text is not None))
    for step in range(steps):
        group = np.repeat(np.arange(rows // 4), 4)
        spool.append(
            step,
            rng.normal(step / steps, 1, rows),
            prompt_ids=[f"{prompt}{step}-{g}" for g in group],
            prompts=[f"question {step}-{g}" for g in group],
            completions=[
                completions[step % len(completions)] if completions else f"{text} {step}-{i}"
                for i in range(rows)
            ],
            kl=np.full(rows, step / 100),
            components={component: rng.normal(200 + step, 20, rows)},
        )
    spool.close()
    collected(folder, monitor)
    answers = Spool(folder / SPOOL, run)
    for number in range(steps) if labelled is None else labelled:
        answers.label(number, float(rng.random() > number / steps), source="log")
    answers.close()
    return collected(folder, monitor)
