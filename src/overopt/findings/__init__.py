"""A finding: one coded doubt about the data or a result, with the numbers behind it.

Codes are stable: OV1xx data, OV2xx tails, OV3xx curve and decision, OV4xx monitor. The catalogue
holds what each code means and what to do about it; ``overopt finding CODE`` prints it.
"""

from __future__ import annotations

from overopt.errors import BadOption
from overopt.findings.curve import CURVE_ENTRIES
from overopt.findings.data import DATA_ENTRIES
from overopt.findings.finding import Entry, Finding, Severity
from overopt.findings.mechanisms import MECHANISM_ENTRIES
from overopt.findings.tails import TAIL_ENTRIES

__all__ = ["CATALOGUE", "Entry", "Finding", "Severity", "catalogue_entry", "catalogue_page"]

CATALOGUE: dict[str, Entry] = {
    entry.code: entry
    for entry in (*DATA_ENTRIES, *TAIL_ENTRIES, *CURVE_ENTRIES, *MECHANISM_ENTRIES)
}

PAGE_TITLE = """# Findings

A finding is a coded doubt about the data or about a result. Its severity says how much it limits
what the audit may claim: *stop* (acting on the result would likely be wrong; exit code 1),
*caution* (read the result with this in mind), *note* (good to know). Codes never change their
meaning. `overopt finding OV103` prints one of these sections.
"""


def catalogue_entry(code: str) -> Entry:
    """Entry of a code such as ``OV103``; raises BadOption for an unknown one."""
    entry = CATALOGUE.get(code.upper())
    if entry is None:
        raise BadOption(f"no finding has the code {code!r}; known codes: {', '.join(CATALOGUE)}")
    return entry


def catalogue_page() -> str:
    """The whole catalogue as Markdown, one anchored section per code: docs/findings.md."""
    sections = (
        f'<a id="{entry.anchor}"></a>\n\n'
        f"## {entry.code}: {entry.title}\n\n{entry.meaning}\n\n**What to do.** {entry.remedy}\n"
        for entry in CATALOGUE.values()
    )
    return "\n".join([PAGE_TITLE, *sections])
