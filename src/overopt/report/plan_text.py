"""A plan in a terminal: what the study would measure, decide and waste."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from overopt.report.blocks import drawn, indented, table, text
from overopt.report.words import (
    ABSENT,
    DECISIONS,
    Document,
    counted,
    first_sentence,
    number,
    percent,
    strength_text,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["plan_terminal"]

DESIGNS = {"tail": "targeted", "uniform": "uniform", "all": "all rows"}
ANSWERS = {"push": "sees the turn", "no_peak": "sees the rise"}


def plan_terminal(plan: Document, width: int = 80, colour: bool = False) -> str:
    """Plain text of at most ``width`` columns for a document of schema overopt.plan/1."""
    return drawn(lambda columns: _parts(plan), width, colour)


def _parts(plan: Document) -> Iterator[RenderableType]:
    yield text(f"overopt plan: {_size(plan)}", "dim")
    yield text(_guess(plan), "dim")
    yield ""
    answer, rest = first_sentence(plan["recommendation"])
    yield text(answer, "bold")
    if rest:
        yield text(rest)
    yield ""
    unit, level = plan["guess"]["unit"], percent(plan["level"])
    yield text(f"Half-width of {level} intervals, in {_unit(unit)}", "bold underline")
    yield indented(_half_widths(plan))
    yield ""
    yield text("How such studies end", "bold underline")
    yield indented(_scenarios(plan))
    error = 100 * plan["monte_carlo_error"]
    yield text(
        f"{plan['studies']:,} simulated studies a line, shares ± {error:.1f} points; wrong: "
        "something the decision claims is untrue; regret: best gold less gold at its n.",
        "dim",
        indent=2,
    )
    yield ""
    yield text("What a change would bring", "bold underline")
    yield indented(_variants(plan))
    yield from _enough(plan)


def _size(plan: Document) -> str:
    rows = plan["prompts"] * plan["candidates"]
    labels = "every row labelled"
    if plan["labels"] < rows:
        labels = f"{counted(plan['labels'], 'label')} on {rows:,} rows"
    return (
        f"{counted(plan['prompts'], 'prompt')}, {plan['candidates']:,} candidates each; {labels}; "
        f"seed {plan['seed']}"
    )


def _guess(plan: Document) -> str:
    guess = plan["guess"]
    gold = "gold"
    if guess["base_rate"] is not None:
        gold = f"right-or-wrong gold (base rate {number(guess['base_rate'])})"
    return (
        f"guessed: {gold} correlates {number(guess['correlation'])} with the proxy within a "
        f"prompt; sd {number(guess['spread'])} within, {number(guess['between'])} between prompts"
    )


def _unit(unit: str) -> str:
    return "units of gold" if unit == "gold" else unit


def _half_widths(plan: Document) -> Table:
    columns = [(what, design) for what in ("gold", "gain") for design in DESIGNS]
    names = (f"{what if design == 'tail' else ''}\n{DESIGNS[design]}" for what, design in columns)
    made = table(("\nn", "right"), *((name, "right") for name in names))
    widths = plan["half_widths"]
    for row, n in enumerate(widths["n"]):
        cells = (widths[f"{what}_{design}"][row] for what, design in columns)
        places = (ABSENT if n == 1 and what == "gain" else None for what, _ in columns)
        shown = (dash or _width(cell) for dash, cell in zip(places, cells, strict=True))
        made.add_row(number(n), *shown)
    return made


def _width(value: float | None) -> str:
    return "∞" if value is None else number(value, 3)


def _scenarios(plan: Document) -> Table:
    made = table(
        ("if gold", "left"),
        ("the truth is", "left"),
        ("studies end", "left"),
        ("wrong", "right"),
        ("regret", "right"),
    )
    for one in plan["scenarios"]:
        made.add_row(
            one["title"],
            _truth(one, plan["candidates"]),
            _endings(one["decisions"]),
            percent(one["wrong"]),
            number(one["regret"], 3),
        )
    return made


def _truth(one: Document, candidates: int) -> str:
    end = f"{number(one['end_gain'], 2, sign=True)} at {strength_text('n', candidates)}"
    if one["best"] in (1, candidates):
        return end if one["end_gain"] else "no gain, no loss"
    best = number(one["best_gain"], 2, sign=True)
    return f"{best} at {strength_text('n', one['best'])}, {end}"


def _endings(shares: Document) -> str:
    """Decisions by share, those that never happened left out."""
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{DECISIONS[name]} {percent(share)}" for name, share in ranked if share > 0)


def _variants(plan: Document) -> Table:
    answers = ANSWERS[plan["question"]["decision"]]
    made = table(("study", "left"), ("half-width of the gain", "right"), (answers, "right"))
    for one in plan["variants"]:
        style = "bold" if one["changed"] == "now" else ""
        told = (_changed(one), _width(one["half_width"]), percent(one["answers"]))
        made.add_row(*told, style=style)
    return made


def _changed(one: Document) -> str:
    prompts, labels = counted(one["prompts"], "prompt"), counted(one["labels"], "label")
    return {
        "now": "as planned",
        "labels": labels,
        "candidates": f"{one['candidates']:,} candidates",
        "prompts": prompts,
        "both": f"{prompts}, {labels}",
        "shape": f"{prompts}, {one['candidates']:,} candidates",
    }[one["changed"]]


def _enough(plan: Document) -> Iterator[RenderableType]:
    error = 50 / max(one["studies"] for one in plan["variants"][1:]) ** 0.5
    labels, rows = plan["enough_labels"], plan["prompts"] * plan["candidates"]
    said = (
        f"From {counted(labels, 'label')} on, twice as many narrow the gain by less than 5 %: then "
        "prompts limit."
        if labels is not None
        else f"Labels narrow the gain up to all {rows:,} rows."
    )
    yield text(
        f"{said} The half-width is the mean over n > 1; shares ± {error:.1f} points.",
        "dim",
        indent=2,
    )
