"""Training data that NeMo-RL's GRPO logs (read in NeMo-RL's source of 2026).

``LOGS/exp_NNN/train_data_stepN.jsonl``, one file for each step: content (the texts of a sample's
messages), rewards, input_lengths, log probabilities, idx. Each value is a list of one. A prompt has
no id: samples whose first message is the same are its candidates. ``val_data_step`` files are read
only where one is named, KL is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from overopt.integrations.follower import Follower, numbered
from overopt.integrations.row import Fields

__all__ = ["NemoRlData"]

TRAIN = re.compile(r"train_data_step(\d+)\.jsonl")
FILE = re.compile(r"(?:train|val)_data_step(\d+)\.jsonl")


@final
class NemoRlData(Follower):
    """A folder of logs, or one file of it."""

    name = "nemo-rl"
    step_files = True

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """By the names of files."""
        return bool(cls(path).files())

    def files(self) -> list[Path]:
        """Files in order of step; of several experiments in a folder the last."""
        if FILE.fullmatch(self.path.name):
            return [self.path]
        found = numbered(self.path, TRAIN)
        if found:
            return found
        experiments = numbered(self.path, re.compile(r"exp_(\d+)"))
        return numbered(experiments[-1], TRAIN) if experiments else []

    def step(self, file: Path) -> int | None:
        """The number in the file's name."""
        match = FILE.fullmatch(file.name)
        return int(match[1]) if match else None

    def fields(self, record: Mapping[str, Any]) -> Fields:
        """Values without the lists of one around them, and the prompt."""
        single = {name: _only(value) for name, value in record.items()}
        content = single.get("content")
        if isinstance(content, list) and content:
            single["prompt"] = content[0]
        if "input_lengths" in single:
            single["length"] = single["input_lengths"]
        return single

    def scores(self, fields: Fields) -> Sequence[str]:
        """The reward of the sample."""
        return [name for name in ("rewards",) if name in fields]


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
