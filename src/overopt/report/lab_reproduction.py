"""A paper's figures as the lab computes them: tables in a terminal, one picture of all curves."""

from __future__ import annotations

import textwrap
from pathlib import Path

from overopt.report.channels import Spec
from overopt.report.lab_chart import gold_panel
from overopt.report.lab_text import exact, folded
from overopt.report.saving import save_picture
from overopt.report.tails import tails_text
from overopt.report.words import Document, number

__all__ = ["lab_reproduction", "save_reproduction"]


def lab_reproduction(document: Document, width: int = 80) -> str:
    """Best-of-n, conditioning, and the printed numbers that differ from exact ones."""
    curves, parts = document["best_of_n"], document["conditioning"]
    first = [("gold + error", "peak", *(f"n = {number(n)}" for n in curves[0]["strength"]))]
    first += [(c["name"], _peak(c), *map(exact, c["gold"])) for c in curves]
    longest = max((part["above"] for part in parts), key=len)
    second = [("gold + error", "best", *(f"> {number(t)}" for t in longest))]
    for part in parts:
        told = [exact(gold) for gold in part["gold"]]
        told += [""] * (len(longest) - len(told))
        second.append((part["name"], _best(part), *told))
    lines = [document["paper"], "", "Mean gold of the best of n", *folded(first, width), ""]
    lines += ["Mean gold above a proxy, and above the best threshold", *folded(second, width), ""]
    lines += ["Where printed numbers differ from exact ones"]
    for one in document["differences"]:
        printed = "no bound" if one["printed"] is None else f"{one['printed']:g}"
        line = f"{one['what']}: printed {printed}, exact {exact(one['exact'])}; {one['why']}."
        lines += textwrap.wrap(line, width, initial_indent="- ", subsequent_indent="  ")
    text = "\n".join(lines) + "\n"
    return text if document["tails"] is None else f"{text}\n{tails_text(document['tails'], width)}"


def save_reproduction(document: Document, path: Path) -> Path:
    """Write the ten curves as small pictures, or the document as .json; raises as ``save``."""
    text = lab_reproduction(document, width=100)
    title = f"Gold under best-of-n: {document['paper']}"
    panels = [
        {"title": {"text": curve["name"], "fontSize": 12}}
        | gold_panel(curve, width=210, height=150)
        for curve in document["best_of_n"]
    ]
    spec: Spec = {"title": title, "concat": panels, "columns": 5, "spacing": 24}
    return save_picture(document, path, spec, title, text)


def _best(part: Document) -> str:
    best = part["best"]
    return f"{exact(best['gold'])} at KL {number(best['kl'])}" if best else "none"


def _peak(curve: Document) -> str:
    peak = curve["peak"]
    return f"{exact(peak['gold'])} at {number(peak['strength'])}" if peak else "none"
