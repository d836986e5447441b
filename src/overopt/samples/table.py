"""The validated table that everything else reads: scored candidates, prompts contiguous.

A table is also a stream: every function that folds over prompts takes one ``Samples`` or an
iterable of them, where each holds whole prompts only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples

__all__ = ["Category", "GroupBatch", "Samples", "name_hashes", "scored"]

FloatVector = npt.NDArray[np.floating[Any]]
IntVector = npt.NDArray[np.integer[Any]]
Rows = npt.NDArray[np.bool_] | IntVector | slice


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Category:
    """A column of names, stored once: ``names[codes[row]]``; code -1 means missing."""

    codes: IntVector
    names: tuple[str, ...]

    def take(self, rows: Rows) -> Category:
        """The same names for some rows."""
        return Category(codes=self.codes[rows], names=self.names)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GroupBatch:
    """All comparison groups of one size: group g is the rows starts[g] ... starts[g] + size - 1.

    ``prompt`` [groups] is the code of the prompt of each group.
    """

    starts: npt.NDArray[np.int64]
    size: int
    prompt: npt.NDArray[np.int64]

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """Row positions [groups, size]."""
        return self.starts[:, None] + np.arange(self.size)

    def gather(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """``values`` [rows] as [groups, size]: a view when the groups lie back to back."""
        first, last = int(self.starts[0]), int(self.starts[-1]) + self.size
        if last - first == len(self.starts) * self.size:
            return values[first:last].reshape(-1, self.size)
        return values[self.rows]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Scored candidates. Rows of a prompt are contiguous, and within it rows of a group.

    ``prompt`` [rows] are codes 0..prompts-1, non-decreasing, indices into ``prompt_ids``.
    ``group`` [rows] are codes 0..groups-1, non-decreasing; a group lies within one prompt and is
    what candidates are compared in (prompt x step, policy or checkpoint).
    ``proxies`` maps names to [rows] scores, higher = better by that score; NaN = not scored.
    ``features`` maps names to [rows] numbers that describe a candidate, such as its length.
    ``gold`` [rows] is trusted quality, NaN = not labelled; None when there is no gold column.
    ``label_prob`` [rows] is the recorded chance that the row was ever labelled; None = unknown.
    ``label_planned`` [rows] is 1 where a label was asked for, whether or not it came back.
    ``prediction`` [rows] is somebody's guess of gold, such as a judge's; it is never trusted.
    ``group_value`` [rows] names the step, policy or checkpoint; None = one group per prompt.
    ``row`` [rows] is each row's number (from 0) in what the user gave, for findings.
    ``text`` [rows] are candidates as Python strings, None = missing.
    """

    prompt: IntVector
    group: IntVector
    proxies: Mapping[str, FloatVector]
    prompt_ids: npt.NDArray[Any]
    row: IntVector
    features: Mapping[str, FloatVector] = field(default_factory=dict)
    gold: FloatVector | None = None
    label_prob: FloatVector | None = None
    label_planned: FloatVector | None = None
    prediction: FloatVector | None = None
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
        numbers = (*self.proxies.items(), *self.features.items())
        for name, values in (*numbers, ("group", self.group), ("gold", self.gold)):
            if values is not None and len(values) != self.rows:
                raise BadSamples(
                    f"{self.origin}: column {name!r} has {len(values)} rows, prompts have "
                    f"{self.rows}: give every column the same length"
                )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.prompt)

    @property
    def prompts(self) -> int:
        """Number of prompts: the sample size of every interval."""
        return len(self.prompt_ids)

    @cached_property
    def labelled(self) -> int:
        """Number of rows that carry a gold label."""
        return 0 if self.gold is None else int(np.count_nonzero(~np.isnan(self.gold)))

    @cached_property
    def group_starts(self) -> npt.NDArray[np.int64]:
        """First row of every group, and the number of rows at the end: [groups + 1]."""
        return np.append(_run_starts(self.group), self.rows)

    @property
    def groups(self) -> int:
        """Number of comparison groups."""
        return len(self.group_starts) - 1

    @cached_property
    def group_sizes(self) -> npt.NDArray[np.int64]:
        """Candidates in every group: [groups]."""
        return np.diff(self.group_starts)

    @property
    def largest_group(self) -> int:
        """Candidates in the largest group; 1 means that there is nothing to choose from."""
        return int(self.group_sizes.max())

    def batches(self, smallest: int = 1) -> Iterator[GroupBatch]:
        """Groups of at least ``smallest`` candidates, batched by size, in ascending size."""
        starts, sizes = self.group_starts[:-1], self.group_sizes
        for size in np.unique(sizes[sizes >= smallest]):
            chosen = starts[sizes == size]
            prompt = self.prompt[chosen].astype(np.int64)
            yield GroupBatch(starts=chosen, size=int(size), prompt=prompt)

    def take(self, rows: Rows) -> Samples:
        """The table of some rows (a mask, or ascending positions), codes renumbered."""
        prompt = self.prompt[rows]
        starts = _run_starts(prompt)
        numbers = ("gold", "label_prob", "label_planned", "prediction")
        present = {n: v for n in numbers if (v := getattr(self, n)) is not None}
        return replace(
            self,
            prompt=_renumbered(prompt, starts),
            group=_renumbered(self.group[rows]),
            proxies={name: values[rows] for name, values in self.proxies.items()},
            features={name: values[rows] for name, values in self.features.items()},
            prompt_ids=self.prompt_ids[prompt[starts]],
            row=self.row[rows],
            **{name: values[rows] for name, values in present.items()},
            candidate=None if self.candidate is None else self.candidate.take(rows),
            source=None if self.source is None else self.source.take(rows),
            text=None if self.text is None else self.text[rows],
            group_value=None if self.group_value is None else self.group_value.take(rows),
        )

    @cached_property
    def prompt_hash(self) -> npt.NDArray[np.uint64]:
        """A number [prompts] made from each prompt id alone: draws by it survive any reordering."""
        return name_hashes(self.prompt_ids)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the rows' prompt ids, proxies and gold, in any order of rows.

        Two tables share it when they hold the same rows with the same proxy names, however the
        rows, prompts and files are ordered. Scores are compared exactly, as 64-bit floats.
        """
        mixed = self.prompt_hash[self.prompt]
        names = sorted(self.proxies)
        for values in (*(self.proxies[name] for name in names), self.gold):
            if values is not None:
                mixed = _scrambled(mixed ^ _bits(values))
        # Sums of row hashes do not depend on order; two of them make a collision implausible.
        sums = [int(mixed.sum(dtype=np.uint64)), int(_scrambled(mixed).sum(dtype=np.uint64))]
        content = repr((names, self.gold is not None, self.rows, sums))
        return hashlib.sha256(content.encode()).hexdigest()


def name_hashes(names: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """BLAKE2b of each name as text, 64 bits: [names]."""
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8).digest() for i in names.tolist())
    return np.frombuffer(b"".join(digests), dtype="<u8")


def scored(samples: Samples, proxy: str) -> Samples:
    """The rows that ``proxy`` scored with a finite number; the same object when it scored all.

    Raises BadOption for a proxy that the table lacks, BadSamples when no score is finite.
    """
    if proxy not in samples.proxies:
        known = ", ".join(map(repr, samples.proxies))
        raise BadOption(f"no proxy {proxy!r} was read from {samples.origin}; read were: {known}")
    finite = np.isfinite(samples.proxies[proxy])
    if finite.all():
        return samples
    if not finite.any():
        raise BadSamples(
            f"{samples.origin}: proxy {proxy!r} has no finite score in {samples.rows} rows: "
            "name another column with --proxy"
        )
    return samples.take(finite)


def _run_starts(codes: IntVector) -> npt.NDArray[np.int64]:
    """First position of every run of equal neighbours."""
    change = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return np.concatenate([np.zeros(min(1, len(codes)), dtype=np.int64), change])


def _renumbered(codes: IntVector, starts: npt.NDArray[np.int64] | None = None) -> IntVector:
    """Non-decreasing codes as 0, 1, 2, ... without gaps."""
    starts = _run_starts(codes) if starts is None else starts
    lengths = np.diff(np.append(starts, len(codes)))
    return np.repeat(np.arange(len(starts), dtype=codes.dtype), lengths)


def _bits(values: FloatVector) -> npt.NDArray[np.uint64]:
    """Bit patterns of 64-bit floats, with one NaN and one zero."""
    plain = values.astype(np.float64) + 0.0
    plain[np.isnan(plain)] = np.nan
    return plain.view(np.uint64)


def _scrambled(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The splitmix64 finaliser: a bijection in which every input bit moves every output bit."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
