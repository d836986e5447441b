"""Metrics that verl's ``file`` logger writes (read in verl 0.9.1): one line for each step.

``{"step": 3, "data": {"critic/score/mean": 0.4, ...}}``. One aggregated number for each step says
nothing of samples: questions that need groups or draws stay without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from overopt.integrations.follower import Follower, first_record
from overopt.integrations.row import Fields

__all__ = ["VerlMetrics"]

SCORES = ("critic/score/mean", "critic/rewards/mean")


@final
class VerlMetrics(Follower):
    """The file that the environment variable VERL_FILE_LOGGER_PATH names."""

    name = "verl-metrics"

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """By the first record: a step and a mapping of metrics."""
        record = first_record(path) if path.is_file() else None
        return record is not None and "step" in record and isinstance(record.get("data"), Mapping)

    def files(self) -> list[Path]:
        """The one file."""
        return [self.path] if self.path.is_file() else []

    def fields(self, record: Mapping[str, Any]) -> Fields:
        """The metrics beside the step."""
        data = record.get("data")
        return {**data, "step": record.get("step")} if isinstance(data, Mapping) else record

    def scores(self, fields: Fields) -> Sequence[str]:
        """The mean score; where there is none, the mean reward after a penalty for KL."""
        return [name for name in SCORES if name in fields][:1]
