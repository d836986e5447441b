"""The demo table: 150 programming tasks, 64 programs each, two test scores and the truth.

``examples/demo/make_demo.py`` in the repository makes it and explains every column.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["table_path"]


def table_path() -> Path:
    """Path of the Parquet file that ships with the package."""
    return Path(__file__).with_name("programs.parquet")
