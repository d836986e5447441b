"""Settings for the tools that apply the pressure: n, a threshold, a KL budget and beta.

KL and beta are those of the ideal tilt within the support of the samples: weights proportional to
exp(proxy / beta). Groups of m candidates show at most ln m nats: with normal scores in groups of 8
the tilt that costs 1.2 nats here costs 4.3 on the whole policy. A trainer that divides advantages
by the group's standard deviation works in units of that deviation, so its beta is the same number
divided by the mean within-group deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.operating_point import OperatingPoint
from overopt.numerals import number
from overopt.samples import Samples

__all__ = ["TrainerSettings", "trainer_settings"]

FORMULA = (
    "beta = 1 / strength, in proxy units per nat (reward - beta KL); for trainers that divide "
    "advantages by the group's standard deviation: beta / mean within-group sd"
)


@final
@dataclass(frozen=True, kw_only=True)
class TrainerSettings:
    """What to type into a sampler or trainer; None where the audit does not support pushing."""

    n: int | None
    kept_share: float | None
    threshold_score: float | None
    kl: float | None
    beta: float | None
    beta_standardised: float | None
    within_sd: float
    sentence: str
    caveat: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        threshold = {"kept_share": self.kept_share, "score": self.threshold_score}
        return {
            "n": self.n,
            "threshold": None if self.kept_share is None else threshold,
            "kl": self.kl,
            "beta": self.beta,
            "beta_standardised": self.beta_standardised,
            "within_sd": self.within_sd,
            "formula": FORMULA,
            "sentence": self.sentence,
            "caveat": self.caveat,
        }


def trainer_settings(
    samples: Samples,
    curves: dict[str, EstimatedCurve],
    points: dict[str, OperatingPoint],
    within_sd: float,
    reach: float,
) -> TrainerSettings:
    """Settings at the operating points of best-of-n, threshold and KL tilt."""
    n = _strength(points, curves, "best_of_n")
    kept = _strength(points, curves, "threshold")
    tilt = _strength(points, curves, "kl_tilt")
    share = None if kept is None else 1 / kept
    kl = None if tilt is None else points["kl_tilt"].kl
    beta = None if tilt is None else 1 / tilt
    standardised = None if beta is None or not within_sd > 0 else beta / within_sd
    return TrainerSettings(
        n=None if n is None else int(n),
        kept_share=share,
        threshold_score=None if share is None else _cut(samples, curves["threshold"], share),
        kl=kl,
        beta=beta,
        beta_standardised=standardised,
        within_sd=within_sd,
        sentence=_sentence(n, share, kl, beta, standardised) + _still_open(points, curves),
        caveat=_caveat(samples.rows, kl, reach, asked="kl_tilt" in points),
    )


def _strength(
    points: dict[str, OperatingPoint], curves: dict[str, EstimatedCurve], pressure: str
) -> float | None:
    """Strength of a pressure with a proven gain, else None."""
    point = points.get(pressure)
    if point is None or not point.strength > curves[pressure].pressure.no_pressure:
        return None
    return point.strength


def _cut(samples: Samples, curve: EstimatedCurve, share: float) -> float:
    """Mean over groups of the score above which the kept share of the group lies."""
    scores = samples.proxies[curve.proxy_name]
    total, groups = 0.0, 0
    for batch in samples.batches():
        ordered = np.sort(batch.gather(scores), axis=1)
        lowest_kept = batch.size - int(np.ceil(share * batch.size - 1e-9))
        total += float(ordered[:, lowest_kept].sum(dtype=np.float64))
        groups += len(batch.prompt)
    return total / groups


def _sentence(
    n: float | None,
    share: float | None,
    kl: float | None,
    beta: float | None,
    standardised: float | None,
) -> str:
    parts = []
    if n is not None:
        parts.append(f"best-of-n: n = {number(n)}")
    if share is not None:
        parts.append(f"rejection sampling: keep the top {number(100 * share)} % of each prompt")
    if kl is not None and beta is not None:
        scaled = "" if standardised is None else f" ({number(standardised)} on scaled advantages)"
        parts.append(f"KL budget {number(kl)} nats, beta = {number(beta)}{scaled}")
    if not parts:
        return "No setting is supported: no pressure has a proven gain on these data."
    return "; ".join(parts) + "."


def _still_open(points: dict[str, OperatingPoint], curves: dict[str, EstimatedCurve]) -> str:
    """Which of the settings rest on a gain that is proven but not decided."""
    names = {"best_of_n": "n", "threshold": "the share kept", "kl_tilt": "KL and beta"}
    used = [
        said
        for pressure, said in names.items()
        if _strength(points, curves, pressure) is not None
        and points[pressure].decision == "undecided"
    ]
    return f" Not decided beyond a proven gain: {', '.join(used)}." if used else ""


def _caveat(rows: int, kl: float | None, reach: float, asked: bool) -> str:
    if not asked:
        return "For KL and beta, audit the pressure kl_tilt too."
    if kl is None:
        return (
            "No KL is worth spending on this evidence; a small KL would certify nothing anyway: at "
            f"{number(reach)} nats a flaw unseen in {rows:,} rows could own 10 % of the policy."
        )
    return (
        "KL and beta are those of the ideal tilt within the samples' support, not a promise about "
        "training: where few candidates hide the tail a policy trained at this beta moves further, "
        f"so hold training to the KL; beyond {number(reach)} nats, where a flaw unseen in "
        f"{rows:,} rows could own 10 % of the policy, they certify nothing."
    )
