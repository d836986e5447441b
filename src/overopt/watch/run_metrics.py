"""What a watch says of a run as numbers by name, for whatever tracks a training run.

``wandb.log``, ``trackio.log`` and ``mlflow.log_metrics`` take them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overopt.errors import StoreError
from overopt.watch.live_run import live_run
from overopt.watch.numbers_told import numbers_told
from overopt.watch.store import opened_for_reading

__all__ = ["metrics"]


def metrics(run: str, folder: str | Path | None = None) -> dict[str, float]:
    """Numbers of a run now, nothing as long as nothing is known.

    ``overopt/NAME/gain`` with ``gain_lower`` and ``gain_upper`` of each signal where it has one,
    ``overopt/NAME/state`` (1 green, 0 undecided, -1 red), ``overopt/red`` and ``overopt/amber`` how
    many signals are so, ``overopt/labels`` how many labels were used. A run of this process is not
    waited for; of another, the store in ``folder`` is read.

    Raises BadOption for a name that no run can have.
    """
    live = live_run(run, folder)
    document = live.document
    if document is None:
        document = _stored(live.folder, run)
    return {} if document is None else dict(numbers_told(document))


def _stored(folder: Path, run: str) -> Mapping[str, Any] | None:
    try:
        db = opened_for_reading(folder)
    except StoreError:
        return None
    try:
        row = db.execute("SELECT document FROM runs WHERE run = ?", (run,)).fetchone()
    finally:
        db.close()
    return None if row is None else json.loads(row[0])
