"""Which proxy to optimise against: each at its own operating point, the best two on equal prompts.

Gains keep the joint interval of their curve at a level shared between the proxies, so that all hold
together. The ranking is by gold on the prompts that every proxy scored, net of the cost of
candidates where there is one. The first is compared with the runner-up by paired t: choosing the
best of many needs no further correction there, because the runner-up was chosen too (Gutmann and
Maymin 1987). Operating points are taken as given: strengths with a gain proven jointly, or none.

A proxy's accuracy at ranking pairs cannot answer this: only gold under pressure does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.binned_gold import or_none
from overopt.curves.completed_gold import CompletedGold
from overopt.curves.estimated_curve import ROUNDING, EstimatedCurve
from overopt.curves.fold import largest_common_size, prompt_vectors
from overopt.curves.operating_point import OperatingPoint, gains
from overopt.errors import BadOption
from overopt.samples import Samples, scored
from overopt.stats.intervals import t_quantile

__all__ = ["Comparison", "ProxyRanking", "RankedProxy", "proxy_ranking"]

FloatArray = npt.NDArray[np.floating[Any]]
FEWEST_DIFFERING = 10


@final
@dataclass(frozen=True, kw_only=True)
class RankedProxy:
    """A proxy at its operating point; gain against no pressure, limits at the shared level."""

    name: str
    pressure: str
    strength: float
    gold: float
    gain: float
    gain_lower: float
    gain_upper: float
    decision: str


@final
@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Gold of the first proxy less that of the second on the same prompts, paired.

    Limits are NaN with fewer than two prompts in common; ``proven`` says that they exclude zero
    and that the labels allow a claim.
    """

    first: str
    second: str
    difference: float
    lower: float
    upper: float
    prompts: int
    proven: bool
    sentence: str


@final
@dataclass(frozen=True, kw_only=True)
class ProxyRanking:
    """Proxies by gold at their own operating points, best first; limits at ``level_each``."""

    level_each: float
    rows: tuple[RankedProxy, ...]
    comparison: Comparison

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the audit document."""
        return {
            "level_each": self.level_each,
            "rows": [_plain(row) for row in self.rows],
            "comparison": _plain(self.comparison),
        }


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Entry:
    """A ranked proxy with its gold by prompt: ``prompt`` [used] in codes of the whole table."""

    row: RankedProxy
    prompt: npt.NDArray[np.int64]
    gold: FloatArray
    df: float
    bounds: tuple[float, float] | None
    claims: bool


def proxy_ranking(
    samples: Samples,
    entries: Sequence[tuple[EstimatedCurve, OperatingPoint]],
    completed: Mapping[str, CompletedGold],
    level: float = 0.95,
) -> ProxyRanking:
    """Rank the proxies of ``samples`` that ``entries`` hold curves and operating points of.

    ``completed`` maps each proxy to the completed gold of the rows that it scored. Raises BadOption
    for fewer than two proxies.
    """
    if len(entries) < 2:
        raise BadOption(f"a ranking of {len(entries)} proxies: give at least two")
    level_each = 1 - (1 - level) / len(entries)
    found = [
        _entry(samples, curve, point, completed[curve.proxy_name], level_each)
        for curve, point in entries
    ]
    common = reduce(np.intersect1d, [entry.prompt for entry in found])
    if len(common):
        found = [_restricted(entry, common) for entry in found]
    found.sort(key=lambda entry: -entry.row.gold)
    return ProxyRanking(
        level_each=level_each,
        rows=tuple(entry.row for entry in found),
        comparison=_comparison(found[0], found[1], len(common), level),
    )


def _entry(
    samples: Samples,
    curve: EstimatedCurve,
    point: OperatingPoint,
    completed: CompletedGold,
    level_each: float,
) -> _Entry:
    name = curve.proxy_name
    table = scored(samples, name)
    among = gains(replace(curve, level=level_each))
    at = int(np.flatnonzero(among.positions == point.position)[0])
    spent = float(among.gain[at]) - point.gain  # what the candidates cost; the point's gain is net
    used, gold = prompt_vectors(
        table,
        name,
        curve.pressure,
        np.array([point.strength]),
        smallest=largest_common_size(table),
        gold=completed.value,
    )
    whole = np.unique(samples.prompt[np.isfinite(samples.proxies[name])]).astype(np.int64)
    labels = float(curve.labels_effective[point.position])
    row = RankedProxy(
        name=name,
        pressure=point.pressure,
        strength=point.strength,
        gold=float(gold.mean()) - spent,
        gain=point.gain,
        gain_lower=float(among.gain_lower[at]) - spent,
        gain_upper=float(among.gain_upper[at]) - spent,
        decision=point.decision,
    )
    return _Entry(
        row=row,
        prompt=whole[used],
        gold=gold[:, 0] - spent,
        df=max(labels - 1, 1.0) if curve.partial else np.inf,
        bounds=curve.bounds,
        claims=curve.design != "unknown",
    )


def _restricted(entry: _Entry, prompts: npt.NDArray[np.int64]) -> _Entry:
    """The entry on some of its prompts, its gold averaged over them."""
    gold = entry.gold[np.searchsorted(entry.prompt, prompts)]
    row = replace(entry.row, gold=float(gold.mean()))
    return replace(entry, row=row, prompt=prompts, gold=gold)


def _comparison(first: _Entry, second: _Entry, prompts: int, level: float) -> Comparison:
    """First less second, paired by the prompts in common."""
    names = first.row.name, second.row.name
    difference = first.row.gold - second.row.gold
    half, same = float("nan"), False
    if prompts > 1:
        apart = first.gold - second.gold
        largest = max(np.abs(first.gold).max(), np.abs(second.gold).max())
        apart = np.where(np.abs(apart) > ROUNDING * largest, apart, 0.0)
        difference, same = float(apart.mean()), not np.any(apart)
        df = min(prompts - 1.0, first.df, second.df)
        half = float(t_quantile(level, df)) * _paired_error(apart, first.bounds)
    lower, upper = difference - half, difference + half
    proven = bool(lower > 0 and first.claims and second.claims)
    return Comparison(
        first=names[0],
        second=names[1],
        difference=difference,
        lower=lower,
        upper=upper,
        prompts=prompts,
        proven=proven,
        sentence=_sentence(first.row, second.row, lower, upper, prompts, proven, same),
    )


def _paired_error(apart: FloatArray, bounds: tuple[float, float] | None) -> float:
    """Standard error of the mean difference over prompts.

    On a bounded scale where few prompts differ, one more that differs by the whole scale is
    reckoned with: the spread may have missed it. Candidates all chosen alike differ for certain
    by nothing.
    """
    prompts, differing = len(apart), int(np.count_nonzero(apart))
    variance = float(apart.var(ddof=1)) / prompts
    if bounds is not None and 0 < differing < FEWEST_DIFFERING:
        variance += ((bounds[1] - bounds[0]) / prompts) ** 2
    return float(np.sqrt(variance))


def _sentence(
    first: RankedProxy,
    second: RankedProxy,
    lower: float,
    upper: float,
    prompts: int,
    proven: bool,
    same: bool,
) -> str:
    """Which of the two, and how sure."""
    if prompts == 0:
        return f"{first.name} and {second.name} scored no prompt in common: they are not compared."
    if same:
        return f"{first.name} and {second.name} reach the same gold: nothing tells them apart."
    difference = f"{first.gold - second.gold:+.3g}"
    if np.isfinite(lower):
        difference += f" [{lower:.3g}, {upper:.3g}]"
    told = (
        f"each at its own operating point, on the same {prompts} prompts, its gold is "
        f"{first.gold:.3g} against {second.gold:.3g} ({difference})"
    )
    if proven:
        return f"{first.name} is proven better than {second.name} to optimise against: {told}."
    return f"{first.name} comes first, but is not told apart from {second.name}: {told}."


def _plain(record: RankedProxy | Comparison) -> dict[str, Any]:
    """Fields of a record with NaN as None."""
    return {
        name: or_none(value) if isinstance(value, float) else value
        for name, value in asdict(record).items()
    }
