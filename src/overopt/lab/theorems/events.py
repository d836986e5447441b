"""Policies that change only how often some events happen: KL and means in closed form.

Within an event and outside all of them candidates keep their base law, so
KL = sum of e ln(e / p) + rest ln(rest / base rest), and any mean is the mix of conditional means.
Source: the construction in the proof of Theorem 1 of Kwa, Thomas and Garriga-Alonso (2407.14503),
for several disjoint events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from overopt.errors import BadOption

__all__ = ["OutlierPrice", "best_of_n_at", "event_tilt_kl", "mixture_kl", "outlier_price"]


def event_tilt_kl(shares: Sequence[float], base: Sequence[float]) -> float:
    """KL in nats of giving disjoint events of ``base`` probabilities the ``shares``.

    Raises BadOption for shares or probabilities outside (0, 1) or adding to more than 1.
    """
    for name, values in (("shares", shares), ("base probabilities", base)):
        if not (values and min(values) > 0 and math.fsum(values) < 1):
            raise BadOption(f"{name} must be above 0 and add to less than 1, got {list(values)}")
    if len(shares) != len(base):
        raise BadOption(f"{len(shares)} shares for {len(base)} events: give one for each")
    inside = math.fsum(e * math.log(e / p) for e, p in zip(shares, base, strict=True))
    rest, whole = math.fsum(shares), math.fsum(base)
    return max(inside + (1 - rest) * (math.log1p(-rest) - math.log1p(-whole)), 0.0)


def mixture_kl(share: float, log_probability: float) -> float:
    """KL in nats of serving an outlier with chance ``share``, else as the reference does.

    ``log_probability`` (natural) of the outlier under the reference may be far below what a double
    holds, such as -1339.7. Raises BadOption for a share outside [0, 1) or below the base one.
    """
    if not (0 <= share < 1 and log_probability < 0):
        raise BadOption(
            f"a share from 0 to below 1 and a log probability below 0 are needed, got {share:g} "
            f"and {log_probability:g}"
        )
    base = math.exp(log_probability)
    if share < base:
        raise BadOption(f"a share of {share:g} is below the outlier's own {base:g}")
    rest = (1 - share) * (math.log1p(-share) - math.log1p(-base))
    return (share * (math.log(share) - log_probability) if share > 0 else 0.0) + rest


@final
@dataclass(frozen=True, kw_only=True)
class OutlierPrice:
    """``gain`` in proxy for ``kl`` nats; the same nats as a threshold's share or best of ``n``."""

    kl: float
    gain: float
    kept_share: float
    n: float


def outlier_price(
    share: float, log_probability: float, outlier: float, mean: float
) -> OutlierPrice:
    """What serving an outlier of proxy ``outlier`` with chance ``share`` costs and gains.

    ``mean`` is the reference's mean proxy.
    """
    kl = mixture_kl(share, log_probability)
    return OutlierPrice(
        kl=kl, gain=share * (outlier - mean), kept_share=math.exp(-kl), n=best_of_n_at(kl)
    )


def best_of_n_at(kl: float) -> float:
    """The real n at which ln n - (n - 1) / n equals ``kl`` nats; inf beyond a double."""
    if kl > 700:
        return math.inf
    log_n = kl + math.sqrt(2 * kl)
    for _ in range(100):
        # Newton's step in ln n: the derivative is 1 - 1 / n.
        slope = -math.expm1(-log_n)
        if slope <= 0:
            return 1.0
        step = (log_n + math.expm1(-log_n) - kl) / slope
        log_n -= step
        if abs(step) < 1e-14 * max(log_n, 1e-3):
            break
    return math.exp(log_n)
