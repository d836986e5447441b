"""The audit as plain data, schema ``overopt.audit/1``; what is undefined is None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from overopt.auditing.proxy_audit import ProxyAudit
from overopt.auditing.sentences import decision_sentence, look_clause
from overopt.curves.operating_point import OperatingPoint
from overopt.curves.reach import REACH_SHARE, reach_in_kl

if TYPE_CHECKING:
    from overopt.auditing.assembly import Audit

__all__ = ["audit_document"]

SCHEMA = "overopt.audit/1"


def audit_document(found: Audit) -> dict[str, Any]:
    """Everything that reports show; lists of a curve are equally long."""
    from overopt import __version__

    table = found.samples
    sizes = table.group_sizes
    document = {
        "schema": SCHEMA,
        "version": __version__,
        "origin": table.origin,
        "fingerprint": table.fingerprint,
        "level": found.options.level,
        "looks": found.options.looks,
        "decision_level": found.options.decision_level,
        "prompts": table.prompts,
        "groups": table.groups,
        "rows": table.rows,
        "labelled": table.labelled,
        "candidates": {
            "min": int(sizes.min()),
            "median": float(np.median(sizes)),
            "max": int(sizes.max()),
        },
        "gold": table.gold_name if table.labelled else None,
        "gold_source": _gold_source(found),
        "labels_drawn": found.design,
        "objective": "win rate" if found.options.objective == "win-rate" else "mean gold",
        "reach": {"rows": table.rows, "share": REACH_SHARE, "kl": reach_in_kl(table.rows)},
        "headline": _headline(found),
        "findings": [one.to_dict() for one in found.findings],
        "proxies": [_proxy(one, found) for one in found.proxies],
        "ranking": None if found.ranking is None else found.ranking.to_dict(),
        "notes": dict(table.notes),
    }
    return {key: plain(value) for key, value in document.items()}


def plain(value: Any) -> Any:
    """The value with built-in types only, numbers that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _gold_source(found: Audit) -> str | None:
    table = found.samples
    return (table.gold_source or table.gold_name) if table.labelled else None


def _headline(found: Audit) -> str:
    """The answer: of the only proxy, or of the best of several."""
    if found.ranking is not None:
        best = found.ranking.rows[0].name
        one = next(one for one in found.proxies if one.name == best)
        assert one.contender is not None
        curve = one.curves[one.leading]
        said = decision_sentence(
            curve,
            one.contender,
            _gold_source(found) or "gold",
            one.samples.rows,
            one.reach,
            found.options.valued_for(curve.pressure),
        )
        said += look_clause(found.options.looks, found.options.level)
        answer = f"{best} (first of {len(found.proxies)} proxies): {said}"
        return f"{answer} {found.ranking.comparison.sentence}"
    one = found.proxies[0]
    prefix = f"{one.name}: " if len(found.proxies) > 1 else ""
    return prefix + one.sentences[one.leading]


def _proxy(one: ProxyAudit, found: Audit) -> dict[str, Any]:
    return {
        "name": one.name,
        "findings": [finding.to_dict() for finding in one.findings],
        "mechanisms": [mechanism.to_dict() for mechanism in one.mechanisms],
        "groups": [group.to_dict() for group in one.groups],
        "tails": one.tails.to_dict(),
        "scale": one.scale.to_dict(),
        "headline": {"pressure": one.leading, "sentence": one.sentences[one.leading]},
        "curves": [
            curve.to_dict(found.options.tolerance_for(curve.pressure).cost)
            for curve in one.curves.values()
        ],
        "operating_points": [_point(name, one, found) for name in one.curves],
        "worth": None if one.worth is None else one.worth.to_dict(),
        "passes": None if one.passes is None else one.passes.to_dict(),
        "trainer": None if one.trainer is None else one.trainer.to_dict(),
        "extrapolation": None if one.pooled is None else one.pooled.to_dict(),
        "labels": None if one.labels is None else one.labels.to_dict(),
    }


def _point(name: str, one: ProxyAudit, found: Audit) -> dict[str, Any]:
    curve = one.curves[name]
    point = one.points.get(name)
    shared = {
        "pressure": name,
        "sentence": one.sentences[name],
        "reach_kl": one.reach,
        "gold_source": _gold_source(found),
    }
    if point is None:
        nothing = dict.fromkeys(("gain", "gain_lower", "gain_upper", "tolerance"))
        return {
            **shared,
            **nothing,
            "decision": "undecided",
            "strength": curve.pressure.no_pressure,
            "kl": 0.0,
            "needs": one.label_needs,
            "numbers": {},
        }
    return {**shared, **_numbers(point)}


def _numbers(point: OperatingPoint) -> dict[str, Any]:
    return {
        "decision": point.decision,
        "strength": point.strength,
        "kl": point.kl,
        "gain": point.gain,
        "gain_lower": point.gain_lower,
        "gain_upper": point.gain_upper,
        "tolerance": point.tolerance,
        "needs": point.needs,
        "numbers": point.numbers,
    }
