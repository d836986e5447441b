"""``overopt lab``: exact curves for known laws of gold and error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from overopt.cli.options import check_pictures
from overopt.cli.output import complain, emit, terminal_width

__all__ = ["lab"]

lab = typer.Typer(
    name="lab",
    help="What pressure does to gold when the law of gold and error is known, exactly.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Gold = Annotated[
    str,
    typer.Option("--gold", metavar="LAW", help="Law of gold, such as normal:sd=2.",
                 show_default=False),
]  # fmt: skip
Error = Annotated[
    str,
    typer.Option("--error", metavar="LAW", help="Law of the error, such as t:df=3,sd=1.",
                 show_default=False),
]  # fmt: skip
CopulaName = Annotated[
    str | None,
    typer.Option("--copula", metavar="COPULA", help="How they depend, such as gaussian:rho=0.5."),
]
PressureName = Annotated[
    str,
    typer.Option(
        "--pressure",
        metavar="ID",
        help="best-of-n, threshold, kl-tilt, soft-best-of-n, best-of-poisson or chi-square.",
    ),
]
To = Annotated[
    float | None,
    typer.Option("--to", metavar="NUMBER", help="The largest strength. Default: by the law."),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="LIST", help="These strengths instead, such as 1,4,16."),
]
SoftLambda = Annotated[
    float | None,
    typer.Option("--soft-lambda", metavar="NUMBER",
                 help="Inverse temperature of soft best-of-n, per unit of the proxy. Default: 1."),
]  # fmt: skip
PictureSave = Annotated[
    list[Path] | None,
    typer.Option("--save", metavar="PATH",
                 help="Save the picture (.png, .svg, .html) or .json; repeat for several."),
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON and nothing else.")]


@lab.command("list")
def laws(json: Json = False) -> int:
    """The laws, their parameters, and the pressures."""
    from overopt import report
    from overopt.lab.catalogue import catalogue

    document = catalogue()
    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.lab_list(document, width=terminal_width()))
    return 0


@lab.command()
def curve(
    gold: Gold,
    error: Error,
    copula: CopulaName = None,
    pressure: PressureName = "best-of-n",
    to: To = None,
    at: At = None,
    soft_lambda: SoftLambda = None,
    json: Json = False,
    save: PictureSave = None,
) -> int:
    """Exact gold under pressure, and its peak; independent gold and error unless a copula is given.

    proxy = gold + error. ``overopt lab list`` shows the laws.
    """
    from overopt import report
    from overopt.lab import copula_of, coupled, independent, law_of
    from overopt.lab.document import curve_document
    from overopt.lab.strengths import pressure_named, shown_strengths

    check_pictures(save)
    laws = {"gold": law_of(gold), "error": law_of(error)}
    law = coupled(**laws, copula=copula_of(copula)) if copula else independent(**laws)
    chosen = pressure_named(pressure, soft_lambda)
    strengths = shown_strengths(law, chosen, to) if at is None else _listed(at)
    document = curve_document(law.curve(chosen, strengths))
    _tell(document, json, report)
    for path in save or ():
        complain(f"wrote {report.save_lab_curve(document, path)}")
    return 0


def _tell(document: dict[str, Any], json: bool, report: Any) -> None:
    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.lab_curve(document, width=terminal_width()))


def _listed(text: str) -> list[float]:
    from overopt.errors import BadOption

    try:
        return sorted({float(part) for part in text.split(",")})
    except ValueError:
        raise BadOption(f"--at {text}: give numbers with commas between, such as 1,4,16") from None
