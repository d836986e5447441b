"""The validated table of scored candidates and how it is read."""

from overopt.samples.read import read_samples
from overopt.samples.sorting import sorted_by_prompt
from overopt.samples.stream import stream_samples
from overopt.samples.table import Category, GroupBatch, Samples, scored
from overopt.samples.write import to_arrow, to_parquet

__all__ = [
    "Category",
    "GroupBatch",
    "Samples",
    "read_samples",
    "scored",
    "sorted_by_prompt",
    "stream_samples",
    "to_arrow",
    "to_parquet",
]
