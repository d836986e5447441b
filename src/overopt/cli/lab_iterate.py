"""``overopt lab iterate``: a growing policy against a proxy fitted again as it grows."""

from __future__ import annotations

from typing import Annotated

import typer

from overopt.cli.lab import Json, PictureSave
from overopt.cli.options import check_pictures
from overopt.cli.output import complain, emit, terminal_width

__all__ = ["iterate"]

Curvature = Annotated[
    float,
    typer.Option(metavar="NUMBER", help="Of gold: followed straight, it turns at 1 / curvature."),
]
Directions = Annotated[
    int, typer.Option(metavar="NUMBER", help="Directions in which the policy can move.")
]
Noise = Annotated[
    float, typer.Option(metavar="SD", help="Of a label, in units of gold's first slope.")
]
Every = Annotated[
    str,
    typer.Option(metavar="LIST", help="Strength from one fit of the proxy to the next, or never."),
]
Labels = Annotated[
    str, typer.Option(metavar="LIST", help="Labelled pairs in the whole run, or endless.")
]
To = Annotated[float, typer.Option(metavar="NUMBER", help="Strength at the end of the run.")]


def iterate(
    curvature: Curvature = 0.05,
    directions: Directions = 16,
    noise: Noise = 1.0,
    every: Every = "1,4,8,16,never",
    labels: Labels = "128,512,2048,endless",
    to: To = 64.0,
    json: Json = False,
    save: PictureSave = None,
) -> int:
    """Does fitting the proxy again and again keep its error below the gold gained?

    A policy grows against a proxy as strong as itself, fitted on labels from the
    current policy: gold by strength, strength between fits and labels, exactly.
    """
    from overopt import report
    from overopt.lab.iteration import Landscape
    from overopt.lab.iteration_map import iteration_document

    check_pictures(save)
    document = iteration_document(
        Landscape(curvature=curvature, directions=directions, noise=noise),
        to=to,
        every=_listed("--every", every, "never"),
        labels=_listed("--labels", labels, "endless"),
    )
    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.lab_iteration(document, width=terminal_width()))
    for path in save or ():
        complain(f"wrote {report.save_lab_iteration(document, path)}")
    return 0


def _listed(option: str, text: str, endless: str) -> list[float]:
    from overopt.errors import BadOption

    words = [word.strip() for word in text.split(",")]
    try:
        found = [float("inf") if word == endless else float(word) for word in words]
    except ValueError:
        raise BadOption(
            f"{option} {text}: give numbers with commas between, or the word {endless}"
        ) from None
    return list(dict.fromkeys(found))
