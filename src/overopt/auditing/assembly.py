"""``audit``: from a table of scored samples to a decision. Assembly only; it computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from overopt.auditing.data_findings import proxy_pair_findings, table_findings
from overopt.auditing.document import audit_document
from overopt.auditing.options import AuditOptions
from overopt.auditing.proxy_audit import PRESSURES, ProxyAudit, proxy_audit
from overopt.auditing.validity_card import validity_card
from overopt.curves.completed_gold import label_design
from overopt.curves.objective import quality
from overopt.curves.proxy_ranking import ProxyRanking, proxy_ranking
from overopt.errors import BadOption, BadSamples
from overopt.findings import Finding
from overopt.samples import Samples, read_samples

__all__ = ["Audit", "audit"]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Audit:
    """Answer of ``audit``: prints as a report, draws itself in a notebook, saves to files."""

    samples: Samples
    options: AuditOptions
    design: str
    findings: Sequence[Finding]
    proxies: Sequence[ProxyAudit]
    ranking: ProxyRanking | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, schema ``overopt.audit/1``; what is undefined is None."""
        return audit_document(self)

    def card(self, proxy: str | None = None) -> dict[str, Any]:
        """Validity card of a proxy (default the first): what its scores are worth, and where."""
        return validity_card(self.to_dict(), self._named(proxy).samples, self._named(proxy).name)

    def save(self, path: str | Path) -> Path:
        """Write the report: .html, .json, or a chart as .png or .svg. Returns the path."""
        from overopt import report

        return report.save(self.to_dict(), Path(path))

    def _named(self, proxy: str | None) -> ProxyAudit:
        if proxy is None:
            return self.proxies[0]
        for one in self.proxies:
            if one.name == proxy:
                return one
        known = ", ".join(repr(one.name) for one in self.proxies)
        raise BadOption(f"no proxy {proxy!r} in this audit; it has: {known}")

    def _repr_html_(self) -> str:
        from overopt import report

        return report.notebook(self.to_dict())

    def __str__(self) -> str:
        from overopt import report

        return report.terminal(self.to_dict(), width=100, colour=False)


def audit(
    samples: Any,
    *,
    proxies: Sequence[str] = (),
    gold: str | None = None,
    level: float = 0.95,
    pressures: Sequence[str] = PRESSURES,
    labels_drawn: str | None = None,
    objective: str = "mean",
    tolerance_sd: float = 0.02,
    tolerance_gain: float = 0.20,
    cost: float = 0.0,
    soft_lambda: float | None = None,
    looks: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    **reading: Any,
) -> Audit:
    """How hard may one push on each proxy, what does it gain, how sure is that, what should worry.

    Parameters
    ----------
    samples
        ``Samples``, or anything ``read_samples`` takes (a path, a frame, arrays); ``proxies``,
        ``gold`` and further keywords (``columns``, ``by``, ``window``, ...) are passed to it.
    level
        Of every interval, 0 to 1; operating points of several proxies hold together at it.
    pressures
        Ids, the one that answers the question first: best_of_n, threshold, kl_tilt,
        soft_best_of_n, best_of_poisson, chi_square.
    labels_drawn
        How rows were chosen for labelling when only some are: ``uniform``, ``winners`` (the best
        of each group by the proxy) or ``unknown``; needless with a ``label_prob`` column.
    objective
        ``mean`` gold, or ``win-rate``: gold ranked within its group (all rows labelled).
    tolerance_sd, tolerance_gain
        No change is one within the larger of these shares: of the within-prompt sd of gold, and of
        the gain.
    cost
        What one more candidate costs, in units of gold; decisions are then about net gain.
    soft_lambda
        Sharpness of soft best-of-n, per unit of proxy; default 2 / mean within-group sd.
    looks
        How many times decisions have been made on these labels as they grew, this time included:
        the error 1 - level is spent over all of them. 0: this is the only time, ever. None: as the
        table records, else 0.
    progress
        Called with a stage and the share of the work done.

    Raises BadSamples or BadOption, in one line, for input that cannot be used.
    """
    options = AuditOptions(
        level=level,
        pressures=tuple(pressures),
        labels_drawn=labels_drawn,
        objective=objective,
        tolerance_sd=tolerance_sd,
        tolerance_gain=tolerance_gain,
        cost=cost,
        soft_lambda=soft_lambda,
        looks=looks or 0,
    ).check(PRESSURES)
    table = samples
    if not isinstance(samples, Samples):
        table = read_samples(samples, proxies=proxies, gold=gold, **reading)
    if looks is None:
        options = replace(options, looks=table.notes.get("labels", {}).get("looks", 0))
    return _audited(table, _chosen(table, proxies), options, progress)


def _audited(
    table: Samples,
    names: Sequence[str],
    options: AuditOptions,
    progress: Callable[[str, float], None] | None,
) -> Audit:
    if int(table.group_sizes.max()) < 2:
        raise BadSamples(
            f"{table.origin}: every group has a single candidate, so there is nothing to select "
            "from: give several candidates a prompt, or name --prompt; overopt tails needs one only"
        )
    design = label_design(table, options.labels_drawn)
    findings = table_findings(table, labels_drawn=design)
    valued = quality(table, options.objective)
    each = 1 - (1 - options.decision_level) / len(names)
    audited = [
        proxy_audit(valued, name, design, options, each, _staged(progress, k, len(names)))
        for k, name in enumerate(names)
    ]
    return Audit(
        samples=table,
        options=options,
        design=design,
        findings=(*findings, *(proxy_pair_findings(table) if len(names) > 1 else ())),
        proxies=tuple(audited),
        ranking=_ranking(valued, audited, options.decision_level),
    )


def _chosen(table: Samples, proxies: Sequence[str]) -> list[str]:
    """Proxies to audit: those asked for, else all that the table has."""
    missing = [name for name in proxies if name not in table.proxies]
    if missing:
        known = ", ".join(map(repr, table.proxies))
        raise BadOption(f"no proxy {missing[0]!r} in {table.origin}; its proxies are: {known}")
    return list(dict.fromkeys(proxies)) or list(table.proxies)


def _staged(
    progress: Callable[[str, float], None] | None, step: int, steps: int
) -> Callable[[str, float], None] | None:
    """Progress of one proxy as a share of all of them."""
    if progress is None:
        return None
    report = progress
    return lambda stage, share: report(stage, (step + share) / steps)


def _ranking(table: Samples, audited: Sequence[ProxyAudit], level: float) -> ProxyRanking | None:
    """Proxies ranked by gold at their own operating points; None for one proxy or no gold."""
    if len(audited) < 2 or table.prompts < 2:
        return None
    entries = [
        (one.curves[one.leading], one.contender)
        for one in audited
        if one.contender is not None and one.curves[one.leading].identified.all()
    ]
    if len(entries) < len(audited):
        return None
    completed = {one.name: one.completed for one in audited if one.completed is not None}
    return proxy_ranking(table, entries, completed, level)
