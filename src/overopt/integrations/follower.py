"""What one foreign format is: which files it has, and how their records name step and score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from overopt.integrations.file_rows import Ending, FileMark, Record, file_records
from overopt.integrations.row import Fields, general_scores

__all__ = ["Follower", "first_record", "numbered"]


class Follower(ABC):
    """The files of one run as some program writes them, in the order in which they are written."""

    name: ClassVar[str]
    """What ``--format`` calls it."""

    step_files: ClassVar[bool] = False
    """Whether each file holds one step, which its name tells, and is over when the next begins."""

    whole_files: ClassVar[bool] = False
    """Whether a file that can be read at all is over."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path) -> bool:
        """Whether a file or folder is of this format, by names and the first record."""

    @abstractmethod
    def files(self) -> list[Path]:
        """The files there are now, in order."""

    def step(self, file: Path) -> int | None:
        """The step of all samples of a file, None where records tell."""
        return None

    def records(self, file: Path, mark: FileMark, ending: Ending) -> Iterator[Record]:
        """Records of a file after a mark."""
        return file_records(file, mark, ending)

    def fields(self, record: Mapping[str, Any]) -> Fields:
        """A record with one value for each field."""
        return record

    def scores(self, fields: Fields) -> Sequence[str]:
        """Fields of a record among which the score is looked for."""
        return general_scores(fields)

    @property
    def run(self) -> str:
        """The run's name where no field tells it."""
        return self.path.absolute().name.partition(".")[0] or "run"


def numbered(folder: Path, pattern: Any) -> list[Path]:
    """Files of a folder whose whole name matches, by the number in its first group."""
    if not folder.is_dir():
        return []
    found = [(pattern.fullmatch(p.name), p) for p in folder.iterdir()]
    return [p for _, p in sorted((int(match[1]), p) for match, p in found if match)]


def first_record(path: Path) -> Mapping[str, Any] | None:
    """The first record of a file, None where there is none yet."""
    records = file_records(path, FileMark(path=path.name), Ending.QUIET)
    return next((record.fields for record in records if record.fields is not None), None)
