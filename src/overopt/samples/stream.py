"""Reads a table that is clustered by prompt as a stream of Samples, Parquet in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast, final

import numpy as np

from overopt.errors import BadOption, BadSamples
from overopt.samples.arrange import Place, arranged
from overopt.samples.arrow import ArrowColumn, ArrowTable, encoded, shortened
from overopt.samples.columns import Roles, Wanted, roles_of
from overopt.samples.files import Part
from overopt.samples.read import check_schemas, parts_of
from overopt.samples.repeats import unrepeated
from overopt.samples.table import Samples

__all__ = ["stream_samples"]


def stream_samples(
    source: Any,
    *,
    proxies: Sequence[str] = (),
    gold: str | None = None,
    columns: Mapping[str, str] | None = None,
    by: str | None = None,
    gold_source: str | None = None,
    lone_rows: bool = False,
    rows_per_block: int = 1 << 19,
) -> Iterable[Samples]:
    """Blocks of about ``rows_per_block`` rows, each of whole prompts, in the order of the file.

    A prompt that a block, row group or file cuts is carried into the next block. Candidate, source
    and text are read only where ``columns`` names them, and repeated candidates found only then.
    All files are read, without a window. Options are otherwise those of ``read_samples``.

    Raises
    ------
    BadSamples
        As ``read_samples``, and when a prompt comes back after its block ended: ``read_samples``
        and ``sorted_by_prompt`` bring the rows of a prompt together.
    """
    if rows_per_block < 1:
        raise BadOption(f"rows_per_block {rows_per_block} holds no row: give 1 or more")
    named: dict[str, Any] = {"proxies": tuple(proxies), "columns": dict(columns or {})}
    wanted = Wanted(**named, gold=gold, by=by, lone_rows=lone_rows)
    parts = parts_of(source)
    roles = roles_of(parts[0].schema, wanted, parts[0].name)
    asked = {name: wanted.columns.get(name) for name in ("candidate_id", "source", "text")}
    roles = replace(roles, features={}, **cast(dict[str, Any], asked))
    check_schemas(parts, roles)
    return _Stream(
        partial(_blocks, parts, roles, rows_per_block, gold_source, must_label=gold is not None)
    )


@final
@dataclass(frozen=True)
class _Stream:
    """Blocks that are read anew at every walk: folds over partial labels walk twice."""

    blocks: Callable[[], Iterator[Samples]]

    def __iter__(self) -> Iterator[Samples]:
        return self.blocks()


def _blocks(
    parts: Sequence[Part], roles: Roles, size: int, gold_source: str | None, must_label: bool
) -> Iterator[Samples]:
    starts = np.cumsum([0, *(part.rows for part in parts[:-1])]).tolist()
    place = Place(names=[part.name for part in parts], starts=starts)
    batches = _ahead(batch for part in parts for batch in part.batches(roles.columns, size))
    ended: set[int] = set()
    rows = labelled = 0
    for table in _whole_prompts(batches, roles.prompt_id):
        samples = arranged(table, roles, place, first_row=rows)
        if roles.prompt_id is not None:
            _check_ended(samples, ended, place)
        rows += table.num_rows
        labelled += samples.labelled if must_label else 0
        yield replace(unrepeated(samples, place), gold_source=gold_source)
    if rows == 0:
        raise BadSamples(f"{place.origin} has no rows: nothing to audit")
    if must_label and not labelled:
        raise BadSamples(
            f"gold column {roles.gold!r} of {place.origin} is empty in all {rows} rows: "
            "name another with --gold, or leave it out"
        )


def _ahead(batches: Iterator[Any]) -> Iterator[Any]:
    """The same batches, each decoded in the background while the one before is worked on."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _whole_prompts(batches: Iterable[Any], prompt: str | None) -> Iterator[ArrowTable]:
    """The same rows in tables that end where a prompt ends; without prompts that is anywhere."""
    import pyarrow as pa

    pending = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if pending is not None and prompt is None:
            yield pending
        elif pending is not None and prompt is not None:
            cut = _last_change(pending[prompt])
            if cut:
                yield pending.slice(0, cut)
            table = pa.concat_tables([pending.slice(cut), table])
        pending = table
    if pending is not None and pending.num_rows:
        yield pending


def _last_change(column: ArrowColumn) -> int:
    """Position at which the last run of equal values begins; looks no further back than needed."""
    rows, tail = len(column), 512
    while True:
        tail = min(rows, 8 * tail)
        codes = encoded(column.slice(rows - tail))[0]
        change = np.flatnonzero(codes[1:] != codes[:-1])
        if len(change):
            return rows - tail + int(change[-1]) + 1
        if tail == rows:
            return 0


def _check_ended(samples: Samples, ended: set[int], place: Place) -> None:
    """Adds the prompts of a block to those that ended; BadSamples when one is there already."""
    ids = samples.prompt_ids.tolist()
    # Integers as they are; of other ids, which may be long, hashes.
    block = set(ids if samples.prompt_ids.dtype != object else map(hash, ids))
    if not ended.isdisjoint(block):
        known = (name in ended if isinstance(name, int) else hash(name) in ended for name in ids)
        back = next(code for code, seen in enumerate(known) if seen)
        row = int(samples.row[np.argmax(samples.prompt == back)])
        raise BadSamples(
            f"prompt {shortened(ids[back])} comes back {place.where(row)}, after other prompts: "
            "bring its rows together with sorted_by_prompt, or read the table with read_samples"
        )
    ended |= block
