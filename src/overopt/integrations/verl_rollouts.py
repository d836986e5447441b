"""Rollouts that verl writes to ``trainer.rollout_data_dir`` (read in verl 0.9.1).

``DIR/STEP.jsonl``, one file for each step, with input, output, gts (the reference answer), score,
step and one field for each extra that the reward function returned. Written in one go, perhaps
beside training. Prompts are told apart by their text. KL is not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import final

from overopt.integrations.follower import Follower, first_record, numbered
from overopt.integrations.row import Fields

__all__ = ["VerlRollouts"]

FILE = re.compile(r"(\d+)\.jsonl")


@final
class VerlRollouts(Follower):
    """The folder of rollouts, or one file of it."""

    name = "verl"
    step_files = True

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """By the names of files and the fields of the first record."""
        files = cls(path).files()
        return bool(files) and {"input", "output", "score"} <= set(first_record(files[0]) or ())

    def files(self) -> list[Path]:
        """Files in order of step."""
        return [self.path] if FILE.fullmatch(self.path.name) else numbered(self.path, FILE)

    def step(self, file: Path) -> int | None:
        """The number that is the file's name."""
        match = FILE.fullmatch(file.name)
        return int(match[1]) if match else None

    def scores(self, fields: Fields) -> Sequence[str]:
        """The score that the trainer optimises, before a penalty for KL."""
        return [name for name in ("score",) if name in fields]
