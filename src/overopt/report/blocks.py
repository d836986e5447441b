"""The blocks of a terminal report: paragraphs, borderless tables, and how they become text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

__all__ = ["drawn", "indented", "styled", "table", "text"]

NARROWEST = 40


def drawn(
    parts: Callable[[int], Iterable[RenderableType]], width: int, colour: bool = False
) -> str:
    """The parts made for so many columns as text, with ANSI styles only where ``colour``."""
    from rich.console import Console

    written = StringIO()
    console = Console(
        file=written,
        width=max(NARROWEST, width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts(console.width):
        console.print(part)
    lines = (line.rstrip() for line in written.getvalue().splitlines())
    return "\n".join(lines) + "\n"


def text(text: str, style: str = "", indent: int = 0) -> RenderableType:
    """A paragraph."""
    from rich.padding import Padding

    return Padding(styled(text, style), (0, 0, 0, indent))


def table(*columns: tuple[str, str]) -> Table:
    """A borderless table of (header, justification) columns."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header, justify in columns:
        table.add_column(header, justify="right" if justify == "right" else "left")
    return table


def indented(table: Table) -> RenderableType:
    """A table two spaces in."""
    from rich.padding import Padding

    return Padding(table, (0, 0, 0, 2))


def styled(text: str, style: str) -> Text:
    """Text in a style."""
    from rich.text import Text

    return Text(text, style=style)
