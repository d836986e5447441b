"""A log of a run as batches: one row for each sample, with the step at which it was scored.

Rows of a run are put in order of step, and within a step stay in the order in which they came. A
log may hold several runs, told apart by a column; each is a sequence of batches of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption, BadSamples
from overopt.samples.arrow import ArrowTable, encoded, is_number, numbers
from overopt.samples.columns import FEATURE_NAME, KNOWN, PROXY_NAME
from overopt.samples.files import Part
from overopt.samples.read import parts_of
from overopt.watch.batch import Batch

__all__ = ["LogColumns", "read_log"]

FloatVector = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.int64]
STEPS = ("step", "global_step", "train_step", "training_step", "iteration", "update")
RUNS = ("run", "run_id", "run_name", "experiment")
KLS = ("kl", "approx_kl", "kl_divergence")
SCORES = ("proxy", "reward", "score")  # the first that is there, before any other score


@final
@dataclass(frozen=True, kw_only=True)
class LogColumns:
    """Which column plays which role; None: the first of the usual names that is there.

    ``components``: other numbers of a sample, such as its length or parts of its reward; None:
    columns called length, chars, tokens or words.
    """

    proxy: str | None = None
    gold: str | None = None
    step: str | None = None
    prompt: str | None = None
    run: str | None = None
    kl: str | None = None
    components: Sequence[str] | None = None


@final
@dataclass(frozen=True, kw_only=True)
class _Roles:
    """Columns found; only proxy and step must be there."""

    proxy: str
    step: str
    gold: str | None
    prompt: str | None
    run: str | None
    kl: str | None
    components: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Every column that is read, once."""
        single = (self.proxy, self.step, self.gold, self.prompt, self.run, self.kl)
        return list(dict.fromkeys(name for name in (*single, *self.components) if name))


def read_log(source: Any, columns: LogColumns | None = None) -> dict[str, list[Batch]]:
    """Batches of each run of a log, in order of step.

    Parameters
    ----------
    source
        A file, glob, folder or list of them (Parquet, CSV or JSON lines), or a frame.
    columns
        Which column plays which role.

    Raises
    ------
    BadSamples
        The log cannot be read, or has no step or no score.
    BadOption
        A named column is not there.
    """
    parts = parts_of(source)
    roles = _roles(parts, columns or LogColumns())
    table = _joined(parts, roles)
    origin = parts[0].name if len(parts) == 1 else f"{parts[0].name} and {len(parts) - 1} more"
    if table.num_rows == 0:
        raise BadSamples(f"{origin} has no rows: nothing to replay")
    read = _Columns(table, roles, origin)
    return {name: list(read.batches(code)) for code, name in enumerate(read.runs)}


def _roles(parts: Sequence[Part], wanted: LogColumns) -> _Roles:
    schema: dict[str, Any] = {}
    for part in parts:
        schema.update(part.schema)
    named = {
        "step": _found(schema, wanted.step, STEPS, "--step"),
        "prompt": _found(schema, wanted.prompt, KNOWN["prompt_id"], "--prompt"),
        "run": _found(schema, wanted.run, RUNS, "--run"),
        "kl": _found(schema, wanted.kl, KLS, "--kl"),
        "gold": _found(schema, wanted.gold, ("gold",), "--gold"),
    }
    step = named.pop("step")
    if step is None:
        raise BadSamples(
            f"{parts[0].name} has no step column ({', '.join(STEPS)}): name the column that orders "
            f"the samples with --step; it has {_listed(schema)}"
        )
    proxy = wanted.proxy
    if proxy is None:
        proxy = _score(schema, taken={step, *filter(None, named.values())}, origin=parts[0].name)
    elif proxy not in schema:
        raise BadOption(f"--proxy {proxy!r} is not a column; there are {_listed(schema)}")
    taken = {proxy, step, *named.values()}
    if wanted.components is None:
        found = [c for c in schema if c not in taken and FEATURE_NAME.fullmatch(c)]
        components = [c for c in found if is_number(schema[c])]
    else:
        components = list(wanted.components)
        for name in components:
            if name not in schema:
                raise BadOption(
                    f"--component {name!r} is not a column; there are {_listed(schema)}"
                )
    return _Roles(proxy=proxy, step=step, components=tuple(components), **named)


def _found(
    schema: Mapping[str, Any], wanted: str | None, usual: Sequence[str], option: str
) -> str | None:
    if wanted is not None:
        if wanted not in schema:
            raise BadOption(f"{option} {wanted!r} is not a column; there are {_listed(schema)}")
        return wanted
    by_name = {name.lower(): name for name in schema}
    return next((by_name[name] for name in usual if name in by_name), None)


def _score(schema: Mapping[str, Any], taken: set[str], origin: str) -> str:
    """The only column that looks like a score, or the one called proxy or reward."""
    for name in SCORES:
        if name in schema and name not in taken:
            return name
    found = [
        name
        for name, kind in schema.items()
        if name not in taken and PROXY_NAME.fullmatch(name) and is_number(kind)
    ]
    if len(found) == 1:
        return found[0]
    what = f"has {len(found)} score-like columns" if found else "has no score-like column"
    raise BadSamples(
        f"{origin} {what}: name the one that is optimised with --proxy; it has {_listed(schema)}"
    )


def _listed(schema: Mapping[str, Any]) -> str:
    names = [repr(name) for name in schema]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _joined(parts: Sequence[Part], roles: _Roles) -> ArrowTable:
    """The columns of all parts; one that a part lacks is null there."""
    import pyarrow as pa

    tables = [part.read([name for name in roles.names if name in part.schema]) for part in parts]
    missing = [
        (part.name, name)
        for part in parts
        for name in (roles.proxy, roles.step)
        if name not in part.schema
    ]
    if missing:
        raise BadSamples(f"{missing[0][0]} has no column {missing[0][1]!r}, as other files have")
    return pa.concat_tables(tables, promote_options="permissive")


class _Columns:
    """The columns of a log as arrays, rows in order of run and step."""

    def __init__(self, table: ArrowTable, roles: _Roles, origin: str) -> None:
        def read(name: str) -> FloatVector:
            where = lambda row: f"in row {row + 1} of {origin}"  # noqa: E731
            return numbers(table[name], name, where).astype(np.float64)

        self.step = _whole(read(roles.step), roles.step, origin)
        self.proxy = read(roles.proxy)
        self.gold = read(roles.gold) if roles.gold else None
        self.kl = read(roles.kl) if roles.kl else None
        self.components = {name: read(name) for name in roles.components}
        self.runs, self.run = _named(table, roles.run, origin)
        self.prompt_names, self.prompt = _prompts(table, roles.prompt)
        self.order = np.lexsort((self.step, self.run))

    def batches(self, code: int) -> Iterator[Batch]:
        """One batch for each step of a run."""
        rows = self.order[self.run[self.order] == code]
        for number, chunk in enumerate(np.split(rows, _changes(self.step[rows]))):
            yield self._batch(code, number, chunk)

    def _batch(self, code: int, number: int, rows: IntVector) -> Batch:
        _, first, group = np.unique(self.prompt[rows], return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(first))  # numbers in order of first appearance
        names = [self.prompt_names(int(self.prompt[rows[i]])) for i in np.sort(first)]
        return Batch(
            run=self.runs[code],
            key=f"log:{number}",
            step=int(self.step[rows[0]]),
            proxy=self.proxy[rows],
            group=place[group].astype(np.int64),
            prompt_ids=tuple(names),
            gold=None if self.gold is None else self.gold[rows],
            kl=None if self.kl is None else self.kl[rows],
            components={name: values[rows] for name, values in self.components.items()},
        )


def _changes(values: IntVector) -> IntVector:
    return np.flatnonzero(values[1:] != values[:-1]) + 1


def _whole(values: FloatVector, name: str, origin: str) -> IntVector:
    """Steps as whole numbers."""
    bad = np.flatnonzero(~(np.isfinite(values) & (np.abs(values) < 2**53)))
    if len(bad):
        raise BadSamples(
            f"{origin}: {len(bad)} rows have no finite {name!r}, the first in row {bad[0] + 1}: "
            "every sample needs the step at which it was scored"
        )
    return np.floor(values).astype(np.int64)


def _named(table: ArrowTable, column: str | None, origin: str) -> tuple[list[str], IntVector]:
    """Names of the runs and the code of each row; one run where no column tells."""
    if column is None:
        name = origin.rsplit("/", 1)[-1].partition(".")[0] or "run"
        return [name], np.zeros(table.num_rows, dtype=np.int64)
    codes, names = encoded(table[column])
    shown = [str(name) for name in names.tolist()]
    if (codes < 0).any():
        codes, shown = np.where(codes < 0, len(shown), codes), [*shown, "(no run)"]
    return shown, codes.astype(np.int64)


def _prompts(table: ArrowTable, column: str | None) -> tuple[Any, IntVector]:
    """A function from code to name, and the code of each row; without a name, one for each row."""
    if column is None:
        return (lambda code: f"row {code}"), np.arange(table.num_rows, dtype=np.int64)
    found, names = encoded(table[column])
    codes: IntVector = found.astype(np.int64)
    alone = np.flatnonzero(codes < 0)
    codes[alone] = len(names) + alone
    return (lambda code: str(names[code]) if code < len(names) else "(no prompt)"), codes
