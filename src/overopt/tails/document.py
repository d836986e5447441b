"""The tails of a table as plain data, schema ``overopt.tails/1``; what is undefined is None."""

from __future__ import annotations

from typing import Any

import numpy as np

from overopt.curves.completed_gold import completed_gold, label_design
from overopt.curves.reach import REACH_SHARE, reach_in_kl
from overopt.errors import BadOption
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples, scored
from overopt.tails.labelled import error_tail, gold_tail
from overopt.tails.unreachable import out_of_reach
from overopt.tails.verdict import TailVerdict, proxy_tail

__all__ = ["tails_document"]

SCHEMA = "overopt.tails/1"
UNIT = (
    "A proxy's tail depends on its unit (the exponential of a light score is heavy). It matters "
    "for pressures that act on raw scores, a KL tilt or an unclipped reward; best-of-n and "
    "thresholds see ranks only."
)
NEEDS_GOLD = "Whether the error or the quality makes the tail takes gold."


def tails_document(
    samples: Samples,
    proxy: str,
    *,
    level: float = 0.95,
    labels_drawn: str | None = None,
    by_group: bool = False,
) -> dict[str, Any]:
    """Verdicts on the proxy and, with gold, on the error and on gold itself; ``findings`` on all.

    With ``by_group`` also on the proxy within each value of the group column. Raises BadOption for
    a proxy that the table lacks and for a level outside [0.5, 1).
    """
    verdict = proxy_tail(samples, proxy, level=level)
    error, gold = _of_labels(samples, proxy, level, labels_drawn)
    groups, findings = _groups(samples, proxy, level) if by_group else (None, [])
    return {
        "schema": SCHEMA,
        "origin": samples.origin,
        "level": level,
        "rows": samples.rows,
        "prompts": samples.prompts,
        "labelled": samples.labelled,
        "proxy": verdict.to_dict(),
        "error": None if error is None else error.to_dict(),
        "gold": None if gold is None else gold.to_dict(),
        "groups": groups,
        "reach": {"rows": verdict.rows, "share": REACH_SHARE, "kl": _kl(verdict)},
        "meaning": UNIT if samples.labelled else f"{UNIT} {NEEDS_GOLD}",
        "findings": [one.to_dict() for one in (*findings, *_small_kl(verdict, error))],
    }


def _of_labels(
    samples: Samples, proxy: str, level: float, labels_drawn: str | None
) -> tuple[TailVerdict | None, TailVerdict | None]:
    """Verdicts on the error and on gold; None without labels that allow one."""
    if not samples.labelled:
        return None, None
    table = scored(samples, proxy)
    design = label_design(table, labels_drawn)
    if design == "none":
        return None, None
    completed = completed_gold(table, proxy, design)
    error = error_tail(table, proxy, completed, level=level)
    return error, gold_tail(table, completed, level=level)


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
    verdicts = [proxy_tail(part, proxy, level=level) for part in parts]
    scores = [np.asarray(part.proxies[proxy], dtype=np.float64) for part in parts]
    told = [{"group": name} | one.to_dict() for name, one in zip(names, verdicts, strict=True)]
    return told, out_of_reach(names, scores, verdicts)


def _kl(verdict: TailVerdict) -> float | None:
    return reach_in_kl(verdict.rows) if verdict.rows else None


def _small_kl(verdict: TailVerdict, error: TailVerdict | None) -> list[Finding]:
    """The warning that a small KL proves nothing, where the error is heavy or may be."""
    heavy = verdict if error is None or error.verdict == "not_applicable" else error
    if heavy.verdict != "heavy":
        return []
    kl = reach_in_kl(verdict.rows)
    said = (
        f"the error of {verdict.name} has a heavy tail"
        if heavy is error
        else f"{verdict.name} has a heavy tail, which may be its error's"
    )
    return [
        Finding(
            code="OV209",
            severity=Severity.CAUTION,
            message=f"{said}: a small KL proves nothing. What {verdict.rows:,} rows cannot show "
            f"may own {100 * REACH_SHARE:.0f} % of a policy from {kl:.2f} nats on",
            data={"kl": kl, "rows": verdict.rows, "share": REACH_SHARE},
        )
    ]
