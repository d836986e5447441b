"""``overopt finding OV103``: what a code means, why it matters and what to do."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from overopt.cli.output import emit, terminal_width
from overopt.findings import CATALOGUE, Entry, catalogue_entry

__all__ = ["finding"]


def finding(
    code: Annotated[
        str | None, typer.Argument(help="A code such as OV103; all codes are listed without one.")
    ] = None,
) -> int:
    """Explain a finding: what it means and what to do about it."""
    width = min(88, terminal_width())
    if code is None:
        emit("".join(f"{entry.code}  {entry.title}\n" for entry in CATALOGUE.values()))
    else:
        emit(_explained(catalogue_entry(code), width))
    return 0


def _explained(entry: Entry, width: int) -> str:
    paragraphs = (f"{entry.code}: {entry.title}", entry.meaning, f"What to do: {entry.remedy}")
    return (
        "\n\n".join(textwrap.fill(text, width, break_on_hyphens=False) for text in paragraphs)
        + "\n"
    )
