"""How decisions, strengths and names are written, the same in every report; numbers by numerals."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from overopt.numerals import ABSENT, decimals, estimate, interval, number, percent, spread_places

__all__ = [
    "ABSENT",
    "DECISIONS",
    "MINUS",
    "Document",
    "best_first",
    "blamed",
    "compared_gains",
    "counted",
    "decimals",
    "estimate",
    "first_sentence",
    "interval",
    "number",
    "one_line",
    "percent",
    "ranking_levels",
    "spread_places",
    "steps_told",
    "strength_text",
    "tails_told",
    "thinned",
    "titled",
    "verdict_text",
]

Document = Mapping[str, Any]
Triple = tuple[float | None, float | None, float | None]

MINUS = str.maketrans("-", "\N{MINUS SIGN}")

DECISIONS: Mapping[str, str] = {
    "push": "push",
    "saturated": "saturated",
    "no_peak": "still rising",
    "do_not_push": "do not push",
    "undecided": "undecided",
}


def titled(finding: Document) -> str:
    """The message of a finding; that of a mechanism after its name."""
    name = finding.get("id", "").replace("_", " ")
    return f"{name}: {finding['message']}" if name else str(finding["message"])


def blamed(mechanism: Document) -> str:
    """What a mechanism compares the curve without: a kind of candidate, or a feature's share."""
    data = mechanism["data"]
    return str(data["name"] if "name" in data else f"the share of {data['feature']}")


def compared_gains(comparison: Document) -> list[tuple[Any, Triple, Triple]]:
    """Strength, gain with limits as it is, and gain with limits without; a row for each."""
    columns = [
        zip(*(comparison[f"{name}{kind}"] for name in ("gain", "lower", "upper")), strict=True)
        for kind in ("", "_changed")
    ]
    return list(zip(comparison["strength"], *columns, strict=True))


def best_first(audit: Document) -> list[Document]:
    """The audited proxies in the order of their ranking, else as they were named."""
    proxies = list(audit["proxies"])
    if audit["ranking"]:
        places = {row["name"]: place for place, row in enumerate(audit["ranking"]["rows"])}
        proxies.sort(key=lambda proxy: places.get(proxy["name"], len(places)))
    return proxies


def strength_text(knob: str, strength: float | None) -> str:
    """``n = 12``: the knob of a pressure and where it stands."""
    return f"{knob} = {number(strength)}"


def tails_told(tails: Document) -> list[tuple[str, Document]]:
    """Whose tails to tell, and their verdicts: the score's, and its error's with labels."""
    told = [("the score", tails["proxy"]), ("its error", tails["error"])]
    return [(whose, verdict) for whose, verdict in told if verdict is not None]


def verdict_text(verdict: Document) -> str:
    """``undecided, too few``: a verdict with its reason, where that says more."""
    kind, reason = (verdict[key].replace("_", " ") for key in ("verdict", "reason"))
    return str(kind if kind == reason else f"{kind}, {reason}")


def counted(count: int, noun: str) -> str:
    """``1 prompt``, ``9,600 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def ranking_levels(audit: Document) -> str:
    """At which levels the ranking and each proxy by itself are told, so that they may differ."""
    each = f"{100 * audit['ranking']['level_each']:.3g}"
    return (
        f"Intervals at {each} % each, so that together they hold. Each proxy by itself is told "
        f"below at {100 * audit['level']:.3g} %, which may decide what stays open here."
    )


def steps_told(notes: Document) -> str:
    """Which steps of a trainer's folder were read, where some were left out; else nothing."""
    left, read = notes.get("steps_left_out"), notes.get("steps_read")
    if not left or not read:
        return ""
    which = f"step {read[0]}" if len(read) == 1 else f"steps {read[0]} to {read[-1]}"
    return f"{which} only; {counted(left, 'earlier step')} left out (--window reads more)"


def one_line(text: object, longest: int = 400) -> str:
    """Text from the data on one line, without control characters, cut at ``longest``."""
    kept = "".join(
        " " if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} else character
        for character in str(text)[: longest + 1]
    )
    return kept if len(kept) <= longest else kept[:longest] + "…"


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence, and what follows it."""
    first, stop, rest = text.partition(". ")
    return first + stop.rstrip(), rest


def thinned(strengths: list[float], most: int, keep: float | None = None) -> list[int]:
    """Positions of at most about ``most`` strengths, dense at the start, with the ends kept.

    Positions are spaced evenly in the logarithm of the position: a best-of-n curve lists every n.
    ``keep`` is a strength that must stay.
    """
    count = len(strengths)
    if count <= most:
        return list(range(count))
    ratio = count ** (1 / (most - 1))
    chosen = {min(count, round(ratio**step)) - 1 for step in range(most)}
    if keep is not None and keep in strengths:
        chosen.add(strengths.index(keep))
    return sorted(chosen)
