"""``overopt lab reproduce``: a paper's theory computed exactly, and the tails of its rewards."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from overopt.cli.lab import Json, PictureSave
from overopt.cli.options import check_pictures
from overopt.cli.output import complain, emit, terminal_width
from overopt.errors import BadOption

__all__ = ["reproduce"]

Paper = Annotated[str, typer.Argument(metavar="PAPER", help="kwa2024.", show_default=False)]
Data = Annotated[
    str | None,
    typer.Option("--data", metavar="FILE", help="Its rewards, with columns source and --proxy."),
]
Proxy = Annotated[
    str, typer.Option("--proxy", metavar="COLUMN", help="The reward in the file of --data.")
]


def reproduce(
    paper: Paper,
    data: Data = None,
    proxy: Proxy = "starling",
    json: Json = False,
    save: PictureSave = None,
) -> int:
    """A paper's synthetic results, exactly, beside the printed ones that differ."""
    from overopt import report
    from overopt.lab.kwa2024 import kwa2024_document

    check_pictures(save)
    if paper != "kwa2024":
        raise BadOption(f"no paper {paper!r}: choose kwa2024")
    tails = _tails(data, proxy) if data else None
    document = kwa2024_document() | {"tails": tails}
    if json:
        emit(report.to_json(document) + "\n")
    else:
        emit(report.lab_reproduction(document, width=terminal_width()))
    for path in save or ():
        complain(f"wrote {report.save_reproduction(document, path)}")
    return 0


def _tails(file: str, proxy: str) -> dict[str, Any]:
    """Verdicts on the reward, also within each source; every row is its own prompt."""
    from overopt.samples import read_samples
    from overopt.tails import tails_document

    samples = read_samples(file, proxies=(proxy,), columns={"group": "source"}, lone_rows=True)
    return tails_document(samples, proxy, by_group=True)
