"""The validated table of scored candidates and how it is read."""

from overopt.samples.table import Category, GroupBatch, Samples

__all__ = ["Category", "GroupBatch", "Samples"]
