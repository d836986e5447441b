"""Normal gold and error with a normal copula: every curve is a line in the mean of the proxy.

E[gold | proxy] is a line through both means with slope cov(gold, proxy) / var(proxy), so gold goes
where that sign says, without bound either way: dependence alone can turn light tails harmful.
"""

from __future__ import annotations

import math

from overopt.lab.joints.copulas import GaussianCopula
from overopt.lab.joints.coupled import Coupled
from overopt.lab.limits.independent_sum import Outcome
from overopt.lab.marginals.light import Normal
from overopt.pressure import KLTilt, Pressure, SoftBestOfN

__all__ = ["jointly_normal_limit"]

SAME = 1e-12  # relative to gold's variance


def jointly_normal_limit(law: Coupled, pressure: Pressure) -> Outcome | None:
    """The limit of mean gold; None for other laws."""
    gold, error, copula = law.gold, law.error, law.copula
    if not (isinstance(gold, Normal) and isinstance(error, Normal)):
        return None
    if not isinstance(copula, GaussianCopula):
        return None
    covariance = gold.variance + copula.rho * gold.sd * error.sd
    if abs(covariance) <= SAME * gold.variance:
        value, moves = gold.mean, "the proxy says nothing about gold"
    elif isinstance(pressure, SoftBestOfN):
        value = gold.mean + pressure.sharpness * covariance
        moves = f"soft best-of-n becomes the KL tilt at 1 / beta = {pressure.sharpness:g}"
    else:
        value = math.copysign(math.inf, covariance)
        moves = "gold rises with the proxy" if covariance > 0 else "gold falls as the proxy rises"
    return Outcome(
        value=value,
        informative=isinstance(pressure, KLTilt),
        theorem="jointly normal",
        reason=f"mean gold is a line in the proxy, their covariance {covariance:g}: {moves}",
    )
