"""Known laws of gold and error, and their exact curves under any pressure."""

from overopt.lab.exact_curve import ExactCurve, Extremum, exact_curve
from overopt.lab.joints.independent import Independent, independent
from overopt.lab.joints.joint import Joint
from overopt.lab.marginals.heavy import Levy, LogNormal, Pareto, StudentT, Weibull
from overopt.lab.marginals.law import Law
from overopt.lab.marginals.light import Beta, Exponential, Gamma, Laplace, Normal
from overopt.lab.marginals.specification import law_of

__all__ = [
    "Beta",
    "ExactCurve",
    "Exponential",
    "Extremum",
    "Gamma",
    "Independent",
    "Joint",
    "Laplace",
    "Law",
    "Levy",
    "LogNormal",
    "Normal",
    "Pareto",
    "StudentT",
    "Weibull",
    "exact_curve",
    "independent",
    "law_of",
]
