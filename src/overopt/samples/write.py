"""Writes ``Samples`` as an Arrow table or Parquet file under the names that are read back."""

from __future__ import annotations

from pathlib import Path

from overopt.errors import BadSamples
from overopt.samples.arrow import ArrowTable, arrow_column
from overopt.samples.columns import PROXY_NAME
from overopt.samples.table import Category, Samples

__all__ = ["to_arrow", "to_parquet"]


def to_arrow(samples: Samples) -> ArrowTable:
    """An Arrow table with one row per candidate, rows of a prompt together.

    Columns are prompt_id, candidate_id, source, group, text, label_prob, label_planned,
    prediction (read back where it is named), gold and the proxies, each where the samples have it;
    a proxy whose name does not tell gets the prefix ``proxy_``.
    """
    import pyarrow as pa

    named = {
        name if PROXY_NAME.fullmatch(name) else f"proxy_{name}": values
        for name, values in samples.proxies.items()
    }
    columns = {
        "prompt_id": samples.prompt_ids[samples.prompt],
        "candidate_id": _names(samples.candidate),
        "source": _names(samples.source),
        "group": _names(samples.group_value),
        "text": samples.text,
        "label_prob": samples.label_prob,
        "label_planned": samples.label_planned,
        "prediction": samples.prediction,
        "gold": samples.gold,
        **named,
    }
    return pa.table({n: arrow_column(v) for n, v in columns.items() if v is not None})


def to_parquet(samples: Samples, path: str | Path) -> None:
    """Writes ``to_arrow(samples)`` as Parquet (zstd), ready for ``stream_samples``."""
    from pyarrow import parquet

    try:
        parquet.write_table(to_arrow(samples), path, compression="zstd")
    except OSError as error:
        raise BadSamples(f"cannot write {path}: {error}") from None


def _names(column: Category | None) -> list[str | None] | None:
    """A column of names in full."""
    if column is None:
        return None
    names = [*column.names, None]
    return [names[code] for code in column.codes]
