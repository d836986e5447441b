"""``overopt labels plan`` and ``overopt labels merge``: buy the labels that decide most."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from overopt.cli import options as o
from overopt.cli.output import complain, emit, tell
from overopt.cli.page_path import path_beside
from overopt.errors import BadOption

if TYPE_CHECKING:
    from overopt.labels.ledger import Ledger

__all__ = ["labels"]

labels = typer.Typer(
    name="labels",
    help="Which rows to label next, and what came back.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
DRAWING, SPREAD = "Drawing", "What is known of gold"


def _option(panel: str, help_text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, **more)


LedgerFile = Annotated[
    Path,
    _option(
        o.OUTPUT, "Record of draws and labels (JSON): begun by the first plan.", metavar="PATH"
    ),
]
GoldName = Annotated[
    str | None,
    _option(o.COLUMNS, "The column that labels will have. Default: gold.", metavar="NAME"),
]
Budget = Annotated[
    float, _option(DRAWING, "How many more rows to label, expected.", metavar="ROWS")
]
UpTo = Annotated[
    float | None,
    _option(DRAWING, "The largest strength that matters, such as n = 16.", metavar="N"),
]
UniformShare = Annotated[
    float, _option(DRAWING, "Share of labels spread evenly, 0.1 to 1.", metavar="SHARE")
]
Repeats = Annotated[
    float, _option(DRAWING, "Share of rows that a second annotator reads too.", metavar="SHARE")
]
Seed = Annotated[int | None, _option(DRAWING, "Of the draws. Default: 0.", metavar="NUMBER")]
Missing = Annotated[
    bool,
    _option(DRAWING, "Draw nothing; print the rows drawn that have no label yet.", "--missing"),
]
PlanPressures = Annotated[
    list[str] | None,
    _option(
        DRAWING,
        "best_of_n, threshold, kl_tilt, best_of_poisson or chi_square; repeat for several. "
        "Default: best_of_n.",
        "--pressure",
        metavar="ID",
    ),
]
Show = Annotated[
    list[str] | None,
    _option(o.COLUMNS, "Show annotators this column too; repeat for several.", metavar="COLUMN"),
]
Spread = Annotated[
    float | None, _option(SPREAD, "Its standard deviation within a prompt.", metavar="SD")
]
Between = Annotated[
    float | None,
    _option(SPREAD, "That of the prompts' means. Default: as within.", metavar="SD"),
]
Correlation = Annotated[
    float, _option(SPREAD, "Of proxy and gold within a prompt.", metavar="NUMBER")
]
AcceptUnplanned = Annotated[
    bool,
    _option(o.READING, "Set labels of rows never drawn aside, unused.", "--accept-unplanned"),
]
Out = Annotated[
    Path | None,
    _option(
        o.OUTPUT,
        "Where the labelled table goes. Default: NAME.labelled.parquet beside the table.",
        metavar="PATH",
    ),
]
SummaryJson = Annotated[
    bool, _option(o.OUTPUT, "Print what came back as one line of JSON.", "--json")
]


@labels.command()
def plan(
    files: o.Sources,
    ledger: LedgerFile,
    proxy: o.Proxies = None,
    pressure: PlanPressures = None,
    budget: Budget = 120,
    up_to: UpTo = None,
    uniform_share: UniformShare = 0.1,
    repeats: Repeats = 0.0,
    seed: Seed = None,
    missing: Missing = False,
    spread: Spread = None,
    between: Between = None,
    correlation: Correlation = 0.0,
    level: o.Level = 0.95,
    gold: GoldName = None,
    gold_source: o.GoldSource = None,
    prompt: o.Prompt = None,
    candidate: o.Candidate = None,
    group: o.Group = None,
    text: o.Text = None,
    by: o.By = None,
    show: Show = None,
) -> int:
    """Draw the rows worth labelling and print them as a sheet (CSV) to fill in.

    The first plan begins the ledger; each further one on the same ledger adds
    a round. What the labels will tell goes to standard error, before you pay.
    """
    from overopt.labels.drawing import DrawOptions
    from overopt.labels.ledger import read_ledger
    from overopt.labels.loop import Campaign, missing_sheet, planned_round
    from overopt.labels.promise import KnownSpread
    from overopt.report.label_text import planned_text

    source = files[0] if len(files) == 1 else list(files)
    before = read_ledger(ledger) if ledger.exists() else None
    shown = tuple(show or ())
    if missing:
        if before is None:
            raise BadOption(f"--missing needs a ledger, and there is no {ledger}: plan first")
        emit(missing_sheet(source, before, shown))
        return 0
    columns = {"prompt_id": prompt, "candidate_id": candidate, "group": group, "text": text}
    campaign = Campaign(
        proxies=tuple(proxy or ()),
        columns={role: column for role, column in columns.items() if column},
        by=by,
        gold=gold or "gold",
        gold_source=gold_source,
        seed=seed or 0,
    )
    if before is not None:
        given = {"seed": seed, "gold": gold, "gold_source": gold_source, "by": by}
        _check_unchanged(before, {**given, "columns": campaign.columns or None})
    options = DrawOptions(
        budget=budget,
        proxies=tuple(proxy or ()) if before else (),
        pressures=tuple(pressure or ("best_of_n",)),
        up_to=up_to,
        uniform_share=uniform_share,
        repeats=repeats,
    )
    known = KnownSpread(within=spread, between=between, correlation=correlation)
    planned = planned_round(
        source, before, options, campaign=campaign, known=known, level=level, show=shown
    )
    planned.ledger.write(ledger)
    tell(planned_text(planned))
    tell(
        f"\nFill in {planned.ledger.gold!r} (and annotator), then:  overopt labels merge "
        f"{' '.join(files)} labelled.csv --ledger {ledger}"
    )
    emit(planned.sheet)
    return 0


@labels.command()
def merge(
    files: o.Sources,
    ledger: LedgerFile,
    out: Out = None,
    accept_unplanned: AcceptUnplanned = False,
    json: SummaryJson = False,
) -> int:
    """Check a sheet that came back, and write the table with gold and label_prob.

    Give the table and, last, the sheet: overopt labels merge rollouts.parquet
    labelled.csv --ledger labels.json. Labels not back yet may come later.
    """
    from overopt.labels.joined import written_table
    from overopt.labels.ledger import read_ledger
    from overopt.labels.loop import merged_labels
    from overopt.report import to_json
    from overopt.report.label_text import merged_text

    if len(files) < 2:
        raise BadOption("merge needs the table and the labelled sheet: give both, the sheet last")
    tables, returned = list(files[:-1]), Path(files[-1])
    target = out or _labelled_path(tables)
    if not target.absolute().parent.is_dir():
        raise BadOption(f"{target}: there is no folder {target.absolute().parent}; make it first")
    source = tables[0] if len(tables) == 1 else tables
    merged = merged_labels(source, returned, read_ledger(ledger), accept_unplanned=accept_unplanned)
    written_table(merged.table, target)
    merged.ledger.write(ledger)
    if json:
        emit(to_json(dict(merged.summary)) + "\n")
    else:
        emit(merged_text(merged.summary, merged.added))
    complain(f"wrote {target}")
    tell(f"\nNow:  {_audit_command(merged.ledger, target)}")
    return 0


def _check_unchanged(before: Ledger, given: dict[str, Any]) -> None:
    """BadOption for an option that contradicts the first round."""
    for name, value in given.items():
        if value is not None and value != getattr(before, name):
            option = {"columns": "a column"}.get(name, f"--{name.replace('_', '-')}")
            raise BadOption(
                f"{option} {value!r} contradicts the ledger, which was begun with "
                f"{getattr(before, name)!r}: leave it out, or begin another ledger"
            )


def _labelled_path(tables: list[str]) -> Path:
    """Beside the table; a table that was labelled before is written anew."""
    path = path_beside(tables, ".labelled.parquet")
    twice = ".labelled.labelled.parquet"
    return path.with_name(path.name.replace(twice, ".labelled.parquet"))


def _audit_command(ledger: Ledger, path: Path) -> str:
    proxies = "".join(f" --proxy {name}" for name in ledger.proxies)
    gold = "" if ledger.gold == "gold" else f" --gold {ledger.gold}"
    by = f" --by {ledger.by}" if ledger.by else ""
    return f"overopt audit {path}{proxies}{gold}{by}"
