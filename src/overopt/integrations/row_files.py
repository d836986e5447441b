"""Tables with one row for each sample, or for each step: JSON lines, CSV, Parquet, Arrow.

Whatever wrote them (OpenRLHF scripts, rldk, rewardspy, a callback of one's own): columns are found
by the names that ``overopt watch replay`` knows, parts of the reward also in a nested
``components`` or ``rewards``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from overopt.integrations.follower import Follower
from overopt.integrations.row import PARTS, Fields
from overopt.samples.files import TABLE_NAME, in_numeric_order

__all__ = ["RowFiles"]


@final
class RowFiles(Follower):
    """A file that grows, or a folder in which several do."""

    name = "rows"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Any table file, or folder of such."""
        return bool(cls(path).files())

    def files(self) -> list[Path]:
        """Table files, numbers in their names in numeric order."""
        if not self.path.is_dir():
            return [self.path] if self.path.is_file() else []
        found = [p for p in self.path.iterdir() if TABLE_NAME.fullmatch(p.name) and p.is_file()]
        return sorted(found, key=in_numeric_order)

    def fields(self, record: Mapping[str, Any]) -> Fields:
        """Fields beside those of the nested records of the reward's parts."""
        flat: dict[str, Any] = {}
        for name, value in record.items():
            if isinstance(value, dict) and f"{name}." in PARTS:
                flat.update({f"{name}.{part}": each for part, each in value.items()})
            else:
                flat[name] = value
        return flat
