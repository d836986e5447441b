"""Best-of-n curve and covariance, every n, over 1e7 labelled rows: time against reading, and memory.

The table is made in a temporary folder: 64 candidates a prompt, clustered Parquet, zstd. The floor
is reading its three columns with pyarrow in the same process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from overopt.curves.gold_curve import gold_curve
from overopt.pressure import BestOfN
from overopt.samples import stream_samples

CANDIDATES = 64
ROW_GROUP = 1 << 20
TARGET_RATIO, TARGET_MEGABYTES = 3.0, 400


def write_table(path: Path, rows: int, seed: int = 0) -> None:
    """A table of ``rows`` rows: gold normal with a prompt effect, proxy = gold + 0.5 t(3) error."""
    rng = np.random.default_rng(seed)
    schema = pa.schema(
        [("prompt_id", pa.int32()), ("proxy", pa.float32()), ("gold", pa.float32())]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for first in range(0, rows, ROW_GROUP):
            count = min(ROW_GROUP, rows - first)
            prompt = (np.arange(first, first + count) // CANDIDATES).astype(np.int32)
            effect = np.random.default_rng(1).standard_normal(rows // CANDIDATES + 1)[prompt]
            gold = (effect + rng.standard_normal(count)).astype(np.float32)
            proxy = (gold + 0.5 * rng.standard_t(3, count)).astype(np.float32)
            writer.write_table(pa.table([prompt, proxy, gold], schema=schema))


def read_floor(path: Path) -> None:
    """Read the three columns batch by batch and drop them."""
    for batch in pq.ParquetFile(path).iter_batches(
        batch_size=ROW_GROUP, columns=["prompt_id", "proxy", "gold"]
    ):
        del batch


def curve(path: Path) -> np.ndarray:
    """Gold at every n, its covariance inside the curve, from a stream of whole prompts."""
    stream = stream_samples(path, proxies=["proxy"], gold="gold")
    found = gold_curve(stream, "proxy", BestOfN(), strengths=np.arange(1.0, CANDIDATES + 1))
    assert found.moments is not None
    return found.moments.covariance_of_mean()


def timed(work, *arguments) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Wall and CPU seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    return time.perf_counter() - wall, time.process_time() - cpu


def main(rows: int = 10_000_000, repeats: int = 5) -> int:
    """Print the ratio of medians and the peak memory; 1 when a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        write_table(path, rows)
        read_floor(path)
        floors, curves = [], []
        for _ in range(repeats):
            floors.append(timed(read_floor, path))
            curves.append(timed(curve, path))
    floor, ours = np.median(floors, axis=0), np.median(curves, axis=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = ours / floor
    print(f"best-of-n curve and covariance, {rows:,} rows, n = 1..{CANDIDATES}")
    print(f"  read three columns  wall {floor[0]:.3f} s  CPU {floor[1]:.3f} s")
    print(f"  whole curve         wall {ours[0]:.3f} s  CPU {ours[1]:.3f} s")
    print(f"  ratio               wall {ratio[0]:.2f}  CPU {ratio[1]:.2f}  (target <= 3)")
    print(f"  peak memory         {peak:.0f} MB  (target <= 400)")
    return int(ratio[0] > TARGET_RATIO or peak > TARGET_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
