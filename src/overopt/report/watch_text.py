"""What a monitor says of runs, for a terminal: the state of every signal, then what was fired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from overopt.numerals import estimate
from overopt.report import blocks
from overopt.report.words import Document, counted, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

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
    labels = run["labels"]
    told = f"{counted(run['rows'], 'sample')} in {counted(run['batches'], 'batch')}"
    used = counted(labels["used"], "label")
    yield blocks.text(f"{one_line(run['run'], 60)}: {told}, {used}", "bold")
    table = blocks.table(
        ("signal", "left"), ("state", "left"), ("since step", "right"),
        ("last block [limits]", "left"), ("labels", "right"),
    )  # fmt: skip
    for signal in run["signals"]:
        since = signal["began_step"]
        table.add_row(
            signal["name"],
            blocks.styled(signal["state"], STYLES[signal["state"]]),
            "" if since is None else str(since),
            estimate(signal["gain"], signal["gain_lower"], signal["gain_upper"], sign=True),
            str(signal["labels_used"]),
        )
    yield blocks.indented(table)
    for signal in run["signals"]:
        if signal["sentence"]:
            yield blocks.text(one_line(signal["sentence"], 600), indent=2)
    if run["amber"]:
        yield blocks.text("")
        yield blocks.text("Without gold (amber: worth labels, not a verdict)", "yellow")
        for amber in run["amber"]:
            yield blocks.text(f"step {amber['step']}: {one_line(amber['sentence'], 600)}", indent=2)


def _guarantee(document: Document) -> str:
    return (
        f"A red signal is false with chance at most {document['false_alarm']:g} over the whole "
        "run, under the assumptions of docs/watch/guarantee.md. No alarm is no safety: only green "
        "says that pushing still pays, and only of its last block."
    )
