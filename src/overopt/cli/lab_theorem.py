"""``overopt lab theorem``: a statement, where it stops being true, and the numbers of both."""

from __future__ import annotations

from typing import Annotated

import typer

from overopt.cli.lab import Json, PictureSave
from overopt.cli.options import check_pictures
from overopt.cli.output import complain, emit, terminal_width

__all__ = ["theorem"]

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="1 to 6, or heavy-ends, tail-gap, dependence, gao, price or certificate.",
        show_default=False,
    ),
]


def theorem(name: Name, json: Json = False, save: PictureSave = None) -> int:
    """Run the experiment of a theorem on the price and the harm of optimising a proxy."""
    from overopt import report
    from overopt.lab.theorems.catalogue import experiment_named
    from overopt.lab.theorems.experiment import experiment_document

    check_pictures(save)
    document = experiment_document(experiment_named(name))
    emit(
        report.to_json(document) + "\n"
        if json
        else report.lab_theorem(document, width=terminal_width())
    )
    for path in save or ():
        complain(f"wrote {report.save_lab_theorem(document, path)}")
    return 0
