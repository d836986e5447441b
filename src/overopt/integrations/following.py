"""Following files as they are written: batches in order of step, each told once.

A step of a run is told when every file that may still bring some of it has gone on by two steps
(writers of one file may mix two neighbours), or by one where each file holds one step; at a quiet
moment or at the end, also the last. Where a run's steps go back, as after a restart from a
checkpoint, its rows are left out until they reach new steps. So a reading in any number of
instalments tells the same batches as one. Rows that cannot be used are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf, isnan
from pathlib import Path
from typing import final

import numpy as np

from overopt.errors import BadSamples
from overopt.integrations.file_rows import Ending, FileMark
from overopt.integrations.follower import Follower
from overopt.integrations.row import Fields, NotASample, Row, RowReader
from overopt.watch.batch import Batch
from overopt.watch.log import LogColumns
from overopt.watch.saved_state import read_state, state_text

__all__ = ["Following", "Position"]

MOST_TOLD = 20  # faults told in words; all are counted


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class StepMark:
    """The steps that a file has reached in a run: the largest, and the largest before it."""

    run: str
    path: str
    last: int
    before: int | None


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class RunMark:
    """The last step of a run that was told, and how many batches were."""

    run: str
    step: int
    batches: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """All that a follower needs to go on: marks in files, steps, and rows of steps not yet told."""

    format: str
    proxy: str | None
    files: tuple[FileMark, ...]
    steps: tuple[StepMark, ...]
    runs: tuple[RunMark, ...]
    open_rows: tuple[Row, ...]
    counts: tuple[tuple[str, int], ...]


@final
class Following:
    """Reads what is new in the files of one format.

    ``counts`` of records: ``rows`` told or held, ``bad`` (unreadable, or text in place of a
    number), ``other`` (no samples), ``late`` (of a step that was told, or of one before).
    """

    def __init__(
        self, follower: Follower, columns: LogColumns | None = None, position: str | None = None
    ) -> None:
        saved = None if position is None else read_state(Position, position)
        if saved is not None and saved.format != follower.name:
            raise BadSamples(
                f"the saved position is of {saved.format}, but {follower.path} is read as "
                f"{follower.name}: give the same path and format, or start anew"
            )
        self.follower = follower
        self.counts = Counter(dict(saved.counts) if saved else {})
        self._reader = RowReader(
            columns or LogColumns(), follower.scores, saved.proxy if saved else None
        )
        self._files = {mark.path: mark for mark in saved.files} if saved else {}
        self._steps = {(m.path, m.run): m for m in saved.steps} if saved else {}
        self._runs = {mark.run: mark for mark in saved.runs} if saved else {}
        self._open: dict[str, dict[int, list[Row]]] = {}
        self._sizes: dict[str, tuple[int, int, Ending]] = {}
        self._told: list[str] = []
        self._seen: Fields = {}
        for row in saved.open_rows if saved else ():
            self._open.setdefault(row.run, {}).setdefault(row.step, []).append(row)

    @property
    def waiting(self) -> bool:
        """Whether rows of a step that is not told yet are held."""
        return bool(self._open)

    @property
    def position(self) -> str:
        """Where to go on, as JSON text for ``position``."""
        rows = (row for steps in self._open.values() for held in steps.values() for row in held)
        return state_text(
            Position(
                format=self.follower.name,
                proxy=self._reader.proxy,
                files=tuple(self._files.values()),
                steps=tuple(self._steps.values()),
                runs=tuple(self._runs.values()),
                open_rows=tuple(rows),
                counts=tuple(self.counts.items()),
            )
        )

    def faults(self) -> list[str]:
        """What was wrong since this was last asked, at most a few sentences in a whole run."""
        told, self._told = self._told, []
        return told

    def read(self, *, quiet: bool = False) -> list[Batch]:
        """Batches that are whole now; with ``quiet`` also those that only might go on.

        Raises BadSamples when several fields look like the score.
        """
        return self._read(Ending.QUIET if quiet else Ending.OPEN)

    def finish(self) -> list[Batch]:
        """The batches that are left in files to which nothing is added any more.

        Raises BadSamples when there was no sample at all.
        """
        batches = self._read(Ending.OVER)
        if not self._runs:
            raise BadSamples(self._nothing())
        return batches

    def _read(self, ending: Ending) -> list[Batch]:
        files = self.follower.files()
        last = files[-1] if files else None
        for file in files:
            over = self.follower.step_files and file != last
            self._take(file, Ending.OVER if over else ending)
        told: list[Batch] = []
        for run in sorted(self._open):
            limit = inf if ending is not Ending.OPEN else self._limit(run, files)
            told += self._closed(run, limit)
        return told

    def _take(self, file: Path, ending: Ending) -> None:
        """Holds the rows that are new in a file."""
        name = self._name(file)
        try:
            stat = file.stat()
        except OSError:
            return
        size = (stat.st_size, stat.st_mtime_ns, ending)
        if self._sizes.get(name) == size:
            return
        mark = self._files.get(name, FileMark(path=name))
        step, origin = self.follower.step(file), str(file)
        run = self.follower.run
        told = self._runs.get(run)
        if step is not None and told is not None and step <= told.step and mark.records:
            return  # its step was told, perhaps before a restart of ours
        for record in self.follower.records(file, mark, ending):
            self._files[name] = record.mark
            where = f"{origin}, {'line' if record.mark.offset else 'row'} {record.mark.records}"
            if record.fields is None:
                self._fault("bad", f"{where} {record.wrong}")
                continue
            fields = self.follower.fields(record.fields)
            try:
                row = self._reader.row(fields, run=run, step=step, origin=origin)
            except NotASample as other:
                self._seen = self._seen or fields
                self._fault("bad" if str(other) else "other", f"{where}: {other}")
            else:
                self._hold(row, name, where)
        # Only after all went well: an error must come again at the next reading.
        self._sizes[name] = size

    def _hold(self, row: Row, name: str, where: str) -> None:
        known = self._steps.get((name, row.run))
        told = self._runs.get(row.run)
        before = known.before if known else None
        if (told and row.step <= told.step) or (before is not None and row.step < before):
            self._fault("late", f"{where} is of step {row.step}, which {row.run!r} has left behind")
            return
        self.counts["rows"] += 1
        self._open.setdefault(row.run, {}).setdefault(row.step, []).append(row)
        if known is None or row.step > known.last:
            self._steps[name, row.run] = StepMark(
                run=row.run, path=name, last=row.step, before=known.last if known else None
            )
        elif row.step < known.last:
            self._steps[name, row.run] = replace(known, before=row.step)

    def _limit(self, run: str, files: Iterable[Path]) -> float:
        """The last step to which no file can add any more."""
        limit = inf
        for file in files:
            name = self._name(file)
            if self.follower.step_files:
                step = self.follower.step(file)
                limit = inf if step is None else step - 1  # all but the last are over
                continue
            if self.follower.whole_files and name in self._files:
                continue
            mark = self._steps.get((name, run))
            if mark is not None:
                limit = min(limit, -inf if mark.before is None else mark.before - 1)
            elif name not in self._files:
                limit = -inf  # nothing in it yet: it may hold any step
        return limit

    def _closed(self, run: str, limit: float) -> Iterator[Batch]:
        """Batches of a run up to a step, which are held no longer."""
        steps = self._open[run]
        for step in sorted(step for step in steps if step <= limit):
            told = self._runs.get(run)
            number = told.batches if told else 0
            self._runs[run] = RunMark(run=run, step=step, batches=number + 1)
            yield _batch(steps.pop(step), f"log:{number}")
        if not steps:
            del self._open[run]

    def _name(self, file: Path) -> str:
        """A file's name below the path that is followed, which may move as a whole."""
        base = self.follower.path
        return str(file.relative_to(base)) if file != base and base in file.parents else file.name

    def _fault(self, kind: str, sentence: str) -> None:
        self.counts[kind] += 1
        if kind != "other" and self.counts[kind] <= MOST_TOLD:
            self._told.append(sentence)

    def _nothing(self) -> str:
        path, proxy = self.follower.path, self._reader.proxy
        if not self._seen:
            return f"{path} holds no samples that could be read: {self.counts['bad']} bad records"
        names = ", ".join(repr(name) for name in list(self._seen)[:20])
        what = "score and step" if proxy is None else f"step and {proxy!r}"
        return (
            f"{path} has no records with {what}: name them with --proxy and --step; it has {names}"
        )


def _batch(rows: list[Row], key: str) -> Batch:
    """The rows of one step, prompts numbered as they come; a row without prompt is its own."""
    group: list[int] = []
    names: list[str] = []
    codes: dict[str, int] = {}
    for row in rows:
        code = len(names) if row.prompt is None else codes.setdefault(row.prompt, len(names))
        if code == len(names):
            names.append("(no prompt)" if row.prompt is None else row.prompt)
        group.append(code)
    columns: dict[str, list[float]] = {}
    for place, row in enumerate(rows):
        for name, value in row.components:
            columns.setdefault(name, [np.nan] * len(rows))[place] = value
    return Batch(
        run=rows[0].run,
        key=key,
        step=rows[0].step,
        proxy=np.array([row.proxy for row in rows]),
        group=np.array(group, dtype=np.int64),
        prompt_ids=tuple(names),
        gold=_logged([row.gold for row in rows]),
        kl=_logged([row.kl for row in rows]),
        components={name: np.array(values) for name, values in columns.items()},
    )


def _logged(values: list[float]) -> np.ndarray | None:
    """A column, None when nothing of it is logged."""
    return None if all(map(isnan, values)) else np.array(values)
