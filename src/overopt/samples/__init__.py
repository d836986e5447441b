"""The validated table of scored candidates and how it is read."""

from overopt.samples.read import read_samples
from overopt.samples.table import Category, GroupBatch, Samples, scored
from overopt.samples.write import to_arrow, to_parquet

__all__ = [
    "Category",
    "GroupBatch",
    "Samples",
    "read_samples",
    "scored",
    "to_arrow",
    "to_parquet",
]
