"""The audit of one proxy: every pressure's curve and decision, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.curve_findings import curve_findings
from overopt.auditing.data_findings import Scale, proxy_findings, scale_of
from overopt.auditing.label_advice import (
    LabelAdvice,
    label_advice,
    label_findings,
    needed_labels,
)
from overopt.auditing.mechanisms import (
    GroupResult,
    Mechanism,
    group_results,
    mechanisms_of,
    opposite_signs,
)
from overopt.auditing.options import AuditOptions
from overopt.auditing.sentences import decision_sentence, look_clause, proxy_only_sentence
from overopt.auditing.trainer_settings import TrainerSettings, trainer_settings
from overopt.curves.completed_gold import CompletedGold, completed_gold, prompt_folds
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.curves.fold import largest_common_size
from overopt.curves.objective import within_spread
from overopt.curves.operating_point import OperatingPoint, operating_point
from overopt.curves.passes import Passes, passes
from overopt.curves.pooled_curve import PooledCurve, pooled_curve
from overopt.curves.reach import reach_in_kl
from overopt.curves.score_worth import ScoreWorth, score_worth
from overopt.errors import BadOption
from overopt.findings import Finding, Severity
from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    SoftBestOfN,
    Threshold,
)
from overopt.samples import Samples, scored
from overopt.tails import Tails, tails_of

__all__ = ["PRESSURES", "ProxyAudit", "proxy_audit"]

FloatArray = npt.NDArray[np.floating[Any]]
PRESSURES = (
    "best_of_n",
    "threshold",
    "kl_tilt",
    "soft_best_of_n",
    "best_of_poisson",
    "chi_square",
)
SOFT_SHARPNESS = 2.0  # default lambda, in units of one over the within-group sd of the proxy
# Soft best-of-n costs about m n per group and strength; beyond this a hash of the prompts decides
# which of them it is computed on, so that it never dominates an audit.
SOFT_BUDGET = 3 << 18
FEWEST_SOFT_PROMPTS = 30
LEAST_TAIL_LEVEL = 0.5  # each side of a ladder is tested at half the error


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ProxyAudit:
    """All that was found out about one proxy; ``points`` is empty without gold.

    ``contender`` is the leading pressure's operating point at the level shared with the other
    proxies: what the best of them may claim although it was picked for being the best.
    """

    name: str
    samples: Samples
    scale: Scale
    curves: Mapping[str, EstimatedCurve]
    points: Mapping[str, OperatingPoint]
    contender: OperatingPoint | None
    sentences: Mapping[str, str]
    findings: Sequence[Finding]
    mechanisms: Sequence[Mechanism]
    groups: Sequence[GroupResult]
    tails: Tails
    completed: CompletedGold | None
    worth: ScoreWorth | None
    passes: Passes | None
    trainer: TrainerSettings | None
    pooled: PooledCurve | None
    labels: LabelAdvice | None
    label_needs: str | None
    reach: float

    @property
    def leading(self) -> str:
        """The pressure whose operating point answers the question: the first one asked for."""
        return next(iter(self.curves))


def proxy_audit(
    samples: Samples,
    proxy: str,
    design: str,
    options: AuditOptions,
    shared_level: float,
    progress: Callable[[str, float], None] | None = None,
) -> ProxyAudit:
    """Audit of ``proxy`` on the rows that it scored; gold is already in terms of the objective.

    ``shared_level`` is the level at which this proxy enters a comparison with the others audited.
    """
    table = scored(samples, proxy)
    scale = scale_of(table, proxy)
    if not table.labelled:  # other rows are, but none that this proxy scored
        design = "none"
    completed = None if design == "none" else completed_gold(table, proxy, design)
    curves: dict[str, EstimatedCurve] = {}
    findings = list(proxy_findings(samples, proxy))
    chosen, left_out = _affordable(table, options.pressures)
    findings += left_out
    for step, name in enumerate(chosen):
        if progress is not None:
            progress(f"{proxy}: {name.replace('_', ' ')}", step / len(chosen))
        curve, noted = _curve(table, proxy, name, scale, design, completed, options)
        curves[name] = curve
        findings += noted
    spread = within_spread(table)
    points: dict[str, OperatingPoint] = {}
    contender = None
    if completed is not None:
        decided = partial(_decided, within_spread=spread, options=options)
        each = {name: replace(c, level=options.decision_level) for name, c in curves.items()}
        points = {name: decided(curve) for name, curve in each.items()}
        contender = decided(replace(curves[chosen[0]], level=shared_level))
    reach = reach_in_kl(table.rows)
    sentences = _sentences(table, curves, points, reach, options)
    extra = _with_gold(table, proxy, scale, completed, curves, points, reach, options)
    findings += curve_findings(table, curves, points, reach, extra["pooled"])
    findings += opposite_signs(extra["groups"])
    findings += label_findings(extra["labels"], curves[chosen[0]].pressure.knob)
    found: Sequence[Mechanism] = ()
    if completed is not None:
        found = mechanisms_of(
            table,
            proxy,
            completed,
            spread=spread,
            point=points[chosen[0]],
            level=options.decision_level,
        )
    tails = _tails(table, proxy, completed, options)
    findings += _doubts(tails)
    said = {one.instead_of for one in found}
    return ProxyAudit(
        name=proxy,
        samples=table,
        scale=scale,
        curves=curves,
        points=points,
        contender=contender,
        sentences=sentences,
        findings=tuple(one for one in findings if one.code not in said),
        mechanisms=found,
        tails=tails,
        completed=completed,
        reach=reach,
        **extra,
    )


def _tails(
    table: Samples, proxy: str, completed: CompletedGold | None, options: AuditOptions
) -> Tails:
    """Tails of the score, and of error and gold where gold is in its own unit, not a win rate."""
    known = completed if options.objective == "mean" else None
    return tails_of(table, proxy, known, level=max(options.level, LEAST_TAIL_LEVEL))


def _doubts(tails: Tails) -> list[Finding]:
    """What limits a decision; notes stay with the verdicts."""
    verdicts = [one for one in (tails.proxy, tails.error, tails.gold) if one is not None]
    doubts = [*tails.findings, *(found for one in verdicts for found in one.findings)]
    return [one for one in doubts if one.severity is not Severity.NOTE]


def _decided(curve: EstimatedCurve, within_spread: float, options: AuditOptions) -> OperatingPoint:
    return operating_point(curve, within_spread, options.tolerance_for(curve.pressure))


def _curve(
    table: Samples,
    proxy: str,
    name: str,
    scale: Scale,
    design: str,
    completed: CompletedGold | None,
    options: AuditOptions,
) -> tuple[EstimatedCurve, list[Finding]]:
    """The curve of one pressure, with a note where it was computed on some of the prompts."""
    pressure = _pressure(name, scale, options.soft_lambda)
    part, known, noted = table, completed, []
    if isinstance(pressure, SoftBestOfN):
        rows, note = _soft_share(table)
        if note is not None:
            part, noted = table.take(rows), [note]
            known = None if completed is None else completed.take(rows)
    curve = gold_curve(
        part, proxy, pressure, level=options.level, labels_drawn=design, completed=known
    )
    return curve, noted


def _pressure(name: str, scale: Scale, sharpness: float | None) -> Pressure:
    if name == "soft_best_of_n":
        spread = scale.within_sd if scale.within_sd > 0 else 1.0
        return SoftBestOfN(sharpness=SOFT_SHARPNESS / spread if sharpness is None else sharpness)
    simple: dict[str, type[Pressure]] = {
        "best_of_n": BestOfN,
        "threshold": Threshold,
        "kl_tilt": KLTilt,
        "best_of_poisson": BestOfPoisson,
        "chi_square": ChiSquare,
    }
    return simple[name]()


def _affordable(table: Samples, pressures: Sequence[str]) -> tuple[Sequence[str], list[Finding]]:
    """The pressures less soft best-of-n where groups are so large that 30 of them take minutes."""
    work = min(FEWEST_SOFT_PROMPTS, table.prompts) * table.largest_group * 64
    if "soft_best_of_n" not in pressures or work <= 4 * SOFT_BUDGET:
        return pressures, []
    others = [name for name in pressures if name != "soft_best_of_n"]
    said = (
        f"soft best-of-n is left out: groups of up to {table.largest_group:,} candidates would "
        "take minutes"
    )
    if not others:
        raise BadOption(f"{said}; audit another pressure, or fewer candidates per prompt")
    data = {"largest_group": table.largest_group}
    return others, [Finding(code="OV307", severity=Severity.NOTE, message=said, data=data)]


def _soft_share(table: Samples) -> tuple[npt.NDArray[np.bool_], Finding | None]:
    """Rows of the prompts that soft best-of-n is computed on: all, or a share picked by hash."""
    work = table.rows * min(largest_common_size(table), 64)
    if work <= SOFT_BUDGET:
        return np.ones(table.rows, dtype=bool), None
    parts = int(np.ceil(work / SOFT_BUDGET))
    chosen = prompt_folds(table.prompt_hash, parts) == 0
    fewest = min(FEWEST_SOFT_PROMPTS, table.prompts)
    if chosen.sum() < fewest:
        chosen = np.argsort(np.argsort(table.prompt_hash, kind="stable")) < fewest
    note = Finding(
        code="OV307",
        severity=Severity.NOTE,
        message=f"soft best-of-n was computed on {chosen.sum():,} of {table.prompts:,} prompts",
        data={"prompts": int(chosen.sum()), "of": table.prompts},
    )
    return chosen[table.prompt], note


def _sentences(
    table: Samples,
    curves: Mapping[str, EstimatedCurve],
    points: Mapping[str, OperatingPoint],
    reach: float,
    options: AuditOptions,
) -> dict[str, str]:
    source = table.gold_source or table.gold_name or "gold"
    said = {name: proxy_only_sentence(curve, table.rows, reach) for name, curve in curves.items()}
    for name, point in points.items():
        valued = options.valued_for(curves[name].pressure)
        told = decision_sentence(curves[name], point, source, table.rows, reach, valued)
        said[name] = told + look_clause(options.looks, options.level)
    return said


def _with_gold(
    table: Samples,
    proxy: str,
    scale: Scale,
    completed: CompletedGold | None,
    curves: Mapping[str, EstimatedCurve],
    points: Mapping[str, OperatingPoint],
    reach: float,
    options: AuditOptions,
) -> dict[str, Any]:
    """The parts that need gold: what a score is worth, passes, settings, the model beyond m."""
    name, leading = next(iter(curves.items()))
    if completed is None or completed.design == "winners":
        needs = needed_labels(table, proxy, leading.pressure) if completed is None else None
        nothing = dict.fromkeys(("worth", "passes", "trainer", "pooled", "labels"))
        return {**nothing, "groups": (), "label_needs": needs}
    return {
        "labels": label_advice(table, proxy, completed, leading, points[name]),
        "label_needs": None,
        "groups": group_results(
            table, proxy, completed, leading, points[name].strength, options.level
        ),
        "worth": score_worth(table, proxy, completed, options.level),
        "passes": passes(table, proxy, completed, options.level),
        "trainer": trainer_settings(table, dict(curves), dict(points), scale.within_sd, reach),
        "pooled": _pooled(table, proxy, completed, curves.get("best_of_n"), options),
    }


def _pooled(
    table: Samples,
    proxy: str,
    completed: CompletedGold,
    within: EstimatedCurve | None,
    options: AuditOptions,
) -> PooledCurve | None:
    if within is None or table.prompts < 2 or len(within.strength) < 2:
        return None
    return pooled_curve(table, proxy, completed, within, level=options.level)
