"""Has the upper tail of the proxy changed its shape? An exploit shows as scores that stand apart.

In sets of 64 scores, each minus its prompt's median, T = (largest - median) / (90 % point - median)
does not change when the proxy moves or is rescaled. The share of sets with T beyond the reference's
95 % point is watched (``beyond_share``).

Fails, by firing, on benign changes of shape: a skill acquired on some prompts only, a score that
saturates. Sets whose 90 % point is their median, as with most 0/1 rewards, say nothing and are
skipped. One score that stands out never fires it: a reference of k sets supports no quantile beyond
1 - 1/k. Such scores are ranked for people to look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil, inf
from typing import final

import numpy as np
import numpy.typing as npt

from overopt.numerals import number, percent
from overopt.watch.batch import Batch
from overopt.watch.detectors.beyond_share import BeyondOptions, BeyondShare, share_watched
from overopt.watch.detectors.detector import Amber, ProxyDetector
from overopt.watch.detectors.pieces import Pieces, Rows, compared, cut

__all__ = ["Outlier", "TailShape", "TailShapeState", "tail_ratio"]

FloatArray = npt.NDArray[np.float64]

OUTLIERS = 5


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Outlier:
    """The largest score of a set: ``ratio`` times as far from the median as the 90 % point."""

    ratio: float
    step: int
    batch: str
    row: int
    proxy: float


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class TailShapeState:
    """``peak`` is the largest score of the set that waits, its ratio still the distance to the
    median; ``outliers`` the furthest so far, by ratio; ``skipped`` counts sets without a ratio."""

    pieces: Pieces
    beyond: BeyondShare
    peak: Outlier | None
    outliers: tuple[Outlier, ...]
    turns: int
    skipped: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class TailShape(ProxyDetector[TailShapeState]):
    """Watches the shape of the proxy's tail in sets of ``rows`` scores."""

    rows: int = 64
    options: BeyondOptions = field(default_factory=BeyondOptions)
    name: str = "tail_shape"

    def start(self) -> TailShapeState:
        """State before the first batch."""
        return TailShapeState(
            pieces=Pieces.none(),
            beyond=BeyondShare.none(self.options),
            peak=None,
            outliers=(),
            turns=0,
            skipped=0,
        )

    def update(self, state: TailShapeState, batch: Batch) -> TailShapeState:
        """State after one more batch."""
        rows = compared(batch.proxy, batch.group, batch.finite)
        follows = rows and state.pieces.follows(rows, state.beyond.learning)
        if rows is None or follows == "not":
            return state
        if follows == "anew":
            state = self.start()
        distance = rows.minus_median(batch.proxy)
        pieces, sets = cut(state.pieces, rows, distance, self.rows)
        peak = _larger(state.peak, distance[0], rows, batch)
        if sets is None:
            return replace(state, pieces=pieces, peak=peak)
        ratios, middle, scale = tail_ratio(sets[0])
        usable = ~np.isnan(ratios)
        ratio = float((peak.ratio - middle[0]) / scale[0]) if usable[0] else -inf
        return TailShapeState(
            pieces=pieces,
            beyond=share_watched(state.beyond, ratios, state.turns, batch.step, self.options),
            peak=None,
            outliers=_furthest(state.outliers, peak, ratio),
            turns=state.turns + 1,
            skipped=state.skipped + int((~usable).sum()),
        )

    def fired(self, state: TailShapeState) -> Amber | None:
        """The signal, with the scores that deserve a label first."""
        found, beyond = state.beyond.dated, state.beyond.beyond
        if found.fired is None or beyond is None:
            return None
        sentence = (
            f"the tail of the proxy has changed its shape, probably since step "
            f"{found.origin.step:,}: of {found.readings:,} sets of {self.rows} scores since, the "
            f"largest stands further out than the usual {percent(1 - self.options.share)} "
            f"point in {percent(found.mean)} (the reference allows {percent(beyond.rate)}). "
            f"Spend labels on the highest scores{_named(state.outliers, found.origin.step)}. No "
            f"single score proves anything: {beyond.readings} reference sets support quantiles "
            f"down to about 1/{beyond.readings}"
        )
        return Amber(name=self.name, step=found.fired, sentence=sentence)


def tail_ratio(sets: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """T, median and distance from it to the 90 % point, each [sets], of values [sets, rows].

    NaN for T where the 90 % point is the median.
    """
    ordered = np.sort(sets, axis=1)
    rows = ordered.shape[1]
    middle = ordered[:, (rows - 1) // 2] / 2 + ordered[:, rows // 2] / 2
    scale = ordered[:, ceil(0.9 * rows) - 1] - middle
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(scale > 0, (ordered[:, -1] - middle) / scale, np.nan)
    return ratio, middle, scale


def _furthest(outliers: tuple[Outlier, ...], peak: Outlier, ratio: float) -> tuple[Outlier, ...]:
    """The outliers with one more, its ratio now known, if it is among the furthest."""
    if ratio == -inf or (len(outliers) == OUTLIERS and ratio <= outliers[-1].ratio):
        return outliers
    ranked = sorted((*outliers, replace(peak, ratio=ratio)), key=lambda each: -each.ratio)
    return tuple(ranked[:OUTLIERS])


def _larger(peak: Outlier | None, distance: FloatArray, rows: Rows, batch: Batch) -> Outlier:
    top = int(np.argmax(distance))
    if peak is not None and peak.ratio >= distance[top]:
        return peak
    row = int(rows.positions[top])
    return Outlier(
        ratio=float(distance[top]),
        step=batch.step,
        batch=batch.key,
        row=row,
        proxy=float(batch.proxy[row]),
    )


def _named(outliers: tuple[Outlier, ...], since: int) -> str:
    """The furthest scores of the stretch that looks changed."""
    recent = [each for each in outliers if each.step >= since]
    return "".join(
        f"; step {each.step:,} row {each.row} of batch {each.batch}: proxy {number(each.proxy)}, "
        f"{number(each.ratio)} times as far from the median as the 90 % point"
        for each in recent[:3]
    )
