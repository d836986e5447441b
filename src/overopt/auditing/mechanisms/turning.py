"""Does gold rise with the rank by the proxy, and then bend down at the top?

The kept shares 1, 1/2, 1/4, ... of a prompt's candidates cut its ranks into bands. A turn at band a
is proven when its mean gold lies above that of all ranks below it, and that of some band above, to
the very top, lies below. Every such mean is linear in gold at the thresholds, so ties,
partial labels and bounded gold are treated as on the curve. All rises and falls are tested
together (one-sided max-t), and a turn needs both of its own: whatever is truly flat or truly
rising, one is claimed by chance in at most 1 - level of tables.

The curve under pressure turns later than this, because it averages over the top; and no tail index
of the score can show it, only gold on the best-scored candidates (an error that depends on gold
may be light-tailed and still bend the curve).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.auditing.data_checks.evidence import per_cent
from overopt.auditing.mechanisms.mechanism import (
    FEWEST_PROMPTS,
    Inspection,
    Mechanism,
    rows_to_read,
)
from overopt.findings import Severity
from overopt.numerals import estimate
from overopt.pressure import Threshold
from overopt.stats.intervals import max_t_quantile

__all__ = ["turning_dependence"]

FloatArray = npt.NDArray[np.floating[Any]]
FEWEST_BANDS = 3
NARROWEST = 1.3  # ratio of the last two cuts


@final
@dataclass(frozen=True, kw_only=True)
class _Turn:
    """Gold of the top ``share`` less that of the band between ``band_to`` and ``band_from``."""

    share: float
    band_to: float
    band_from: float
    fall: float
    fall_upper: float
    rise: float
    rise_lower: float
    critical_error: float


def turning_dependence(case: Inspection) -> Mechanism | None:
    """``turning_dependence``, where a rise and a fall after it are both proven."""
    cuts = _cuts(case.size)
    if len(cuts) < FEWEST_BANDS:
        return None
    found = _turn(case, cuts)
    if found is None:
        return None
    top = case.view.ranks.position > 1 - found.share
    low = found.fall - found.critical_error
    return Mechanism(
        id="turning_dependence",
        code="OV321",
        severity=Severity.CAUTION,
        message=(
            f"gold rises with the score and then bends down at the top: the best-scored "
            f"{per_cent(found.share)} of a prompt's candidates have less gold than those ranked "
            f"{_band(found)} by {estimate(-found.fall, -found.fall_upper, -low)}. More pressure "
            "serves more of them; read what the top rows with least gold share"
        ),
        data={
            "top_share": found.share,
            "band": [found.band_from, found.band_to],
            "fall": found.fall,
            "fall_upper": found.fall_upper,
            "rise": found.rise,
            "rise_lower": found.rise_lower,
            "level": case.claim,
            **rows_to_read(case.samples, top),
        },
    )


def _band(found: _Turn) -> str:
    return f"{per_cent(found.band_from)} to {per_cent(found.band_to)} from the top"


def _cuts(size: int) -> FloatArray:
    """Strengths 1, 2, 4, ... and the number of candidates itself: [cuts]."""
    doublings = 2.0 ** np.arange(int(np.log2(size)) + 1)
    kept = doublings[doublings * NARROWEST <= size]
    return np.append(kept, float(size))


def _turn(case: Inspection, cuts: FloatArray) -> _Turn | None:
    """The surest turn, None where none is proven."""
    curve = case.curve(Threshold(), cuts)
    if curve.prompts < FEWEST_PROMPTS:
        return None
    share = 1 / cuts
    rises, falls, pairs = _contrasts(share)
    value, covariance, df = curve.contrast(np.concatenate([rises, falls]))
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    critical = max_t_quantile(covariance, df, case.claim, sides=1)
    lower = value - critical * error
    upper = value + critical * error
    fell = np.arange(len(falls)) + len(rises)
    rose = np.array([a - 1 for a, _ in pairs])
    proven = (lower[rose] > 0) & (upper[fell] < 0)
    if not proven.any():
        return None
    sure = np.minimum(_ratio(value[rose], error[rose]), _ratio(-value[fell], error[fell]))
    best = int(np.argmax(np.where(proven, sure, -np.inf)))
    a, b = pairs[best]
    return _Turn(
        share=float(share[b]),
        band_to=float(share[a]),
        band_from=float(share[a + 1]),
        fall=float(value[fell[best]]),
        fall_upper=float(upper[fell[best]]),
        rise=float(value[rose[best]]),
        rise_lower=float(lower[rose[best]]),
        critical_error=float(critical * error[fell[best]]),
    )


def _contrasts(share: FloatArray) -> tuple[FloatArray, FloatArray, list[tuple[int, int]]]:
    """Rises [K - 1, K + 1] of bands 1 ... K - 1, falls [pairs, K + 1], and the pairs (a, b).

    Gold kept at share s sums to s times its mean, so a band is a difference of two sums.
    """
    last = len(share) - 1
    kept = np.diag(share)  # sums over the top share
    band = (kept[:-1] - kept[1:]) / (share[:-1] - share[1:])[:, None]
    below = (kept[0] - kept[1:last]) / (1 - share[1:last])[:, None]
    rises = band[1:last] - below
    pairs = [(a, b) for a in range(1, last) for b in range(a + 1, last + 1)]
    falls = np.array([kept[b] / share[b] - band[a] for a, b in pairs])
    return rises, falls, pairs


def _ratio(value: FloatArray, error: FloatArray) -> FloatArray:
    """Value in standard errors; certain where there is no error."""
    return np.where(error > 0, value / np.where(error > 0, error, 1.0), np.inf)
