"""The validated table that everything else reads: scored candidates, prompts contiguous.

A table is also a stream: every function that folds over prompts takes one ``Samples`` or an
iterable of them, where each holds whole prompts only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadSamples

__all__ = ["Category", "GroupBatch", "Samples"]

FloatVector = npt.NDArray[np.floating[Any]]
IntVector = npt.NDArray[np.integer[Any]]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Category:
    """A column of names, stored once: ``names[codes[row]]``; code -1 means missing."""

    codes: IntVector
    names: tuple[str, ...]

    def take(self, rows: IntVector | npt.NDArray[np.bool_]) -> Category:
        """The same names for some rows."""
        return Category(codes=self.codes[rows], names=self.names)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GroupBatch:
    """All comparison groups of one size: ``rows[group, candidate]`` are row positions."""

    rows: npt.NDArray[np.int64]
    prompt: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Candidates per group."""
        return int(self.rows.shape[1])


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Scored candidates. Rows of a prompt are contiguous, and within it rows of a group.

    ``prompt`` [rows] are codes 0..prompts-1, non-decreasing, indices into ``prompt_ids``.
    ``group`` [rows] are codes 0..groups-1, non-decreasing; a group lies within one prompt and is
    what candidates are compared in (prompt x step, policy or checkpoint).
    ``proxies`` maps names to [rows] scores, higher = better by that score; NaN = not scored.
    ``gold`` [rows] is trusted quality, NaN = not labelled; None when there is no gold column.
    ``label_prob`` [rows] is the recorded chance that the row was ever labelled; None = unknown.
    ``group_value`` [rows] names the step, policy or checkpoint; None = one group per prompt.
    ``row`` [rows] is each row's number (from 0) in what the user gave, for findings.
    """

    prompt: IntVector
    group: IntVector
    proxies: Mapping[str, FloatVector]
    prompt_ids: npt.NDArray[Any]
    row: IntVector
    gold: FloatVector | None = None
    label_prob: FloatVector | None = None
    candidate: Category | None = None
    source: Category | None = None
    text: Any = None
    group_value: Category | None = None
    gold_name: str | None = None
    gold_source: str | None = None
    origin: str = "a table in memory"
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.prompt) == 0:
            raise BadSamples(f"{self.origin} has no rows: nothing to audit")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.prompt)

    @property
    def prompts(self) -> int:
        """Number of prompts: the sample size of every interval."""
        return len(self.prompt_ids)

    @property
    def labelled(self) -> int:
        """Number of rows that carry a gold label."""
        return 0 if self.gold is None else int(np.count_nonzero(~np.isnan(self.gold)))

    @cached_property
    def group_starts(self) -> npt.NDArray[np.int64]:
        """First row of every group, and the number of rows at the end: [groups + 1]."""
        change = np.flatnonzero(np.diff(self.group)) + 1
        return np.concatenate([[0], change, [self.rows]]).astype(np.int64)

    @property
    def groups(self) -> int:
        """Number of comparison groups."""
        return len(self.group_starts) - 1

    @cached_property
    def group_sizes(self) -> npt.NDArray[np.int64]:
        """Candidates in every group: [groups]."""
        return np.diff(self.group_starts)

    def batches(self, smallest: int = 1) -> Iterator[GroupBatch]:
        """Groups of at least ``smallest`` candidates, batched by size, in ascending size."""
        starts, sizes = self.group_starts[:-1], self.group_sizes
        for size in np.unique(sizes[sizes >= smallest]):
            chosen = starts[sizes == size]
            rows = chosen[:, None] + np.arange(size)[None, :]
            yield GroupBatch(rows=rows, prompt=self.prompt[chosen].astype(np.int64))

    def take(self, rows: npt.NDArray[np.bool_] | IntVector) -> Samples:
        """The table of some rows (a mask, or ascending positions), codes renumbered."""
        prompt_used, prompt = np.unique(self.prompt[rows], return_inverse=True)
        group = np.unique(self.group[rows], return_inverse=True)[1]
        return replace(
            self,
            prompt=prompt.astype(np.int64),
            group=group.astype(np.int64),
            proxies={name: values[rows] for name, values in self.proxies.items()},
            prompt_ids=self.prompt_ids[prompt_used],
            row=self.row[rows],
            gold=None if self.gold is None else self.gold[rows],
            label_prob=None if self.label_prob is None else self.label_prob[rows],
            candidate=None if self.candidate is None else self.candidate.take(rows),
            source=None if self.source is None else self.source.take(rows),
            text=None if self.text is None else self.text[rows],
            group_value=None if self.group_value is None else self.group_value.take(rows),
        )
