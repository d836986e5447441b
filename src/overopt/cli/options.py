"""The options of ``overopt audit``: their names, limits and help."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

COLUMNS, READING, DECIDING, OUTPUT = "Columns", "Reading", "Deciding", "Output"


class FailOn(StrEnum):
    """The least severe finding that makes the exit code 1."""

    STOP = "stop"
    CAUTION = "caution"
    NEVER = "never"


class LabelsDrawn(StrEnum):
    """How the rows that carry gold were chosen."""

    ALL = "all"
    UNIFORM = "uniform"
    WINNERS = "winners"
    UNKNOWN = "unknown"


class Objective(StrEnum):
    """What counts as quality."""

    MEAN = "mean"
    WIN_RATE = "win-rate"


class Reduce(StrEnum):
    """How several rows of one candidate become one."""

    LAST = "last"
    SUM = "sum"
    MEAN = "mean"


def _option(panel: str, help_text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, **more)


def _column(help_text: str, *names: str) -> Any:
    return _option(COLUMNS, help_text, *names, metavar="COLUMN")


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Parquet, CSV or JSON lines (also .gz, .zst), a glob, or a folder a trainer wrote.",
        show_default=False,
    ),
]

Proxies = Annotated[
    list[str] | None,
    _column("Score to audit; repeat for several. Default: every score-like column.", "--proxy"),
]
OneProxy = Annotated[str, _column("The score whose tail is judged.", "--proxy")]
Gold = Annotated[
    str | None,
    _column("Trusted quality, higher is better, empty where not labelled.", "--gold"),
]
Prompt = Annotated[str | None, _column("What was answered; the unit of every interval.")]
Candidate = Annotated[str | None, _column("Name of a candidate within its prompt.")]
Source = Annotated[str | None, _column("The system or model that a candidate came from.")]
Group = Annotated[str | None, _column("Only candidates of one group are compared.")]
TailPrompt = Annotated[
    str | None, _column("What was answered. Without such a column each row is its own prompt.")
]
TailGroup = Annotated[
    str | None, _column("Also judge the rows of each value of this column by themselves.")
]
LabelProb = Annotated[
    str | None, _column("Recorded chance, above 0 to 1, that this row was ever labelled.")
]
Prediction = Annotated[
    str | None,
    _column("A guess of gold, such as a judge's: sharpens partial labels, is never trusted."),
]
Text = Annotated[str | None, _column("The candidate's text, to find duplicates.")]
Features = Annotated[
    list[str] | None,
    _column(
        "A number about the candidate that may take over the score; repeat for several. Default: "
        "columns called length, chars, tokens or words, and the length of the text.",
        "--feature",
    ),
]
By = Annotated[
    str | None,
    _column("Step, policy or checkpoint: samples that differ in it are not compared.", "--by"),
]

Window = Annotated[
    int | None, _option(READING, "Read only the last so many steps.", min=1, metavar="STEPS")
]
PoolGroups = Annotated[
    bool,
    _option(
        READING,
        "Compare candidates of different groups all the same; invents gains, raises a stop.",
        "--pool-groups",
    ),
]
Reduction = Annotated[
    Reduce | None, _option(READING, "How several rows of one candidate become one.", "--reduce")
]
GoldSource = Annotated[
    str | None,
    _option(READING, 'Whose judgement gold is: human, verifier, "judge NAME".', metavar="TEXT"),
]
Drawn = Annotated[
    LabelsDrawn | None,
    _option(READING, "How the labelled rows were chosen, where some are not labelled."),
]

Level = Annotated[
    float,
    _option(DECIDING, "Confidence level of every interval, between 0 and 1.", metavar="LEVEL"),
]
Pressures = Annotated[
    list[str] | None,
    _option(
        DECIDING,
        "best_of_n, threshold, kl_tilt, soft_best_of_n, best_of_poisson or chi_square; repeat for "
        "several. Default: all.",
        "--pressure",
        metavar="ID",
    ),
]
ToleranceSd = Annotated[
    float,
    _option(
        DECIDING,
        "A change in gold this small does not count, in standard deviations of gold within a "
        "prompt.",
        min=0.0,
    ),
]
ToleranceGain = Annotated[
    float,
    _option(DECIDING, "Nor does one below this share of the gain so far.", min=0.0),
]
Cost = Annotated[
    float,
    _option(DECIDING, "Cost of one more candidate, in units of gold.", min=0.0),
]
Looks = Annotated[
    int | None,
    _option(
        DECIDING,
        "How many times these labels, as they grew, have been decided on, this time included; 0: "
        "only this once. Default: as merged labels record.",
        "--looks",
        min=0,
        metavar="K",
    ),
]
Objectives = Annotated[
    Objective,
    _option(
        DECIDING,
        "What counts: the mean of gold, or how often gold beats a random candidate of the prompt.",
        "--objective",
    ),
]
SoftLambda = Annotated[
    float | None,
    _option(
        DECIDING,
        "Inverse temperature of soft best-of-n, per unit of the proxy. Default: set from the data.",
        metavar="NUMBER",
    ),
]

Json = Annotated[
    bool, _option(OUTPUT, "Print the audit as one line of JSON and nothing else.", "--json")
]
Html = Annotated[
    Path | None,
    _option(
        OUTPUT,
        "Where the page goes. Default: NAME.audit.html beside the table (not with --json).",
        metavar="PATH",
    ),
]
NoHtml = Annotated[bool, _option(OUTPUT, "Write no page.", "--no-html")]
Save = Annotated[
    list[Path] | None,
    _option(
        OUTPUT,
        "Also save as .html, .json, .png or .svg, by suffix; repeat for several.",
        "--save",
        metavar="PATH",
    ),
]
Hill = Annotated[
    bool,
    _option(
        OUTPUT,
        "Put Hill's estimates for three origins into the picture and the JSON.",
        "--hill",
    ),
]
TailSave = Annotated[
    list[Path] | None,
    _option(
        OUTPUT,
        "Save the ladder plot (.png, .svg, .html) or the JSON (.json); repeat for several.",
        "--save",
        metavar="PATH",
    ),
]
Card = Annotated[
    Path | None,
    _option(
        OUTPUT,
        "Save the validity card (JSON): what a score is worth, and where that holds.",
        metavar="PATH",
    ),
]
Fail = Annotated[
    FailOn, _option(OUTPUT, "The least severe finding that makes the exit code 1.", "--fail-on")
]


def check_pictures(paths: Sequence[Path] | None) -> None:
    """Refuse before the work what would be refused after it: a suffix, a folder that is not."""
    from overopt.errors import BadOption
    from overopt.report import FORMATS

    for path in paths or ():
        if path.suffix.lower() not in FORMATS:
            raise BadOption(f"--save {path}: the name must end in one of {', '.join(FORMATS)}")
        check_folder(path)


def check_folder(path: Path) -> None:
    """Refuse a file in a folder that is not there."""
    from overopt.errors import BadOption

    if not path.absolute().parent.is_dir():
        raise BadOption(f"{path}: there is no folder {path.absolute().parent}; make it first")
