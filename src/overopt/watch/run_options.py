"""The options of a run, kept beside its spool, so that whoever collects it watches it the same way.

Options hold from a run's first batch to its last: the first process to name them writes them down,
and every later one, also after a restart, must mean the same.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from overopt.errors import BadOption, StoreError
from overopt.watch.chances import LabelBudget
from overopt.watch.monitor import Monitor
from overopt.watch.options import WatchOptions

__all__ = ["OPTIONS", "kept_options", "monitor_of", "read_options"]

OPTIONS = "options.json"
LARGEST = 16 << 20  # bytes; a validity card is some kilobytes


def kept_options(spool: str | Path, run: str, told: Mapping[str, Any]) -> WatchOptions:
    """Write down in ``spool/run`` what a run is watched for, or check it against what is there.

    ``told`` are fields of ``WatchOptions``; a run that has begun has told the others.

    Raises
    ------
    BadOption
        When an option makes no sense, or the run was begun with another value.
    StoreError
        When the options cannot be written or read.
    """
    folder = Path(spool) / run
    wanted = WatchOptions(**told)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_once(folder / OPTIONS, json.dumps(_plain(wanted), sort_keys=True))
    except OSError as error:
        raise StoreError(f"{folder} cannot be written ({error}): choose another folder") from None
    begun = read_options(spool, run)
    before, now = _plain(begun), _plain(wanted)
    other = [name for name in told if json.dumps(before[name]) != json.dumps(now[name])]
    if other:
        changes = ", ".join(f"{name} {before[name]!r}, not {now[name]!r}" for name in other)
        raise BadOption(
            f"run {run!r} was begun with {changes[:300]}: options hold for a whole run, so name "
            "another run"
        )
    return begun


def read_options(spool: str | Path, run: str) -> WatchOptions:
    """What a run is watched for; the defaults when nobody has said.

    Raises StoreError when the file is not what ``kept_options`` writes.
    """
    path = Path(spool) / run / OPTIONS
    if not path.is_file():
        return WatchOptions()
    try:
        plain = json.loads(_text(path))
        plain["budget"] = LabelBudget(**plain["budget"])
        plain["signals"], plain["gold_range"] = tuple(plain["signals"]), tuple(plain["gold_range"])
        return WatchOptions(**plain)
    except (TypeError, ValueError, KeyError) as error:
        raise StoreError(f"{path} holds no options of a run ({error}): restore it") from None


def monitor_of(spool: str | Path, run: str) -> Monitor:
    """The monitor of a run, the same in every process and after every restart."""
    return Monitor(read_options(spool, run))


def _plain(options: WatchOptions) -> dict[str, Any]:
    plain = {each.name: getattr(options, each.name) for each in fields(options)}
    budget = options.budget
    plain["budget"] = {each.name: getattr(budget, each.name) for each in fields(budget)}
    return plain


def _write_once(path: Path, text: str) -> None:
    """Write the file whole, unless it is there already."""
    if path.exists():
        return
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".options", delete=False) as file:
        file.write(text)
    try:
        os.link(file.name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(file.name)


def _text(path: Path) -> str:
    return path.read_bytes()[:LARGEST].decode("utf-8")
