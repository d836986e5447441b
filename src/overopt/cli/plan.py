"""``overopt plan``: what a study of some size could decide, before anything is generated."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from overopt.cli import options as o
from overopt.cli.output import Progress, colourful, emit, terminal_width

__all__ = ["plan"]

SIZE, GUESS = "Size of the study", "What you guess"


class GoldKind(StrEnum):
    """What values gold takes."""

    CONTINUOUS = "continuous"
    BINARY = "binary"


def _option(panel: str, help_text: str, **more: Any) -> Any:
    return typer.Option(help=help_text, rich_help_panel=panel, **more)


Prompts = Annotated[int, _option(SIZE, "Prompts: the sample size.", metavar="NUMBER")]
Candidates = Annotated[int, _option(SIZE, "Candidates for each prompt.", metavar="NUMBER")]
Labels = Annotated[
    int | None,
    _option(SIZE, "Gold labels, drawn towards the best-scored. Default: all.", metavar="NUMBER"),
]
Correlation = Annotated[
    float,
    _option(GUESS, "Of proxy and gold within a prompt, between 0 and 1.", metavar="NUMBER"),
]
Kind = Annotated[GoldKind, _option(GUESS, "Whether gold is right or wrong, or graded.")]
Spread = Annotated[
    float | None,
    _option(GUESS, "Sd of gold within a prompt. Default: the unit.", metavar="SD"),
]
Between = Annotated[
    float | None,
    _option(GUESS, "Sd of the prompts' mean gold. Default: half that within.", metavar="SD"),
]
BaseRate = Annotated[
    float | None,
    _option(GUESS, "Share right without selection. Default: 0.5.", metavar="SHARE"),
]
Studies = Annotated[int, _option(o.DECIDING, "Simulated studies for each line.", metavar="NUMBER")]
Seed = Annotated[int, _option(o.DECIDING, "Of the simulation.", metavar="NUMBER")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON.", rich_help_panel=o.OUTPUT)
]


def plan(
    prompts: Prompts,
    candidates: Candidates,
    labels: Labels = None,
    correlation: Correlation = 0.5,
    gold_kind: Kind = GoldKind.CONTINUOUS,
    spread: Spread = None,
    between: Between = None,
    base_rate: BaseRate = None,
    level: o.Level = 0.95,
    studies: Studies = 200,
    seed: Seed = 0,
    json: Json = False,
) -> int:
    """What could a study of this size decide, and what would be wasted?

    Simulates studies through the estimator that audits real tables: expected
    half-widths, the chance of each decision, and what a change would bring.
    """
    from overopt import report
    from overopt.labels.study import Guess, Study, study_plan

    guess = Guess(
        correlation=correlation,
        gold_kind=str(gold_kind),
        spread=spread,
        between=between,
        base_rate=base_rate,
    )
    every = prompts * candidates
    study = Study(
        prompts=prompts, candidates=candidates, labels=every if labels is None else labels
    )
    progress = Progress()
    try:
        found = study_plan(
            study, guess, level=level, studies=studies, seed=seed, progress=progress
        ).to_dict()
    finally:
        progress.close()
    if json:
        emit(report.to_json(found) + "\n")
    else:
        emit(report.plan_terminal(found, width=terminal_width(), colour=colourful()))
    return 0
