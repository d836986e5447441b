"""Tables to measure on: clustered Parquet, 64 candidates a prompt, every row labelled.

Gold is normal with a prompt effect; the proxy is gold plus a heavy-tailed error. As a command,
``python benchmarks/tables.py PATH ROWS``, so that what making one costs is not measured.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["CANDIDATES", "COLUMNS", "table"]

CANDIDATES = 64
COLUMNS = ("prompt_id", "proxy", "gold")
ROW_GROUP = 1 << 20  # a whole number of prompts


def table(folder: str, rows: int) -> Path:
    """A table of ``rows`` rows, made by another process in ``folder``."""
    path = Path(folder) / "table.parquet"
    subprocess.run([sys.executable, __file__, str(path), str(rows)], check=True)
    return path


def _write(path: str, rows: int) -> None:
    """Row group by row group, so that a table may be larger than memory."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(0)
    schema = pa.schema(zip(COLUMNS, (pa.int32(), pa.float32(), pa.float32()), strict=True))
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for first in range(0, rows, ROW_GROUP):
            count = min(ROW_GROUP, rows - first)
            prompt = np.arange(first, first + count, dtype=np.int32) // CANDIDATES
            effect = np.repeat(rng.standard_normal(-(-count // CANDIDATES)), CANDIDATES)[:count]
            gold = effect + rng.standard_normal(count)
            proxy = gold + 0.5 * rng.standard_t(3, count)
            columns = [prompt, proxy.astype(np.float32), gold.astype(np.float32)]
            writer.write_table(pa.table(columns, schema=schema))


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]))
