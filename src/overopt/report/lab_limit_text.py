"""The limit of gold under endless pressure, in a terminal: verdict, reason, exact values."""

from __future__ import annotations

import textwrap

from overopt.report.lab_text import columns, exact, law_text
from overopt.report.words import Document, number, strength_text

__all__ = ["lab_limit", "limit_verdict"]

VISIBLE = 1e-3  # relative: falls that deserve a word
VERDICTS = {
    "none": "No overoptimisation in the limit",
    "benign": "Benign: gold still gets there, though the proxy tells less and less about it",
    "weak": "Weak: gold stays below its supremum",
    "strong": "Strong: gold falls to its infimum",
    "not_covered": "Not covered by a theorem",
}


def lab_limit(document: Document, width: int = 80) -> str:
    """Verdict and reason, then the exact values at growing strengths."""
    law = f"{law_text(document['law'])}; {document['label']}"
    lines = [*textwrap.wrap(law, width), ""]
    for sentences in limit_verdict(document):
        lines += textwrap.wrap(sentences, width)
    trend = document["trend"]
    if trend["strength"]:
        pairs = zip(trend["strength"], trend["gold"], strict=True)
        rows = [(number(strength), exact(gold)) for strength, gold in pairs]
        lines += ["", *columns([(document["knob"], "gold"), *rows])]
    return "\n".join(lines) + "\n"


def limit_verdict(document: Document) -> tuple[str, str]:
    """The verdict with its value, and the reason."""
    verdict = f"{VERDICTS[document['verdict']]}. {_value(document)}"
    return verdict, f"{_reason(document)}{_fall(document)}"


def _value(document: Document) -> str:
    base = f"without pressure it is {exact(document['base'])}"
    if document["unbounded"]:
        moves = "falls" if document["verdict"] == "strong" else "grows"
        return f"Gold {moves} without bound; {base}."
    if document["theorem"] is None:
        return f"The limit of gold is not known; {base}."
    return f"Gold tends to {exact(document['value'])}; {base}."


def _fall(document: Document) -> str:
    """What the limit hides: the strengths between which gold falls."""
    strength, gold = document["trend"]["strength"], document["trend"]["gold"]
    falls = [k for k in range(1, len(gold)) if gold[k] < gold[k - 1] - abs(gold[k - 1]) * VISIBLE]
    if document["verdict"] not in ("none", "benign") or not falls:
        return ""
    knob = document["knob"]
    first, last = (strength_text(knob, strength[k]) for k in (falls[0] - 1, falls[-1]))
    return f" Yet exact gold falls between {first} and {last}: the limit is no advice there."


def _reason(document: Document) -> str:
    reason = document["reason"]
    told = f"{reason[0].upper()}{reason[1:]}."
    return f"{document['theorem']}: {reason}." if document["theorem"] else told
