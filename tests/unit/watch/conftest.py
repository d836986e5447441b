"""A run that is watched and turned by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from counting_monitor import CountingMonitor
from spooled_runs import Watched


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(monitor: CountingMonitor | None = None, **options: Any) -> Watched:
        made.append(Watched(tmp_path, monitor or CountingMonitor(every=1, window=20), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
