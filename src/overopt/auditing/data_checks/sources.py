"""Does one source win nearly always? A leaked reference or an exploiter of the proxy would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import finding, per_cent
from overopt.auditing.data_checks.ranks import group_sums
from overopt.auditing.data_checks.scale import ScoredProxy
from overopt.findings import Finding, Severity
from overopt.samples.table import Samples
from overopt.stats.intervals import t_quantile, wilson_interval

__all__ = ["winning_source"]

WINS_NEARLY_ALWAYS = 0.6
TIMES_FAIR = 3.0
# The lower bound of its win share must still be twice its fair share: one chance in a thousand.
SURE_TIMES_FAIR, SURE_LEVEL = 2.0, 0.998


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Wins:
    """Per source: groups it takes part in, share of them it wins, share it would win by chance."""

    groups: npt.NDArray[np.int64]
    won: npt.NDArray[np.float64]
    fair: npt.NDArray[np.float64]


def winning_source(view: ScoredProxy) -> Finding | None:
    """OV107: a source wins at least 60 % of its groups and three times its fair share.

    Where gold is known, the gap of this source to the others in the same prompts is said too: a
    source that wins and is proven better is a note, any other a caution.
    """
    source = view.samples.source
    if source is None or len(source.names) < 2:
        return None
    wins = _wins(view, source.codes, len(source.names))
    suspect = (wins.won >= WINS_NEARLY_ALWAYS) & (wins.won >= TIMES_FAIR * wins.fair)
    for code in np.flatnonzero(suspect):
        theirs = source.codes == code
        prompts = len(np.unique(view.samples.prompt[theirs]))
        lower = wilson_interval(wins.won[[code]], np.array([float(prompts)]), SURE_LEVEL)[0][0]
        if lower > SURE_TIMES_FAIR * wins.fair[code]:
            return _named(view, wins, int(code), theirs)
    return None


def _wins(view: ScoredProxy, codes: npt.NDArray[Any], sources: int) -> _Wins:
    known = codes >= 0
    code = codes[known].astype(np.int64)
    pairs = np.unique(view.samples.group[known].astype(np.int64) * sources + code)
    groups = np.bincount(pairs % sources, minlength=sources)
    there = np.maximum(groups, 1)
    won = np.bincount(code, weights=view.ranks.top_credit[known], minlength=sources)
    fair = np.bincount(code, weights=1 / view.ranks.size[known], minlength=sources)
    return _Wins(groups=groups, won=won / there, fair=fair / there)


def _named(view: ScoredProxy, wins: _Wins, code: int, theirs: npt.NDArray[np.bool_]) -> Finding:
    assert view.samples.source is not None
    name = str(view.samples.source.names[code])
    gap = _gold_gap(view.samples, theirs)
    won, fair = float(wins.won[code]), float(wins.fair[code])
    return finding(
        "OV107",
        Severity.NOTE if gap is not None and gap[1] > 0 else Severity.CAUTION,
        f"{view.name}: source {name!r} holds the best score in {per_cent(won)} of its "
        f"{wins.groups[code]:,} groups, where chance would give it {per_cent(fair)}; "
        f"{_reading(gap)}",
        view.samples,
        theirs & view.ranks.top,
        proxy=view.name,
        source=name,
        win_share=won,
        fair_share=fair,
        gold_gap=None
        if gap is None
        else dict(zip(("estimate", "lower", "upper"), gap, strict=True)),
    )


def _reading(gap: tuple[float, float, float] | None) -> str:
    if gap is None:
        return "was it built from the reference, or tuned on this score?"
    said = f"its gold is {gap[0]:+.3g} [{gap[1]:+.3g}, {gap[2]:+.3g}] from the others'"
    if gap[1] > 0:
        return f"{said} in the same prompts, so it may win fairly"
    return f"{said}, not better: was it built from the reference, or tuned on this score?"


def _gold_gap(samples: Samples, theirs: npt.NDArray[np.bool_]) -> tuple[float, float, float] | None:
    """Mean gold of these rows minus that of the others of the same group, with a 95 % interval.

    Mean over groups, clustered by prompt; None when fewer than two prompts have labels of both.
    """
    if samples.gold is None:
        return None
    labelled = ~np.isnan(samples.gold)
    gold = np.where(labelled, samples.gold, 0)
    sums = [group_sums(samples, gold * part) for part in (theirs, ~theirs)]
    counts = [group_sums(samples, labelled & part) for part in (theirs, ~theirs)]
    both = (counts[0] > 0) & (counts[1] > 0)
    gaps = sums[0][both] / counts[0][both] - sums[1][both] / counts[1][both]
    prompt = np.unique(samples.prompt[samples.group_starts[:-1]][both], return_inverse=True)[1]
    if len(gaps) == 0 or prompt[-1] < 1:
        return None
    per_prompt = np.bincount(prompt, weights=gaps) / np.bincount(prompt)
    half = t_quantile(0.95, len(per_prompt) - 1) * per_prompt.std(ddof=1) / len(per_prompt) ** 0.5
    centre = float(per_prompt.mean())
    return centre, centre - float(half), centre + float(half)
