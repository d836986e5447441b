"""The tails of a table as plain data, schema ``overopt.tails/1``; what is undefined is None."""

from __future__ import annotations

from typing import Any

import numpy as np

from overopt.curves.completed_gold import completed_gold, label_design
from overopt.errors import BadOption
from overopt.findings import Finding
from overopt.samples.table import Samples, scored
from overopt.tails.all_tails import Tails, tails_of
from overopt.tails.hill_plot import hill_plot
from overopt.tails.sample import tail_sample
from overopt.tails.unreachable import out_of_reach
from overopt.tails.verdict import tail_verdict

__all__ = ["tails_document"]

SCHEMA = "overopt.tails/1"


def tails_document(
    samples: Samples,
    proxy: str,
    *,
    level: float = 0.95,
    labels_drawn: str | None = None,
    by_group: bool = False,
    hill: bool = False,
) -> dict[str, Any]:
    """Verdicts on the proxy and, with gold, on the error and on gold itself; ``findings`` on all.

    With ``by_group`` also on the proxy within each value of the group column; with ``hill`` Hill's
    estimates of the proxy's shape, to be drawn and not decided on. Raises BadOption for
    a proxy that the table lacks and for a level outside [0.5, 1).
    """
    found = _tails(samples, proxy, level, labels_drawn)
    groups, findings = _groups(samples, proxy, level) if by_group else (None, [])
    return {
        "schema": SCHEMA,
        "origin": samples.origin,
        "level": level,
        "rows": samples.rows,
        "prompts": samples.prompts,
        "labelled": samples.labelled,
        **found.to_dict(),
        "groups": groups,
        "hill": hill_plot(samples, proxy) if hill else None,
        "findings": [one.to_dict() for one in (*findings, *found.findings)],
    }


def _tails(samples: Samples, proxy: str, level: float, labels_drawn: str | None) -> Tails:
    """Verdicts on the scored rows, with labels where there are any of a known design."""
    if not samples.labelled:
        return tails_of(samples, proxy, None, level=level)
    table = scored(samples, proxy)
    design = label_design(table, labels_drawn)
    completed = None if design == "none" else completed_gold(table, proxy, design)
    return tails_of(table, proxy, completed, level=level)


def _groups(
    samples: Samples, proxy: str, level: float
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """One verdict per value of the group column, and rows that one group would not reach."""
    if samples.group_value is None:
        raise BadOption(f"{samples.origin} has no group column: name one with --group")
    codes = samples.group_value.codes
    present = [code for code in np.unique(codes).tolist() if code >= 0]
    names = [samples.group_value.names[code] for code in present]
    parts = [samples.take(codes == code) for code in present]
    verdicts = [
        tail_verdict(tail_sample(part, proxy), name, level=level)
        for name, part in zip(names, parts, strict=True)
    ]
    scores = [np.asarray(part.proxies[proxy], dtype=np.float64) for part in parts]
    told = [{"group": name} | one.to_dict() for name, one in zip(names, verdicts, strict=True)]
    return told, out_of_reach(names, scores, verdicts)
