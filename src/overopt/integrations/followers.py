"""The formats that can be followed, and which one a path is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from overopt.errors import BadOption, BadSamples
from overopt.integrations.follower import Follower
from overopt.integrations.following import Following
from overopt.integrations.inspect_logs import InspectLogs
from overopt.integrations.nemo_rl_data import NemoRlData
from overopt.integrations.numbered_files import NumberedFiles
from overopt.integrations.row_files import RowFiles
from overopt.integrations.trl_completions import TrlCompletions
from overopt.integrations.verl_metrics import VerlMetrics
from overopt.integrations.verl_rollouts import VerlRollouts
from overopt.watch.batch import Batch
from overopt.watch.log import LogColumns

__all__ = ["FOLLOWERS", "followed", "follower_of"]

# The first that recognises a path reads it; the last takes any table.
FOLLOWERS: tuple[type[Follower], ...] = (
    TrlCompletions,
    NemoRlData,
    VerlRollouts,
    InspectLogs,
    VerlMetrics,
    NumberedFiles,
    RowFiles,
)


def follower_of(path: str | Path, format_name: str | None = None) -> Follower:
    """The follower of a file or folder: as named, else the first that recognises it.

    A folder may be empty still where the format is named. Raises BadSamples when there is nothing
    to follow, BadOption for an unknown format.
    """
    path = Path(path).expanduser()
    if format_name is not None:
        named = {kind.name: kind for kind in FOLLOWERS}
        if format_name not in named:
            raise BadOption(f"--format {format_name!r} is unknown: there are {', '.join(named)}")
        return named[format_name](path)
    if not path.exists():
        raise BadSamples(
            f"no file or folder {str(path)!r}: check the path, or give --format to wait for it"
        )
    for kind in FOLLOWERS:
        if kind.recognises(path):
            return kind(path)
    raise BadSamples(
        f"{path} holds nothing that can be followed yet: give --format "
        f"({', '.join(kind.name for kind in FOLLOWERS)}) to wait for its files"
    )


def followed(
    path: str | Path, columns: LogColumns | None = None, format_name: str | None = None
) -> Iterator[Batch]:
    """Batches of files to which nothing is added any more, in order of step for each run."""
    yield from Following(follower_of(path, format_name), columns).finish()
