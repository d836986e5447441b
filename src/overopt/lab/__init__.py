"""Known laws of gold and error, and their exact curves under any pressure."""

from overopt.curves.gold_curve import Extremum
from overopt.lab.exact_curve import ExactCurve, exact_curve
from overopt.lab.iteration import Iteration, Landscape, iterated
from overopt.lab.joints.conditional import Blend, ErrorGivenGold, GoldGivenProxy
from overopt.lab.joints.copulas import (
    ClaytonCopula,
    Copula,
    GaussianCopula,
    GumbelCopula,
    StudentTCopula,
    copula_of,
)
from overopt.lab.joints.coupled import Coupled, coupled
from overopt.lab.joints.independent import Independent, independent
from overopt.lab.joints.joint import Joint
from overopt.lab.limits.limit import Limit, limit
from overopt.lab.limits.tilted import tilted_mean
from overopt.lab.marginals.derived import Clipped, Mixture, Truncated
from overopt.lab.marginals.discrete import Discrete, empirical
from overopt.lab.marginals.heavy import Levy, LogNormal, Pareto, StudentT, Weibull
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Beta, Exponential, Gamma, Laplace, Normal
from overopt.lab.marginals.specification import law_of
from overopt.lab.marginals.stable import Stable
from overopt.lab.theorems.events import OutlierPrice, mixture_kl, outlier_price

__all__ = [
    "Beta",
    "Blend",
    "ClaytonCopula",
    "Clipped",
    "Copula",
    "Coupled",
    "Discrete",
    "ErrorGivenGold",
    "ExactCurve",
    "Exponential",
    "Extremum",
    "Gamma",
    "GaussianCopula",
    "GoldGivenProxy",
    "GumbelCopula",
    "Independent",
    "Iteration",
    "Joint",
    "Landscape",
    "Laplace",
    "Law",
    "Levy",
    "Limit",
    "LogNormal",
    "Mixture",
    "Normal",
    "OutlierPrice",
    "Pareto",
    "Stable",
    "StudentT",
    "StudentTCopula",
    "Truncated",
    "Weibull",
    "copula_of",
    "coupled",
    "empirical",
    "exact_curve",
    "independent",
    "iterated",
    "law_of",
    "limit",
    "mixture_kl",
    "outlier_price",
    "tilted_mean",
]
