"""What a monitor says of runs, for a terminal: the state of every signal, then what was fired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from overopt.numerals import ABSENT, estimate, number
from overopt.report import blocks
from overopt.report.words import Document, counted, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["watch_text"]

STYLES = {"green": "green", "undecided": "", "red": "bold red"}


def watch_text(document: Document, width: int = 80, colour: bool = False) -> str:
    """Every run of a ``overopt.watch/1`` document."""
    return blocks.drawn(lambda columns: _parts(document), width, colour)


def _parts(document: Document) -> Iterator[RenderableType]:
    for place, run in enumerate(document["runs"]):
        if place:
            yield blocks.text("")
        yield from _run(run)
    yield blocks.text("")
    yield blocks.text(_guarantee(document), "dim")


def _run(run: Document) -> Iterator[RenderableType]:
    steps = f"{run['batches']:,} steps, {counted(run['rows'], 'sample')}"
    used = counted(run["labels"]["used"], "label")
    yield blocks.text(f"{one_line(run['run'], 60)}: {_headline(run)}", _style(run))
    yield blocks.text(f"{steps}, {used}", "dim")
    for signal in run["signals"]:
        if signal["state"] == "red":
            yield blocks.text(f"- {one_line(signal['sentence'], 600)}", indent=2)
    yield blocks.text("")
    yield blocks.indented(_table(run["signals"]))
    if run["amber"]:
        yield blocks.text("")
        yield blocks.text("Without gold (amber: worth labels, not a verdict)", "yellow")
        for amber in run["amber"]:
            yield blocks.text(f"step {amber['step']}: {one_line(amber['sentence'], 600)}", indent=2)


def _headline(run: Document) -> str:
    """The worst that is said, in words."""
    red = sum(signal["state"] == "red" for signal in run["signals"])
    if red:
        return f"red, {counted(red, 'signal')}"
    if not run["labels"]["used"]:
        return "undecided: no gold labels, and without them nothing can be shown"
    green = sum(signal["state"] == "green" for signal in run["signals"])
    return f"undecided, {green} of {len(run['signals'])} signals green" if green else "undecided"


def _style(run: Document) -> str:
    return "bold red" if any(each["state"] == "red" for each in run["signals"]) else "bold"


def _table(signals: Sequence[Document]) -> Table:
    """One row for each signal: its last block, and what would decide it."""
    table = blocks.table(
        ("signal", "left"), ("state", "left"), ("last block [limits]", "left"),
        ("needs", "right"), ("sees", "right"),
    )  # fmt: skip
    for signal in signals:
        needed = signal["labels_needed"]
        table.add_row(
            signal["name"],
            blocks.styled(signal["state"], STYLES[signal["state"]]),
            estimate(signal["gain"], signal["gain_lower"], signal["gain_upper"], sign=True),
            ABSENT if needed is None else f"{needed:,}",
            number(signal["detectable"], digits=2),
        )
    return table


def _guarantee(document: Document) -> str:
    return (
        f"A red signal is false with chance at most {document['false_alarm']:g} over the whole "
        "run, under the assumptions of docs/watch/guarantee.md. No alarm is no safety: only green "
        "says that its question still has the good answer, and only of its last block. Needs: "
        "labels that would decide at the present effect. Sees: the smallest fall that the labels "
        "of the next 1,000 steps can turn red."
    )
