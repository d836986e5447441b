"""The audit in a terminal: the decision, its curve and its doubts, in 60 columns or in 140."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from overopt.report.blocks import drawn, indented, styled, table, text
from overopt.report.words import (
    DECISIONS,
    Document,
    best_first,
    blamed,
    compared_gains,
    counted,
    decimals,
    estimate,
    first_sentence,
    interval,
    number,
    one_line,
    percent,
    ranking_levels,
    spread_places,
    steps_told,
    strength_text,
    tails_told,
    thinned,
    titled,
    verdict_text,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["terminal"]

NARROW = 90
CURVE_ROWS = 9
STRIP = 30
MOST_TOLD = 3
COLOURS = {"stop": "bold red", "caution": "yellow", "note": "dim"}
COLOURS |= {"push": "bold green", "saturated": "bold green", "no_peak": "bold green"}
COLOURS |= {"do_not_push": "bold red", "undecided": "bold yellow"}


def terminal(audit: Document, width: int = 80, colour: bool = False) -> str:
    """Plain text of at most ``width`` columns, with ANSI styles only where ``colour``."""
    return drawn(lambda columns: _parts(audit, columns), width, colour)


def _parts(audit: Document, width: int) -> Iterator[RenderableType]:
    yield text(f"overopt audit of {one_line(audit['origin'], 200)}", "dim")
    yield text(_size(audit), "dim")
    if steps := steps_told(audit["notes"]):
        yield text(one_line(steps, 200), "dim")
    yield ""
    answer, rest = first_sentence(one_line(audit["headline"], 2000))
    yield text(answer, "bold")
    if rest:
        yield text(rest)
    yield from _findings(audit["findings"], ("stop",))
    if audit["ranking"]:
        yield from _ranking(audit, width)
    told, left = _told_and_left(audit)
    for proxy in told:
        yield from _proxy(audit, proxy, width)
    if left:
        names = ", ".join(one_line(proxy["name"], 60) for proxy in left)
        yield ""
        yield text(f"The page and the JSON tell as much of {len(left)} more proxies: {names}.")
    for proxy in left:
        yield from _findings(proxy["findings"], ("stop",))
    yield from _findings(audit["findings"], ("caution", "note"))


def _told_and_left(audit: Document) -> tuple[list[Document], list[Document]]:
    """Proxies to tell in full, the best where there are many; and those left to the page."""
    proxies = best_first(audit)
    return proxies[:MOST_TOLD], proxies[MOST_TOLD:]


def _size(audit: Document) -> str:
    low, high = audit["candidates"]["min"], audit["candidates"]["max"]
    each = f"{low}" if low == high else f"{low} to {high}"
    source = f" by {one_line(audit['gold_source'], 60)}" if audit["gold_source"] else ""
    labels = f"{audit['labelled']:,} of {audit['rows']:,} rows labelled{source}"
    return f"{counted(audit['prompts'], 'prompt')}, {each} candidates each; {labels}"


def _findings(findings: Sequence[Document], severities: Sequence[str]) -> Iterator[RenderableType]:
    """Those of the given severities, in their order."""
    listed = [one for severity in severities for one in findings if one["severity"] == severity]
    if not listed:
        return
    yield ""
    grid = table(("", "left"), ("", "left"), ("", "left"))
    grid.show_header = False
    for finding in listed:
        severity = finding["severity"]
        grid.add_row(
            styled(severity, COLOURS[severity]),
            one_line(finding["code"], 20),
            one_line(titled(finding), 1000),
        )
    yield grid


def _ranking(audit: Document, width: int) -> Iterator[RenderableType]:
    ranking = audit["ranking"]
    yield ""
    yield text("Which proxy to optimise against", "bold underline")
    grid = table(("proxy", "left"), ("decision", "left"), ("at", "left"), ("gain", "left"))
    for row in ranking["rows"]:
        gain = estimate(row["gain"], row["gain_lower"], row["gain_upper"], sign=True)
        curve = _curve(audit, row["name"], row["pressure"])
        at = "" if curve is None else strength_text(curve["knob"], row["strength"])
        grid.add_row(one_line(row["name"], 60), _decision(row["decision"]), at, gain)
    yield indented(grid)
    compared = ranking["comparison"] and ranking["comparison"]["sentence"]
    if compared and compared not in audit["headline"]:
        yield text(one_line(compared, 1000), indent=2)
    yield text(ranking_levels(audit), indent=2)


def _curve(audit: Document, name: str, pressure: str) -> Document | None:
    curves = (c for p in audit["proxies"] if p["name"] == name for c in p["curves"])
    return next((curve for curve in curves if curve["pressure"] == pressure), None)


def _decision(decision: str) -> Any:
    return styled(DECISIONS[decision], COLOURS[decision])


def _proxy(audit: Document, proxy: Document, width: int) -> Iterator[RenderableType]:
    yield ""
    yield text(one_line(proxy["name"], 120), "bold underline")
    if len(audit["proxies"]) > 1:
        yield text(one_line(proxy["headline"]["sentence"], 2000))
    yield from _findings(proxy["findings"], ("stop",))
    pressure = proxy["headline"]["pressure"]
    points = {point["pressure"]: point for point in proxy["operating_points"]}
    curve = _curve(audit, proxy["name"], pressure)
    if curve is not None:
        yield ""
        yield indented(_curve_table(curve, points.get(pressure), width))
    if audit["gold"]:
        yield ""
        yield indented(_points_table(proxy, points, width))
    yield from _findings(proxy["mechanisms"], ("stop", "caution", "note"))
    yield from _comparisons(proxy["mechanisms"])
    yield from _groups(proxy["groups"], width)
    yield from _findings(proxy["findings"], ("caution", "note"))
    yield from _prose(proxy)


def _curve_table(curve: Document, point: Document | None, width: int) -> Table:
    """The gold curve at a few strengths; where there is room, drawn as dots with intervals."""
    chosen = None if point is None else point["strength"]
    shown = thinned(curve["strength"], CURVE_ROWS, chosen)
    columns = list(_curve_columns(curve, shown, width))
    grid = table(*((header, justify) for header, justify, _ in columns))
    for i, cells in zip(shown, zip(*(c for _, _, c in columns), strict=True), strict=True):
        style = "bold" if curve["strength"][i] == chosen else "dim" if curve["grey"][i] else ""
        grid.add_row(*cells, style=style)
    return grid


def _curve_columns(
    curve: Document, shown: Sequence[int], width: int
) -> Iterator[tuple[str, str, list[str]]]:
    """Header, justification and cells of every column; no gold, no columns for it."""
    proxy_places = spread_places(curve["proxy"])
    yield one_line(curve["knob"], 30), "right", [number(curve["strength"][i]) for i in shown]
    yield "KL", "right", [number(curve["kl"][i], 2) for i in shown]
    yield "proxy", "right", [number(curve["proxy"][i], proxy_places) for i in shown]
    estimates = [(curve["gold"][i], curve["lower"][i], curve["upper"][i]) for i in shown]
    if all(gold is None for gold, _, _ in estimates):
        return
    places = decimals(curve["lower"], curve["upper"])
    doubts = [" unreliable" if curve["grey"][i] else "" for i in shown]
    spans = [interval(lower, upper, places) for _, lower, upper in estimates]
    yield "gold", "right", [number(gold, places) for gold, _, _ in estimates]
    yield "interval", "left", [span + doubt for span, doubt in zip(spans, doubts, strict=True)]
    if width >= NARROW:
        ends = _ends(curve, shown)
        yield one_line(curve["label"], STRIP), "left", [_strip(*one, ends) for one in estimates]


def _ends(curve: Document, shown: Sequence[int]) -> tuple[float, float] | None:
    seen = [curve[f][i] for f in ("gold", "lower", "upper") for i in shown]
    known = [value for value in seen if value is not None]
    return (min(known), max(known)) if known and max(known) > min(known) else None


def _strip(
    value: float | None,
    lower: float | None,
    upper: float | None,
    ends: tuple[float, float] | None,
) -> str:
    """One interval on a line of STRIP characters: ``  ├───●───┤``."""
    if value is None or ends is None:
        return ""
    place = [
        None if v is None else round((v - ends[0]) / (ends[1] - ends[0]) * (STRIP - 1))
        for v in (value, lower, upper)
    ]
    strip = [" "] * STRIP
    if place[1] is not None and place[2] is not None:
        strip[place[1] : place[2] + 1] = "─" * (place[2] - place[1] + 1)
        strip[place[1]], strip[place[2]] = "├", "┤"
    strip[place[0] or 0] = "●"
    return "".join(strip)


def _points_table(proxy: Document, points: dict[str, Document], width: int) -> Table:
    """What each pressure comes to; narrow terminals stack the cells and leave out the KL."""
    wide = width >= NARROW
    headers = ("pressure", "strength", "KL, nats", "decision", "gain in gold")
    grid = table(*((h, "left") for h in headers if wide or h in ("pressure", "decision")))
    for curve in proxy["curves"]:
        point = points.get(curve["pressure"])
        if point is None:
            continue
        label = one_line(curve["label"], 40)
        strength = strength_text(one_line(curve["knob"], 30), point["strength"])
        decision = _decision(point["decision"])
        gain = estimate(point["gain"], point["gain_lower"], point["gain_upper"], sign=True)
        if wide:
            grid.add_row(label, strength, number(point["kl"]), decision, gain)
        else:
            grid.add_row(
                f"{label}\n{strength}", decision.append(f"\n{gain}", style="not bold default")
            )
    return grid


def _comparisons(mechanisms: Sequence[Document]) -> Iterator[RenderableType]:
    """The curve as it is beside the one without what a mechanism blames."""
    for one in mechanisms:
        if compared := one["data"].get("comparison"):
            yield ""
            gains = "gain in gold", f"without {one_line(blamed(one), 30)}"
            grid = table(("n", "right"), *((name, "left") for name in gains))
            for row in compared_gains(compared):
                grid.add_row(number(row[0]), *(estimate(*gain, sign=True) for gain in row[1:]))
            yield indented(grid)


def _groups(groups: Sequence[Document], width: int) -> Iterator[RenderableType]:
    """What selection gains in each comparison group; narrow terminals leave out the strength."""
    if not groups:
        return
    yield ""
    wide = width >= NARROW
    headers = ("group", "prompts", "strength", "gain in gold")
    grid = table(*((name, "left") for name in headers if wide or name != "strength"))
    for one in groups:
        name, prompts = one_line(one["group"], 40), number(one["prompts"])
        strength = (strength_text(one_line(one["knob"], 30), one["strength"]),) if wide else ()
        gain = estimate(one["gain"], one["lower"], one["upper"], sign=True)
        grid.add_row(name, prompts, *strength, gain)
    yield indented(grid)


def _prose(proxy: Document) -> Iterator[RenderableType]:
    """What a score is worth, passes, the model and trainer settings, a paragraph each."""
    told = list(_needs(proxy))
    if proxy["labels"] and proxy["labels"]["value"]:
        told.append(f"Labels: {proxy['labels']['value']['sentence']}")
    if proxy["worth"]:
        told.append(proxy["worth"]["comparable"]["sentence"])
    if proxy["passes"]:
        passes = proxy["passes"]
        cap = f"{percent(passes['mass'])} of the rows score {number(passes['cap'])}, the highest;"
        gold = estimate(passes["gold_at_cap"], passes["lower"], passes["upper"])
        told.append(f"{cap} their gold is {gold}. {passes['sentence']}")
    if proxy["extrapolation"]:
        told.append(proxy["extrapolation"]["sentence"])
    if proxy["trainer"]:
        told.append(f"Trainer: {proxy['trainer']['sentence']} {proxy['trainer']['caveat']}")
    tails = tails_told(proxy["tails"])
    told.append(" ".join(f"Tail of {of}: {verdict_text(v)}. {v['sentence']}" for of, v in tails))
    for sentence in told:
        yield ""
        yield text(one_line(sentence, 2000), indent=2)


def _needs(proxy: Document) -> Iterator[str]:
    """What would decide the headline, where its sentence does not say so itself."""
    for point in proxy["operating_points"]:
        needs, headline = point["needs"], point["pressure"] == proxy["headline"]["pressure"]
        if headline and needs and needs not in point["sentence"]:
            yield f"Needed to decide: {needs}."
