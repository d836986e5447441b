"""Reads files, folders and frames into one ``Samples``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from overopt.errors import BadOption, BadSamples
from overopt.samples.arrange import Place, arranged, category
from overopt.samples.arrow import ArrowTable, as_text, encoded, is_number
from overopt.samples.columns import ROW_NUMBER, Roles, Wanted, roles_of
from overopt.samples.files import Part, file_part, found_files, frame_part
from overopt.samples.label_record import latest_record
from overopt.samples.repeats import pooled, unrepeated, with_source
from overopt.samples.sorting import sorted_by_prompt
from overopt.samples.table import Samples

__all__ = ["read_samples"]

ENOUGH_PROMPTS = 20  # the last window of a trainer's folder is widened until it has as many


def read_samples(
    source: Any,
    *,
    proxies: Sequence[str] = (),
    gold: str | None = None,
    columns: Mapping[str, str] | None = None,
    features: Sequence[str] = (),
    by: str | None = None,
    window: int | None = None,
    pool_groups: bool = False,
    reduce: str | None = None,
    gold_source: str | None = None,
    lone_rows: bool = False,
    sort_on_disk_above: int = 50_000_000,
) -> Samples:
    """Scored candidates from wherever they are, checked, with the rows of a prompt together.

    Parameters
    ----------
    source
        A path, glob, folder or list of paths (Parquet, Arrow, CSV or JSON lines, told apart by
        content; text also gzip, zstd or bz2), any frame with an Arrow C stream (polars, pandas,
        pyarrow, datasets), a mapping of columns, or Samples, which are returned as they are.
    proxies
        Scores to audit: ``rm`` is the column ``rm``, else ``proxy_rm``. None: every number column
        called proxy, proxy_*, reward*, score* or *_reward.
    gold
        The column of trusted quality, likewise (``gold_`` prefix). None: a column called ``gold``
        if it is there and not empty.
    columns
        Role -> column for prompt_id, candidate_id, source, group, label_prob, label_planned, text
        where names do not tell, and for prediction, a guess of gold that sharpens partial labels.
    features
        Columns that describe a candidate, such as its length, to see whether one takes over. None:
        every number column called length, chars, tokens or words, also with a prefix such as
        ``completion_``.
    by
        Column that separates what may not be compared: step, policy, checkpoint. None: a column
        ``group``, else all of step, policy, checkpoint that there are, else a trainer's file names.
    window
        Read only the last so many steps (values of the group column). None: all of a plain table;
        of a folder that a trainer wrote, the last step and as many before it as give 20 prompts.
    pool_groups
        Compare all candidates of a prompt whatever their group. Invents gains; the audit says so.
    reduce
        ``last``, ``sum`` or ``mean``: how rows of one (prompt, group, candidate) become one.
    gold_source
        Whose judgement gold is (human, verifier, judge NAME), for sentences. None: as recorded
        with the labels.
    lone_rows
        Where no column names the prompt, take each row as its own prompt, instead of BadSamples.
    sort_on_disk_above
        Rows of files from which prompts that lie apart are brought together on disk (duckdb).

    Raises
    ------
    BadSamples
        The table cannot be read or used; one line with what, where and what to do.
    BadOption
        An option has no meaning for this table.
    """
    if isinstance(source, Samples):
        return source
    if window is not None and window < 1:
        raise BadOption(f"--window {window} reads no step: give 1 or more")
    named: dict[str, Any] = {
        "proxies": tuple(proxies),
        "features": tuple(features),
        "columns": dict(columns or {}),
    }
    wanted = Wanted(**named, gold=gold, by=by, lone_rows=lone_rows)
    chosen = by is not None or "group" in wanted.columns or pool_groups
    read = _read(parts_of(source), wanted, window, whole=chosen)
    if read.table.num_rows > sort_on_disk_above and read.files and _apart(read):
        read = _sorted_on_disk(read, wanted)
    if window is not None and not read.stepped:
        read = _windowed(read, window)
    samples = unrepeated(arranged(read.table, read.roles, read.place), read.place, reduce)
    samples = with_source(samples)
    return _described(pooled(samples) if pool_groups else samples, read, gold, gold_source)


@dataclass(frozen=True, kw_only=True)
class Read:
    """The rows that were read, from where, and the steps when files stand for steps."""

    table: ArrowTable
    roles: Roles
    place: Place
    files: Sequence[Path]  # those that may be sorted on disk instead
    stepped: bool
    notes: Mapping[str, Any]


def parts_of(source: Any) -> list[Part]:
    """Files or frames of a source, in order."""
    if isinstance(source, str | Path):
        return [file_part(path) for path in found_files(source)]
    if isinstance(source, Mapping):
        return [frame_part(source, "a mapping of columns")]
    if hasattr(source, "__arrow_c_stream__"):
        return [frame_part(source, f"a {type(source).__module__.partition('.')[0]} table")]
    if isinstance(source, Iterable):
        parts = [part for each in source for part in parts_of(each)]
        if parts:
            return parts
        raise BadSamples("the list of files is empty: give a file, folder or frame")
    raise BadSamples(
        f"cannot read samples from a {type(source).__name__}: give a path, a folder, a frame with "
        "an Arrow C stream (a lazy frame: collect it first) or a mapping of columns"
    )


def _described(samples: Samples, read: Read, gold: str | None, gold_source: str | None) -> Samples:
    """Samples with the notes of their reading, and without a gold column that is empty."""
    notes = {**read.notes, **samples.notes, "columns": _used(read.roles)}
    if samples.gold is not None and not samples.labelled:
        if gold is not None:
            raise BadSamples(
                f"gold column {read.roles.gold!r} of {samples.origin} is empty in all "
                f"{samples.rows} rows: name another with --gold, or leave it out"
            )
        return replace(samples, gold=None, gold_name=None, notes=notes)
    recorded = notes.get("labels", {}).get("gold_source")
    return replace(samples, gold_source=gold_source or recorded, notes=notes)


def _read(parts: list[Part], wanted: Wanted, window: int | None, whole: bool) -> Read:
    """The columns that play a role, of all parts or of the last steps."""
    parts, stepped = _stepped(parts)
    roles = roles_of(parts[-1].schema, wanted, parts[-1].name)
    check_schemas(parts, roles)
    tables = [parts[-1].read(roles.columns)]
    if not stepped or (window is None and whole):
        tables = [*(part.read(roles.columns) for part in parts[:-1]), *tables]
    else:
        while len(tables) < len(parts) and _more(tables, roles, window):
            tables.insert(0, parts[-1 - len(tables)].read(roles.columns))
    read = parts[-len(tables) :]
    notes: dict[str, Any] = {"files": [part.name for part in read]}
    if stepped:
        notes["steps_read"] = [part.step for part in read]
        notes["steps_left_out"] = len(parts) - len(read)
    record = latest_record(part.labels for part in read)
    if record is not None and roles.gold in ("gold", record.get("gold")):
        notes["labels"] = record
    files = [part.path for part in read if part.path is not None]
    starts = np.cumsum([0, *(table.num_rows for table in tables[:-1])]).tolist()
    place = Place(names=notes["files"], starts=starts)
    return Read(
        table=_joined(tables),
        roles=roles,
        place=place,
        files=[] if stepped or len(files) < len(read) else files,
        stepped=stepped,
        notes=notes,
    )


def _stepped(parts: list[Part]) -> tuple[list[Part], bool]:
    """Parts in order of step when every file stands for one; without a step column they get it."""
    steps = {part.step for part in parts}
    if len(parts) < 2 or None in steps or len(steps) < len(parts):
        return parts, False
    ordered = sorted(parts, key=lambda part: part.step or 0)
    return [part if "step" in part.schema else _with_step(part) for part in ordered], True


def _with_step(part: Part) -> Part:
    """The part with a column that holds the number in its file name."""
    import pyarrow as pa

    def read(columns: Sequence[str]) -> ArrowTable:
        table = part.read([name for name in columns if name != "step"])
        step = pa.repeat(pa.scalar(part.step, pa.int64()), table.num_rows)
        return table.append_column("step", step).select(list(columns))

    return replace(part, schema={**part.schema, "step": pa.int64()}, read=read)


def _more(tables: list[ArrowTable], roles: Roles, window: int | None) -> bool:
    """Whether the last steps read so far are too few."""
    if window is not None:
        return len(tables) < window
    if roles.prompt_id is None:
        return bool(sum(table.num_rows for table in tables) < ENOUGH_PROMPTS)
    prompts: set[Any] = set()
    for table in tables:
        prompts.update(encoded(table[roles.prompt_id])[1].tolist())
    return len(prompts) < ENOUGH_PROMPTS


def check_schemas(parts: list[Part], roles: Roles) -> None:
    """BadSamples when a column that is needed is missing from one of the parts."""
    for part in parts:
        missing = [name for name in roles.columns if name not in part.schema]
        if missing:
            raise BadSamples(
                f"column {missing[0]!r} is in {parts[-1].name} but not in {part.name}: "
                "give files with the same columns, or read them one by one"
            )


def _joined(tables: list[ArrowTable]) -> ArrowTable:
    """All rows; a column that is text in one file and not in another is text in all."""
    import pyarrow as pa

    for name in tables[0].column_names:
        kinds = {str(table.schema.field(name).type): table[name].type for table in tables}
        if len(kinds) > 1 and not all(is_number(kind) for kind in kinds.values()):
            place = tables[0].column_names.index(name)
            tables = [table.set_column(place, name, as_text(table[name])) for table in tables]
    return pa.concat_tables(tables, promote_options="permissive")


def _apart(read: Read) -> bool:
    """Whether rows of a prompt have other rows between them."""
    if read.roles.prompt_id is None:
        return False
    codes = encoded(read.table[read.roles.prompt_id])[0]
    return not bool((codes[1:] >= codes[:-1]).all())


def _sorted_on_disk(read: Read, wanted: Wanted) -> Read:
    """The same rows with their numbers, sorted by prompt in a temporary file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sorted.parquet"
        sorted_by_prompt(read.files, path, columns=wanted.columns, by=wanted.by)
        roles = replace(read.roles, row=ROW_NUMBER)
        return replace(read, table=file_part(path).read(roles.columns), roles=roles)


def _windowed(read: Read, window: int) -> Read:
    """The rows of the last ``window`` values of the group column, numeric values in their order."""
    if not read.roles.group:
        raise BadOption(
            f"--window {window} needs steps, but {read.place.origin} has no step, policy, "
            "checkpoint or group column: name one with --by"
        )
    import pyarrow as pa

    groups = category([read.table[name] for name in read.roles.group])
    latest = sorted(range(len(groups.names)), key=lambda code: _when(groups.names[code]))[-window:]
    rows = np.flatnonzero(np.isin(groups.codes, latest))
    table = read.table
    if read.roles.row is None:
        table = table.append_column(ROW_NUMBER, pa.array(np.arange(table.num_rows)))
    return replace(
        read,
        table=table.take(pa.array(rows)),
        roles=replace(read.roles, row=ROW_NUMBER),
        notes={
            **read.notes,
            "steps_read": [groups.names[code] for code in latest],
            "steps_left_out": len(groups.names) - len(latest),
        },
    )


def _when(name: str) -> float:
    """Sort key of a group name: its number; other names stay in order of appearance."""
    try:
        return float(name)
    except ValueError:
        return 0.0


def _used(roles: Roles) -> dict[str, Any]:
    """Role -> column, for reports."""
    names = ("prompt_id", "candidate_id", "source", "label_prob", "prediction", "text", "gold")
    single = {role: getattr(roles, role) for role in names if getattr(roles, role) is not None}
    several = {"group": list(roles.group), "proxies": dict(roles.proxies)}
    return {**single, **several, "features": dict(roles.features)}
