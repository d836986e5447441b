"""Where a file goes that nobody named: beside the table, or here where that is not possible."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from overopt.cli.output import complain

__all__ = ["page_path", "path_beside", "written"]

SUFFIXES = {".parquet", ".pq", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".arrow", ".feather"}
SUFFIXES |= {".ipc", ".gz", ".zst", ".bz2"}
WILDCARDS = "*?["


def page_path(sources: Sequence[str]) -> Path:
    """``rollouts.audit.html`` beside rollouts.parquet; a folder's or glob's beside the folder."""
    return path_beside(sources, ".audit.html")


def path_beside(sources: Sequence[str], ending: str) -> Path:
    """The name of the table with another ending, beside it."""
    first = Path(sources[0])
    while any(character in str(first) for character in WILDCARDS):
        first = first.parent
    if len(sources) > 1:
        first = first.parent
    if first.is_dir():
        folder = first.resolve()
        return folder.parent / f"{folder.name or 'rollouts'}{ending}"
    stem = first
    while stem.suffix.lower() in SUFFIXES:
        stem = stem.with_suffix("")
    return stem.with_name(f"{stem.name}{ending}")


def written(page: str, path: Path) -> Path:
    """Write the page to ``path``, or to the current folder where that one refuses."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as refused:
        here = Path(path.name)
        if here.absolute() == path.absolute():
            raise
        complain(f"cannot write {path} ({refused.strerror}); the page goes to the current folder")
        here.write_text(page, encoding="utf-8")
        return here
    return path
