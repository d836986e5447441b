"""How narrow intervals will be, before a single label is paid for.

A prompt's gold at a strength is the weighted sum of its rows' completed gold (``completed_gold``),
so with weights w and label chances pi the variance of its mean over P prompts is

    floor + noise,   floor = (between^2 + residual^2 * mean over prompts of sum w^2) / P
                     noise = (between^2 + residual^2) * sum over rows of w^2 (1 - pi) / pi / P^2.

``residual`` is the sd of gold within a prompt around what the rank of the score predicts,
``between`` the sd of the prompts' own level. The floor stays when every row is labelled: only more
prompts lower it. A gain has the difference of two weights for w, and prompts drop out of its floor
(if pressure helps all prompts alike). The half-width is a Student t quantile times the root.

Assumes gold without bounds, and labels enough for the regression that predicts gold. Intervals of
gold that is nearly always right or wrong are wider than promised, on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.curves.completed_gold import completed_gold
from overopt.curves.objective import within_spread
from overopt.errors import BadOption
from overopt.labels.weights import curve_weights
from overopt.pressure import Pressure
from overopt.samples import Samples, scored
from overopt.stats.intervals import t_quantile

__all__ = ["ExpectedHalfWidth", "expected_half_width", "residual_spread"]

FloatArray = npt.NDArray[np.floating[Any]]
FEWEST_LABELS = 20  # from which a spread may be estimated


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ExpectedHalfWidth:
    """Expected half-widths of pointwise intervals, in the unit of the spreads given: [S] each.

    ``gold`` and ``gain`` (against the first strength; 0 there) with the planned labels,
    ``gold_floor`` and ``gain_floor`` with every row labelled. ``gold_even`` and ``gain_even`` are
    the numbers of labels that, spread evenly over all ``rows``, would do as well (same standard
    error). ``labels`` is the expected number planned.
    """

    strength: FloatArray
    gold: FloatArray
    gain: FloatArray
    gold_floor: FloatArray
    gain_floor: FloatArray
    gold_even: FloatArray
    gain_even: FloatArray
    labels: float
    rows: int
    prompts: int
    level: float


def expected_half_width(
    samples: Samples,
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray,
    probabilities: FloatArray,
    *,
    residual_sd: float | FloatArray = 1.0,
    between_sd: float = 0.0,
    level: float = 0.95,
) -> ExpectedHalfWidth:
    """Half-widths to expect when row i of the table is labelled with ``probabilities[i]``.

    Parameters
    ----------
    samples, proxy, pressure
        What selects; gold is not looked at.
    strengths
        [S], ascending, the first of them no pressure.
    probabilities
        [rows], in (0, 1]; 1 everywhere gives the floor.
    residual_sd, between_sd
        Spread of gold within a prompt beyond what the score predicts, one number or [rows], and of
        the prompts' level, in any unit: half-widths come in the same.
    level
        Of the intervals.

    Raises
    ------
    BadOption
        Probabilities, spreads or the level are outside their range, or no group is large enough.
    """
    grid = np.asarray(strengths, dtype=float)
    spread = np.broadcast_to(np.asarray(residual_sd, dtype=float), samples.rows)
    _check(samples, probabilities, spread, between_sd, level)
    finite = np.isfinite(samples.proxies[proxy]) if proxy in samples.proxies else slice(None)
    known, chance = scored(samples, proxy), np.asarray(probabilities, dtype=float)[finite]
    variance = spread[finite] ** 2
    sums = _sums(known, proxy, pressure, grid, chance, variance, between_sd**2)
    every = sums.prompts - 1.0
    df = np.minimum(every, np.maximum(sums.effective - 1, 1))

    def half(part: _Spread, shared: float, df: FloatArray) -> list[FloatArray]:
        floor = (shared + part.within / sums.prompts) / sums.prompts
        share = np.divide(
            part.total, part.total + part.noise, out=np.zeros_like(floor), where=part.total > 0
        )
        return [
            t_quantile(level, df) * np.sqrt(floor + part.noise / sums.prompts**2),
            t_quantile(level, every) * np.sqrt(floor),
            share * samples.rows,
        ]

    gold = half(sums.gold, between_sd**2, df)
    gain = half(sums.gain, 0.0, np.minimum(df, df[0]))
    return ExpectedHalfWidth(
        strength=grid,
        gold=gold[0],
        gain=gain[0],
        gold_floor=gold[1],
        gain_floor=gain[1],
        gold_even=gold[2],
        gain_even=gain[2],
        labels=float(np.sum(probabilities)),
        rows=samples.rows,
        prompts=sums.prompts,
        level=level,
    )


def residual_spread(samples: Samples, proxy: str) -> tuple[float, float] | None:
    """``residual_sd`` and ``between_sd`` from labels in hand; None while they are too few to tell.

    From the residuals V - g of the cross-fitted gold regression on rows whose label was not
    certain, which are those that make label noise: their mean square is residual^2 + between^2,
    their spread within groups is residual (half of it, where hardly a group has two labels: the
    noise of labels knows only the sum). ``samples`` needs gold and ``label_prob``.
    """
    known = scored(samples, proxy)
    if known.gold is None or known.label_prob is None or known.labelled < FEWEST_LABELS:
        return None
    completed = completed_gold(known, proxy, "recorded" if known.labelled < known.rows else "all")
    if completed.inverse is None:
        residual = np.asarray(known.gold, dtype=float) - np.mean(known.gold)
    else:
        excess = completed.inverse - 1  # completed gold is V + (L / pi - 1)(V - g) where labelled
        drawn = excess > 1e-6
        residual = np.full(known.rows, np.nan)
        residual[drawn] = (completed.value[drawn] - known.gold[drawn]) / excess[drawn]
    found = residual[~np.isnan(residual)]
    if len(found) < FEWEST_LABELS:
        return None
    total = float(np.mean(found**2))
    labelled = np.bincount(known.group[~np.isnan(residual)])
    if np.maximum(labelled - 1, 0).sum() < FEWEST_LABELS:
        within = total / 2
    else:
        within = min(within_spread(replace(known, gold=residual)) ** 2, total)
    return float(np.sqrt(within)), float(np.sqrt(total - within))


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Spread:
    """Sums over rows of squared weights times variances: [S] each.

    ``within`` the residual variance, ``total`` with that between prompts, ``noise`` the total times
    (1 - pi) / pi.
    """

    within: FloatArray
    total: FloatArray
    noise: FloatArray


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Sums:
    """Those of gold and of gains; ``effective`` [S] is the expected Kish number of labels."""

    prompts: int
    gold: _Spread
    gain: _Spread
    effective: FloatArray


def _sums(
    samples: Samples,
    proxy: str,
    pressure: Pressure,
    strengths: FloatArray,
    chance: FloatArray,
    variance: FloatArray,
    between: float,
) -> _Sums:
    """Sums over the groups; ``chance`` and residual ``variance`` are [rows]."""
    sums = np.zeros((2, 3, len(strengths)))
    inverse = np.zeros(len(strengths))
    prompts: set[int] = set()
    for batch, weights in curve_weights(samples, proxy, pressure, strengths):
        odds = (1 - batch.gather(chance)) / batch.gather(chance)
        own = batch.gather(variance)
        of_rows = np.stack([own, own + between, (own + between) * odds])
        for which, each in enumerate((weights, weights - weights[:, :1])):
            sums[which] += np.einsum("gsm,kgm->ks", each**2, of_rows)
        inverse += np.einsum("gsm,gm->s", weights**2, 1 + odds)
        prompts.update(batch.prompt.tolist())
    gold, gain = (_Spread(within=w, total=t, noise=n) for w, t, n in sums)
    effective = len(prompts) ** 2 / inverse
    return _Sums(prompts=len(prompts), gold=gold, gain=gain, effective=effective)


def _check(
    samples: Samples,
    probabilities: FloatArray,
    residual_sd: FloatArray,
    between_sd: float,
    level: float,
) -> None:
    if not 0 < level < 1:
        raise BadOption(f"level {level!r}: give a number between 0 and 1, such as 0.95")
    if np.shape(probabilities) != (samples.rows,):
        raise BadOption(
            f"label probabilities of shape {np.shape(probabilities)} for {samples.rows} rows: "
            "give one for every row"
        )
    if not np.all((np.asarray(probabilities) > 0) & (np.asarray(probabilities) <= 1 + 1e-9)):
        raise BadOption("a label probability is outside (0, 1]: no row may be impossible to draw")
    for name, values in (("residual", residual_sd), ("between", np.array([between_sd]))):
        wrong = values[~(np.isfinite(values) & (values >= 0))]
        if len(wrong):
            raise BadOption(f"{name} spread {wrong[0]:g}: give a standard deviation, 0 or more")
