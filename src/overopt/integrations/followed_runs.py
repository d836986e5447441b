"""Runs that are watched while their files grow: each batch through the monitor, and what changed.

The state is one text: the position in the files and the state of every run, so that a process that
was stopped at any moment goes on as if it had not been.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from overopt.errors import BadSamples
from overopt.integrations.follower import Follower
from overopt.integrations.following import Following
from overopt.watch.document import run_document
from overopt.watch.log import LogColumns
from overopt.watch.monitor import Monitor, RunState
from overopt.watch.replaying import folded

__all__ = ["Change", "FollowedRuns"]

SCHEMA = "overopt.follow/1"


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A signal of a run that came into ``state`` at ``step``; ``sentence`` where there is one."""

    run: str
    step: int
    name: str
    state: str
    sentence: str

    def __str__(self) -> str:
        told = f": {self.sentence}" if self.sentence else ""
        return f"{self.run}, step {self.step}: {self.name} {self.state}{told}"


@final
class FollowedRuns:
    """The runs in the files of a follower; ``saved`` is the text of an earlier one.

    Raises BadSamples when the text is of other files, options or another version.
    """

    def __init__(
        self,
        follower: Follower,
        monitor: Monitor,
        columns: LogColumns | None = None,
        saved: str | None = None,
    ) -> None:
        before = {} if saved is None else _read(saved)
        self.monitor = monitor
        self.following = Following(follower, columns, before.get("position"))
        self.states: dict[str, RunState] = {
            run: monitor.read(text) for run, text in before.get("runs", {}).items()
        }

    def take(self, *, quiet: bool = False) -> list[Change]:
        """Fold what is new in the files; what changed by it, in order."""
        changes: list[Change] = []
        for batch in self.following.read(quiet=quiet):
            before = self.states.get(batch.run, self.monitor.start())
            after = folded(self.monitor, before, batch)
            self.states[batch.run] = after
            changes += _changes(batch.run, self.monitor, before, after)
        return changes

    @property
    def extent(self) -> tuple[int, int]:
        """Records read and batches folded, which only grow."""
        batches = sum(state.batches for state in self.states.values())
        return self.following.counts.total(), batches

    @property
    def documents(self) -> list[dict[str, Any]]:
        """What is said of each run now."""
        return [run_document(run, self.monitor, state) for run, state in self.states.items()]

    @property
    def text(self) -> str:
        """Everything needed to go on later, as one line of JSON."""
        runs = {run: self.monitor.text(state) for run, state in self.states.items()}
        saved = {"schema": SCHEMA, "position": self.following.position, "runs": runs}
        return json.dumps(saved, allow_nan=False)

    def save(self, path: Path) -> None:
        """Write the text in place of what the file held, whole or not at all."""
        draft = path.with_name(f"{path.name}.{os.getpid()}.part")
        with draft.open("w", encoding="utf-8") as file:
            file.write(self.text + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _read(saved: str) -> dict[str, Any]:
    try:
        before = json.loads(saved)
        if before["schema"] != SCHEMA:
            raise ValueError(f"schema {before['schema']!r}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadSamples(
            f"the saved state is none of overopt watch follow ({error}): name another file, or "
            "start anew without it"
        ) from None
    return dict(before)


def _changes(run: str, monitor: Monitor, before: RunState, after: RunState) -> Iterator[Change]:
    """Signals that are in another state than before, and what has fired without gold."""
    was = _states(run_document(run, monitor, before)) if before.batches else {}
    told = run_document(run, monitor, after)
    sentences = {each["name"]: each["sentence"] for each in (*told["signals"], *told["amber"])}
    for name, state in _states(told).items():
        if state != was.get(name, "undecided"):
            yield Change(run=run, step=after.step, name=name, state=state, sentence=sentences[name])


def _states(document: dict[str, Any]) -> dict[str, str]:
    ambers = {each["name"]: "amber" for each in document["amber"]}
    return ambers | {each["name"]: each["state"] for each in document["signals"]}
