"""A small real fold with which the store is tested: it draws, labels, and remembers bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from overopt.stats.e_process import Betting, Evidence, log_evidence, more_evidence
from overopt.watch.batch import Batch
from overopt.watch.detectors.detector import Amber
from overopt.watch.draw import Draw
from overopt.watch.saved_state import read_state, state_text

BETTING = Betting()


@dataclass(frozen=True, kw_only=True)
class Fired:
    signal: str
    step: int


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Batches and rows seen, draws asked for and labels folded into evidence, in order."""

    batches: int = 0
    rows: int = 0
    drawn: int = 0
    consumed: int = 0
    arrived: tuple[tuple[int, float | None], ...] = ()
    alarms: tuple[Fired, ...] = ()
    ambers: tuple[Amber, ...] = ()
    evidence: Evidence
    trail: str = ""


@dataclass(frozen=True, kw_only=True)
class CountingMonitor:
    """Draws one finite row of every ``every``-th batch by a hash of its key; alarms at a level."""

    every: int = 2
    level: float = 3.0
    window: int = 1024

    def start(self) -> Counted:
        return Counted(evidence=Evidence.none(BETTING))

    def observe(self, state: Counted, batch: Batch) -> tuple[Counted, tuple[Draw, ...]]:
        text = f"{state.trail}|{batch.key}|{batch.step}|{batch.prompt_ids}|{batch.group.tolist()}"
        trail = blake2b(text.encode() + batch.proxy.tobytes(), digest_size=8).hexdigest()
        rows = np.flatnonzero(batch.finite)
        draws: tuple[Draw, ...] = ()
        if state.batches % self.every == 0 and len(rows):
            row = int(rows[int(trail[:8], 16) % len(rows)])
            draws = (self._draw(state, batch, row, len(rows)),)
        counted = replace(
            state,
            batches=state.batches + 1,
            rows=state.rows + batch.rows,
            drawn=state.drawn + len(draws),
            trail=trail,
        )
        return counted, draws

    def _draw(self, state: Counted, batch: Batch, row: int, rows: int) -> Draw:
        return Draw(
            number=state.drawn,
            batch=batch.key,
            step=batch.step,
            row=row,
            rows=rows,
            prob=1 / rows,
            proxy=float(batch.proxy[row]),
            scores=(),
            largest=(),
            largest_weight=1.0,
        )

    def sat_down(
        self, state: Counted, batches: Sequence[Batch], rows: int
    ) -> tuple[Counted, tuple[Draw, ...]]:
        draws: list[Draw] = []
        for batch in batches[:rows]:
            draws.append(self._draw(state, batch, batch.rows - 1, batch.rows))
            state = replace(state, drawn=state.drawn + 1)
        return state, tuple(draws)

    def labelled(self, state: Counted, labels: Iterable[tuple[int, float | None]]) -> Counted:
        arrived = dict(state.arrived) | dict(labels)
        evidence, consumed, alarms = state.evidence, state.consumed, state.alarms
        while consumed in arrived or state.drawn - consumed > self.window:
            gold = arrived.pop(consumed, None)
            evidence = more_evidence(evidence, 1.0 if gold is None else 2 * gold - 1, BETTING)
            consumed += 1
            if not alarms and log_evidence(evidence, BETTING) > self.level:
                alarms = (Fired(signal="gold", step=state.batches),)
        return replace(
            state,
            evidence=evidence,
            consumed=consumed,
            alarms=alarms,
            arrived=tuple(sorted(arrived.items())),
        )

    def text(self, state: Counted) -> str:
        return state_text(state)

    def read(self, text: str) -> Counted:
        return read_state(Counted, text)

    def document(self, run: str, state: Counted) -> Mapping[str, Any]:
        return {"runs": [{"run": run, "rows": state.rows, "signals": [], "amber": []}]}
