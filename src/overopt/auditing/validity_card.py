"""A validity card: what a score was worth when it was audited, for a monitor to hold against.

A card is plain JSON (schema ``overopt.card/1``): gold by score with its interval, how far each
pressure was supported, on which data, and the quantiles of the scores of unselected candidates. A
monitor that sees other scores than those must not read gold off the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.binned_gold import interpolated_gold, or_none
from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples, scored

__all__ = ["CardCheck", "check", "gold_at", "validity_card"]

SCHEMA = "overopt.card/1"
QUANTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
OUTSIDE_ALLOWED = 0.01
FALSE_ALARM = 0.01

FloatVector = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, kw_only=True)
class CardCheck:
    """One comparison of live scores with a card: ``value`` should not exceed ``allowed``."""

    name: str
    ok: bool
    value: float
    allowed: float
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)


def validity_card(audit: Mapping[str, Any], samples: Samples, proxy: str) -> dict[str, Any]:
    """Card of one proxy from its audit (``Audit.to_dict()``) and the table that was audited.

    Raises BadOption when the audit holds no such proxy.
    """
    entry = next((one for one in audit["proxies"] if one["name"] == proxy), None)
    if entry is None:
        known = ", ".join(repr(one["name"]) for one in audit["proxies"])
        raise BadOption(f"no proxy {proxy!r} in this audit; it has: {known}")
    table = scored(samples, proxy)
    scores = table.proxies[proxy]
    worth = entry["worth"]
    points = {point["pressure"]: point for point in entry["operating_points"]}
    return {
        "schema": SCHEMA,
        "version": audit["version"],
        "proxy": proxy,
        "gold": audit["gold"],
        "gold_source": audit["gold_source"],
        "objective": audit["objective"],
        "level": audit["level"],
        "fingerprint": audit["fingerprint"],
        "created_from": {
            "origin": audit["origin"],
            "rows": table.rows,
            "prompts": table.prompts,
            "labelled": table.labelled,
        },
        "gold_by_score": [] if worth is None else worth["by_score"],
        "comparable_across_prompts": None if worth is None else worth["comparable"]["verdict"],
        "pressures": [_supported(c, points.get(c["pressure"])) for c in entry["curves"]],
        "score_range": {"min": float(scores.min()), "max": float(scores.max())},
        "quantiles": _quantiles(table, scores),
    }


def gold_at(card: Mapping[str, Any], score: float) -> tuple[float, float, float]:
    """Gold with its limits at a score, by the card; NaN outside the scores that it knows."""
    bins = card["gold_by_score"]
    if not bins:
        return float("nan"), float("nan"), float("nan")
    column = {
        name: np.array([row[name] for row in bins], dtype=float)  # None becomes NaN
        for name in ("score", "gold", "lower", "upper")
    }
    ends = float(bins[0]["from"]), float(bins[-1]["to"])
    return interpolated_gold(
        score, ends, column["score"], column["gold"], column["lower"], column["upper"]
    )


def check(card: Mapping[str, Any], scores: FloatVector) -> list[CardCheck]:
    """May scores of unselected live candidates be read by this card?

    ``range``: the share of scores beyond those that the card has seen. ``drift``: the change of
    the share of scores up to one of the card's quantiles, the most surprising one; what is allowed
    covers the sampling error of both (the card's clustered by prompt), false alarm 1 %.
    Scores of one prompt hang together: give one score for each of many prompts.
    Raises BadSamples without a finite score.
    """
    live = np.asarray(scores, dtype=float)
    live = live[np.isfinite(live)]
    if not len(live):
        raise BadSamples(
            f"no finite score among {len(scores)} to hold against the card of "
            f"{card['proxy']!r}: give live scores of unselected candidates"
        )
    return [_range_check(card, live), _drift_check(card, live)]


def _supported(curve: Mapping[str, Any], point: Mapping[str, Any] | None) -> dict[str, Any]:
    """The range of one pressure that the data support, and its operating point."""
    trusted = [i for i, grey in enumerate(curve["grey"]) if not grey]
    last = trusted[-1] if trusted else 0
    kept = ("decision", "strength", "kl", "gain", "gain_lower", "gain_upper")
    return {
        "pressure": curve["pressure"],
        "knob": curve["knob"],
        "supported_to": curve["strength"][last],
        "kl": curve["kl"][last],
        "operating_point": None if point is None else {key: point[key] for key in kept},
    }


def _quantiles(table: Samples, scores: FloatVector) -> list[dict[str, float | None]]:
    """Score at each quantile, the share of scores up to it (ties raise it) and its error.

    The error is clustered by prompt; None for a single prompt.
    """
    places = np.quantile(scores, QUANTILES, method="inverted_cdf")
    rows: list[dict[str, float | None]] = []
    for quantile, place in zip(QUANTILES, places, strict=True):
        reached = (scores <= place).astype(float)
        share = float(reached.mean())
        by_prompt = np.bincount(table.prompt, weights=reached - share)
        error = np.sqrt(np.square(by_prompt).sum()) / table.rows if table.prompts > 1 else np.nan
        rows.append(
            {"quantile": quantile, "score": float(place), "share": share, "error": or_none(error)}
        )
    return rows


def _range_check(card: Mapping[str, Any], live: FloatVector) -> CardCheck:
    low, high = card["score_range"]["min"], card["score_range"]["max"]
    outside = float(np.mean((live < low) | (live > high)))
    return CardCheck(
        name="range",
        ok=outside <= OUTSIDE_ALLOWED,
        value=outside,
        allowed=OUTSIDE_ALLOWED,
        sentence=(
            f"{100 * outside:.2g} % of {len(live)} scores lie outside {low:.6g} to {high:.6g}, "
            f"beyond which the card says nothing about gold ({100 * OUTSIDE_ALLOWED:.0f} % allowed)"
        ),
    )


def _drift_check(card: Mapping[str, Any], live: FloatVector) -> CardCheck:
    places, shares, errors = (
        np.array([row[name] for row in card["quantiles"]], dtype=float)
        for name in ("score", "share", "error")
    )
    now = np.searchsorted(np.sort(live), places, side="right") / len(live)
    change = np.abs(now - shares)
    allowed = _allowed_change(now, errors, len(live), card["created_from"]["prompts"])
    worst = int(np.argmax(change / allowed))
    return CardCheck(
        name="drift",
        ok=bool(change[worst] <= allowed[worst]),
        value=float(change[worst]),
        allowed=float(allowed[worst]),
        sentence=(
            f"{100 * now[worst]:.3g} % of {len(live)} scores are at most {places[worst]:.6g}, "
            f"where the card has {100 * shares[worst]:.3g} % (a change of "
            f"{100 * allowed[worst]:.2g} points allowed)"
        ),
    )


def _allowed_change(
    now: FloatVector, errors: FloatVector, scores: int, prompts: int
) -> FloatVector:
    """What both samples may differ by at chance, at every quantile at once: [quantiles].

    Bernstein's form: spread times the root of twice the log, plus a term for the few in a tail.
    """
    log_term = np.log(2 * len(now) / FALSE_ALARM)
    variance = errors**2 + now * (1 - now) / scores
    bound = np.sqrt(2 * variance * log_term) + log_term / 3 / min(scores, prompts)
    return np.where(np.isnan(bound), 1.0, bound)  # one prompt: nothing is known of others
