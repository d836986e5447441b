"""What kind of scale a score is on, and the one view of a proxy that all its checks read."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.ranks import GroupRanks, group_ranks, group_sums
from overopt.errors import BadOption
from overopt.samples.table import Samples, scored

__all__ = ["Kind", "Scale", "ScoredProxy", "proxy_column", "scale_of", "scored_proxy"]

FloatVector = npt.NDArray[np.floating[Any]]
Kind = Literal["continuous", "ordinal", "binary", "constant"]

# Few values in all, each seen often; or up to 101 (a judge's 0 to 100) on which most rows tie.
FEW_VALUES, RATING_VALUES, SEEN_PER_VALUE, MOSTLY_TIED = 20, 101, 3, 0.5


@final
@dataclass(frozen=True, kw_only=True)
class Scale:
    """Scale of one proxy over its finite scores, in the proxy's own units.

    ``within_sd`` is the mean over groups of two or more of the sample sd (ddof 1);
    ``tied_share`` the share of rows tied with another row of their group; ``tied_top_share`` the
    share of groups of two or more whose best score is shared. Undefined numbers are NaN.
    """

    kind: Kind
    distinct: int
    min: float
    max: float
    mean: float
    sd: float
    within_sd: float
    tied_share: float
    tied_top_share: float

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return asdict(self)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredProxy:
    """One proxy on the rows that it scored (finite): the table of them, values, ranks, scale."""

    name: str
    samples: Samples
    values: FloatVector
    ranks: GroupRanks
    scale: Scale


def proxy_column(samples: Samples, proxy: str) -> FloatVector:
    """Scores [rows] of a proxy; raises BadOption when the table has none of that name."""
    if proxy not in samples.proxies:
        known = ", ".join(samples.proxies)
        raise BadOption(f"{samples.origin} has no proxy {proxy!r}; its proxies are: {known}")
    return samples.proxies[proxy]


def scored_proxy(samples: Samples, proxy: str) -> ScoredProxy | None:
    """View of a proxy on its finite scores; None when it has none."""
    values = proxy_column(samples, proxy)
    if not np.isfinite(values).any():
        return None
    samples = scored(samples, proxy)
    values = samples.proxies[proxy]
    ranks = group_ranks(samples, values)
    return ScoredProxy(
        name=proxy,
        samples=samples,
        values=values,
        ranks=ranks,
        scale=_scale(samples, values, ranks),
    )


def scale_of(samples: Samples, proxy: str) -> Scale:
    """Scale of a proxy over its finite scores; raises BadOption for an unknown proxy."""
    view = scored_proxy(samples, proxy)
    if view is not None:
        return view.scale
    nan = math.nan
    return Scale(
        kind="constant",
        distinct=0,
        min=nan,
        max=nan,
        mean=nan,
        sd=nan,
        within_sd=nan,
        tied_share=nan,
        tied_top_share=nan,
    )


def _scale(samples: Samples, values: FloatVector, ranks: GroupRanks) -> Scale:
    distinct = 1 + int(np.count_nonzero(np.diff(np.sort(values))))
    tied = float(ranks.tied.mean())
    plural = samples.group_sizes > 1
    top_tied = group_sums(samples, ranks.top & ranks.tied)[plural] > 0
    return Scale(
        kind=_kind(distinct, len(values), tied),
        distinct=distinct,
        min=float(values.min()),
        max=float(values.max()),
        mean=float(values.mean(dtype=np.float64)),
        sd=float(values.std(dtype=np.float64, ddof=1)) if len(values) > 1 else math.nan,
        within_sd=_mean(within_sds(samples, values)[plural]),
        tied_share=tied,
        tied_top_share=_mean(top_tied),
    )


def _kind(distinct: int, rows: int, tied_share: float) -> Kind:
    if distinct == 1:
        return "constant"
    if distinct == 2:
        return "binary"
    few = distinct <= FEW_VALUES and rows >= SEEN_PER_VALUE * distinct
    rating = distinct <= RATING_VALUES and tied_share >= MOSTLY_TIED
    return "ordinal" if few or rating else "continuous"


def within_sds(samples: Samples, values: FloatVector) -> FloatVector:
    """Sample sd (ddof 1) of ``values`` in every comparison group: [groups]; 0 for one row."""
    sizes = samples.group_sizes
    means = group_sums(samples, values) / sizes
    squares = group_sums(samples, np.square(values - np.repeat(means, sizes)))
    return np.sqrt(squares / np.maximum(sizes - 1, 1))


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else math.nan
