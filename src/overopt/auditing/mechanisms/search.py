"""All mechanisms of one proxy, looked for with one error rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.ranks import group_ranks
from overopt.auditing.data_checks.scale import ScoredProxy, scored_proxy
from overopt.auditing.mechanisms.association import association
from overopt.auditing.mechanisms.error_tail import heavy_error_tail
from overopt.auditing.mechanisms.exploiter import exploiter_subpopulation
from overopt.auditing.mechanisms.mechanism import Inspection, Mechanism
from overopt.auditing.mechanisms.saturation import saturation_at_cap
from overopt.auditing.mechanisms.takeover import feature_takeover
from overopt.auditing.mechanisms.turning import turning_dependence
from overopt.curves.completed_gold import CompletedGold
from overopt.curves.operating_point import OperatingPoint
from overopt.samples import Samples

__all__ = ["mechanisms_of"]

MOST_ROWS = 200_000  # of whole prompts, picked by hash: no mechanism worth naming needs more
SEARCHES = (
    exploiter_subpopulation,
    feature_takeover,
    turning_dependence,
    heavy_error_tail,
    association,
    saturation_at_cap,
)


def mechanisms_of(
    samples: Samples,
    proxy: str,
    completed: CompletedGold,
    *,
    spread: float,
    point: OperatingPoint,
    level: float,
) -> Sequence[Mechanism]:
    """Mechanisms at work in a table that ``proxy`` scored throughout, gold completed.

    ``spread`` is the within-prompt sd of gold. None are shown by labels that do not tell gold
    without pressure (winners only, or drawn nobody knows how), nor by gold or scores that never
    vary within a prompt.
    """
    if completed.design in ("winners", "unknown") or not spread > 0:
        return ()
    kept = _kept(samples)
    view = scored_proxy(samples if kept.all() else samples.take(kept), proxy)
    if view is None or not view.scale.within_sd > 0:
        return ()
    case = Inspection(
        view=view,
        completed=completed.take(kept),
        features=_features(view),
        spread=spread,
        point=point,
        level=level,
    )
    found = [one for search in SEARCHES if (one := search(case)) is not None]
    drivers = {one.data["feature"] for one in found if one.id == "feature_takeover"}
    return tuple(one for one in found if one.data.get("band_of") not in drivers)


def _features(view: ScoredProxy) -> dict[str, npt.NDArray[Any]]:
    """Numbers [rows] about candidates, with the length of the text; a missing one is typical.

    A feature by which candidates are ordered as by the score, or in reverse, is the score itself.
    """
    samples = view.samples
    found = dict(samples.features)
    if samples.text is not None:
        lengths = [np.nan if text is None else len(text) for text in samples.text]
        found.setdefault("text length", np.array(lengths, dtype=float))
    known = {name: values for name, values in found.items() if not np.isnan(values).all()}
    filled = {name: np.where(np.isnan(v), np.nanmedian(v), v) for name, v in known.items()}
    return {name: v for name, v in filled.items() if not _same_order(view, v)}


def _same_order(view: ScoredProxy, values: npt.NDArray[Any]) -> bool:
    scores, ranks = view.ranks, group_ranks(view.samples, values)
    same = np.array_equal(ranks.start, scores.start)
    return same or np.array_equal(ranks.start, scores.size - scores.stop)


def _kept(samples: Samples) -> npt.NDArray[np.bool_]:
    """Rows [rows] of the prompts with the least hashes, about ``MOST_ROWS`` of them."""
    rows = np.bincount(samples.prompt, minlength=samples.prompts)
    order = np.argsort(samples.prompt_hash, kind="stable")
    before = np.cumsum(rows[order]) - rows[order]
    chosen = np.empty(samples.prompts, dtype=bool)
    chosen[order] = before < MOST_ROWS
    return chosen[samples.prompt]
