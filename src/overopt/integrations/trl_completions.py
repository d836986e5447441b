"""Completions that TRL's GRPO trainer logs (``log_completions=True``; read in TRL 1.16).

``OUTPUT/completions/completions_NNNNN.parquet``, one file for each logging step: step, prompt,
completion, one column for each reward function, what reward functions logged with ``log_extra``,
advantage. Prompts have no id: equal prompts are one. The trainer optimises the weighted sum of its
rewards, whose weights are not in the file, and KL is not there either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import final

from overopt.integrations.follower import Follower, numbered
from overopt.integrations.row import Fields, numeric

__all__ = ["TrlCompletions"]

FILE = re.compile(r"completions_(\d+)\.parquet")


@final
class TrlCompletions(Follower):
    """A trainer's output folder, its folder of completions, or one file of it."""

    name = "trl"
    step_files = True

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """By the names of files."""
        return bool(cls(path).files())

    def files(self) -> list[Path]:
        """Files of completions in order of step."""
        if FILE.fullmatch(self.path.name):
            return [self.path]
        below = self.path / "completions"
        return numbered(below if below.is_dir() else self.path, FILE)

    def step(self, file: Path) -> int | None:
        """The number in the file's name."""
        match = FILE.fullmatch(file.name)
        return int(match[1]) if match else None

    def scores(self, fields: Fields) -> Sequence[str]:
        """Number columns between the completion and the advantage."""
        names = list(fields)
        start = names.index("completion") + 1 if "completion" in fields else 0
        end = names.index("advantage") if "advantage" in fields else len(names)
        return [n for n in names[start:end] if n != "gold" and numeric(fields[n])]

    @property
    def run(self) -> str:
        """The name of the trainer's output folder."""
        folder = self.path.absolute()
        folder = folder.parent if FILE.fullmatch(folder.name) else folder
        return (folder.parent if folder.name == "completions" else folder).name or "run"
