"""A small real fold with which the store is tested: it draws, labels, and remembers bits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from overopt.stats.e_process import Betting, Evidence, log_evidence, more_evidence
from overopt.watch.batch import Batch
from overopt.watch.draw import Draw

BETTING = Betting()


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Batches and rows seen, draws asked for and labels folded into evidence, in order."""

    batches: int = 0
    rows: int = 0
    draws: int = 0
    proxies: tuple[float, ...] = ()
    evidence: Evidence
    trail: str = ""


@dataclass(frozen=True, kw_only=True)
class Fired:
    name: str
    tier: str
    step: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class CountingMonitor:
    """Draws one finite row of every ``every``-th batch by a hash of its key; alarms at a level."""

    every: int = 2
    level: float = 3.0

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
            draws=state.draws + len(draws),
            proxies=(*state.proxies, *(draw.proxy for draw in draws))[-50:],
            trail=trail,
        )
        return counted, draws

    def _draw(self, state: Counted, batch: Batch, row: int, rows: int) -> Draw:
        return Draw(
            number=state.draws,
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

    def label(self, state: Counted, number: int, gold: float | None) -> Counted:
        assert number == state.evidence.count, "labels must come in draw order"
        value = 1.0 if gold is None else 2 * gold - 1
        return replace(state, evidence=more_evidence(state.evidence, value, BETTING))

    def alarms(self, state: Counted) -> tuple[Fired, ...]:
        if log_evidence(state.evidence, BETTING) < self.level:
            return ()
        return (Fired(name="gold", tier="red", step=state.batches, sentence="gold fell"),)
