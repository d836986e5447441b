"""``overopt watch doctor FOLDER``: what may be wrong with a watch, worst first."""

from __future__ import annotations

from typing import Annotated

import typer

from overopt.cli import options as o
from overopt.cli.output import emit, terminal_width

__all__ = ["doctor"]

Folder = Annotated[
    str, typer.Argument(metavar="FOLDER", help="The folder that holds the watch's store.")
]
Thorough = Annotated[
    bool, typer.Option("--thorough", help="Read the whole store, not only its structure.")
]


def doctor(folder: Folder, thorough: Thorough = False, json: o.Json = False) -> int:
    """Library versions with known faults, losses, damage, the disk; exit code 1 when bad."""
    import textwrap

    from overopt import report
    from overopt.report.words import one_line
    from overopt.watch.doctor import symptoms

    found = symptoms(folder, thorough=thorough)
    if json:
        rows = [{"severity": s.severity, "what": s.what, "sentence": s.sentence} for s in found]
        emit(report.to_json({"schema": "overopt.doctor/1", "symptoms": rows}) + "\n")
    else:
        for each in found:
            head = f"{each.severity:5s} {each.what}: "
            text = head + one_line(each.sentence, 600)
            emit("\n".join(textwrap.wrap(text, terminal_width(), subsequent_indent=" " * 6)) + "\n")
    return int(any(each.severity == "bad" for each in found))
