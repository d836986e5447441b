"""Tables of which each holds one step, told by the number in its name and by no column.

Such as ``step_0004.csv`` or ``checkpoint-400.parquet``: the names that ``overopt audit`` knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import final

from overopt.integrations.follower import Follower, first_record
from overopt.samples.files import TABLE_NAME, step_in_name
from overopt.watch.log import STEPS

__all__ = ["NumberedFiles"]


@final
class NumberedFiles(Follower):
    """A folder of such tables."""

    name = "numbered"
    step_files = True

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """By a number in the name of every table, and no step in the first record."""
        files = cls(path).files()
        if not files or len(files) < sum(1 for p in path.iterdir() if TABLE_NAME.fullmatch(p.name)):
            return False
        record = first_record(files[0])
        return record is not None and not {name.lower() for name in record} & set(STEPS)

    def files(self) -> list[Path]:
        """Tables in order of step."""
        if not self.path.is_dir():
            return []
        tables = [p for p in self.path.iterdir() if TABLE_NAME.fullmatch(p.name)]
        return [
            p
            for step, p in sorted((self.step(p) or 0, p) for p in tables)
            if self.step(p) is not None
        ]

    def step(self, file: Path) -> int | None:
        """The number in the file's name."""
        return step_in_name(file)
