"""From frames to batches: rows of one step, scored in many calls and processes, come together.

A step closes once every writer that is still at work has moved past it, so a batch does not depend
on which process was faster. A writer that holds back more than a few steps is not waited for until
it speaks again; its late rows make a batch of their own. Only the order of frames counts, never a
clock, and the state is plain data: a restart assembles the same batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.watch.batch import Batch
from overopt.watch.frame import Scored

__all__ = ["Assembly", "Piece", "batch_of"]

FloatVector = npt.NDArray[np.float64]
MOST_OPEN = 4  # steps; with more open, the oldest closes whoever is missing
MOST_ROWS = 1 << 16


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """The samples of one frame and where it came from; ``id`` is its row in the store."""

    id: int
    writer: str
    seq: int
    scored: Scored


@final
@dataclass(kw_only=True, eq=False)
class Assembly:
    """Open steps of one run, and where each of its writers is.

    ``at`` is the step of a writer's last frame, None before its first; ``ended`` and ``idle``
    writers are not waited for.
    """

    at: dict[str, int | None] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    idle: set[str] = field(default_factory=set)
    open: dict[int, list[Piece]] = field(default_factory=dict)
    late: int = 0
    closed: int | None = None

    def join(self, writer: str) -> None:
        """Wait for this writer from now on."""
        self.at.setdefault(writer, None)

    def end(self, writer: str) -> list[list[Piece]]:
        """The writer will not come back: steps that close by that."""
        self.ended.add(writer)
        return self._closed()

    def excuse(self, writer: str) -> list[list[Piece]]:
        """The writer labels and has not scored: steps that close because it is not waited for."""
        if self.at[writer] is None:
            self.idle.add(writer)
        return self._closed()

    def add(self, piece: Piece) -> list[list[Piece]]:
        """Take a piece in: the steps that close by it, each as its pieces."""
        step = piece.scored.step
        self.ended.discard(piece.writer)
        self.idle.discard(piece.writer)
        self.at[piece.writer] = step
        self.open.setdefault(step, []).append(piece)
        return self._closed()

    def saved(self) -> dict[str, Any]:
        """Plain data of everything but the pieces, which the store holds as frames."""
        return {
            "at": self.at,
            "ended": sorted(self.ended),
            "idle": sorted(self.idle),
            "late": self.late,
            "closed": self.closed,
        }

    @classmethod
    def restored(cls, saved: dict[str, Any], pieces: Sequence[Piece]) -> Assembly:
        """The assembly that was saved, with the pieces that were open, in order of their ids."""
        assembly = cls(
            at=dict(saved.get("at", {})),
            ended=set(saved.get("ended", ())),
            idle=set(saved.get("idle", ())),
            late=saved.get("late", 0),
            closed=saved.get("closed"),
        )
        for piece in sorted(pieces, key=lambda piece: piece.id):
            assembly.open.setdefault(piece.scored.step, []).append(piece)
        return assembly

    def _closed(self) -> list[list[Piece]]:
        """Take out every step that nobody is waited for any more, in order of steps."""
        done = []
        for step in sorted(self.open):
            crowded = len(self.open) > MOST_OPEN
            full = sum(len(piece.scored.proxy) for piece in self.open[step]) >= MOST_ROWS
            if self._missing(step) and not crowded and not full:
                continue
            if crowded:
                self.idle.update(self._missing(step))
            done.append(self._take(step))
        return done

    def _missing(self, step: int) -> list[str]:
        """Writers that may still add rows to a step."""
        present = {piece.writer for piece in self.open[step]}
        return [
            writer
            for writer, at in self.at.items()
            if writer not in self.ended
            and writer not in self.idle
            and (at == step or (writer not in present and (at is None or at < step)))
        ]

    def _take(self, step: int) -> list[Piece]:
        if self.closed is not None and step <= self.closed:
            self.late += 1
        self.closed = step if self.closed is None else max(step, self.closed)
        return sorted(self.open.pop(step), key=lambda piece: (piece.writer, piece.seq))


def batch_of(run: str, pieces: Sequence[Piece]) -> Batch:
    """One batch of the pieces of a step, rows in the order of the pieces.

    Columns that some pieces lack are NaN there.
    """
    parts = [piece.scored for piece in pieces]
    names: dict[str, int] = {}
    groups = []
    for part in parts:
        numbers = [names.setdefault(name, len(names)) for name in part.prompt_ids]
        groups.append(np.array(numbers, np.int64)[part.group])
    known = dict.fromkeys(name for part in parts for name in part.components)
    return Batch(
        run=run,
        key=f"{pieces[0].writer}:{pieces[0].seq}",
        step=parts[0].step,
        proxy=np.concatenate([part.proxy for part in parts]),
        group=np.concatenate(groups),
        prompt_ids=tuple(names),
        gold=_column(parts, [part.gold for part in parts]),
        kl=_column(parts, [part.kl for part in parts]),
        components={
            name: column
            for name in known
            if (column := _column(parts, [part.components.get(name) for part in parts])) is not None
        },
    )


def _column(parts: Sequence[Scored], columns: Sequence[FloatVector | None]) -> FloatVector | None:
    """The column of all parts, NaN where a part has none; None when no part has it."""
    if all(column is None for column in columns):
        return None
    return np.concatenate(
        [
            np.full(len(part.proxy), np.nan) if column is None else column
            for part, column in zip(parts, columns, strict=True)
        ]
    )
