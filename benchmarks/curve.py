"""Best-of-n curve and covariance, every n, over ten million labelled rows, streamed.

The floor is reading the three columns with pyarrow in the same process. As a command,
``python benchmarks/curve.py PATH``, it prints what both used: a process of its own, so that its
peak memory is that of the curve.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict

from measurement import Measurement, Used, median, used_by
from tables import CANDIDATES, COLUMNS, table

__all__ = ["measurements"]

ROWS = 10_000_000
RUNS = 7
MOST_TIMES, MOST_MEGABYTES = 3.0, 400


def measurements(rows: int = ROWS) -> Iterator[Measurement]:
    """Medians over alternating runs of floor and curve."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, str(table(folder, rows))]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    floor, used = (Used(**found) for found in json.loads(told))
    yield Measurement(
        name=f"curve of n = 1..{CANDIDATES}, {rows:,} rows",
        used=used,
        floor_name="read three columns",
        floor=floor,
        promise=f"at most {MOST_TIMES:.0f} times the floor, {MOST_MEGABYTES} MB",
        kept=used.cpu <= MOST_TIMES * floor.cpu and used.megabytes <= MOST_MEGABYTES,
    )


def _read(path: str) -> None:
    """Read the three columns batch by batch and drop them."""
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(path, pre_buffer=False)  # the default keeps the whole file in memory
    for batch in file.iter_batches(batch_size=1 << 20, columns=COLUMNS):
        del batch


def _curve(path: str) -> None:
    """Gold at every n and its covariance, from a stream of whole prompts."""
    import numpy as np

    from overopt.curves.estimation import gold_curve
    from overopt.pressure import BestOfN
    from overopt.samples import stream_samples

    stream = stream_samples(path, proxies=["proxy"], gold="gold")
    every_n = np.arange(1.0, CANDIDATES + 1)
    found = gold_curve(stream, "proxy", BestOfN(), strengths=every_n, labels_drawn="all")
    assert found.moments is not None
    assert np.isfinite(found.moments.covariance_of_mean()).all()


def _main(path: str) -> None:
    _read(path)
    _curve(path)
    pairs = [(used_by(lambda: _read(path)), used_by(lambda: _curve(path))) for _ in range(RUNS)]
    print(json.dumps([asdict(median(runs)) for runs in zip(*pairs, strict=True)]))


if __name__ == "__main__":
    _main(sys.argv[1])
