"""All mechanisms of one proxy, looked for with one error rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.scale import scored_proxy
from overopt.auditing.mechanisms.association import association
from overopt.auditing.mechanisms.mechanism import FAMILIES, Inspection, Mechanism
from overopt.auditing.mechanisms.saturation import saturation_at_cap
from overopt.auditing.mechanisms.turning import turning_dependence
from overopt.curves.completed_gold import CompletedGold
from overopt.curves.operating_point import OperatingPoint
from overopt.samples import Samples

__all__ = ["mechanisms_of"]

MOST_ROWS = 200_000  # of whole prompts, picked by hash: no mechanism worth naming needs more
SEARCHES = (turning_dependence, association, saturation_at_cap)


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
        spread=spread,
        point=point,
        level=1 - (1 - level) / FAMILIES,
    )
    return tuple(found for search in SEARCHES if (found := search(case)) is not None)


def _kept(samples: Samples) -> npt.NDArray[np.bool_]:
    """Rows [rows] of the prompts with the least hashes, about ``MOST_ROWS`` of them."""
    rows = np.bincount(samples.prompt, minlength=samples.prompts)
    order = np.argsort(samples.prompt_hash, kind="stable")
    before = np.cumsum(rows[order]) - rows[order]
    chosen = np.empty(samples.prompts, dtype=bool)
    chosen[order] = before < MOST_ROWS
    return chosen[samples.prompt]
