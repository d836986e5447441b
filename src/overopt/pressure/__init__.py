"""Models of selection: one file for each mechanism, one contract for all."""

from overopt.pressure.base import Divergences, Pressure, RankPressure, ScorePressure
from overopt.pressure.best_of_n import BestOfN
from overopt.pressure.best_of_poisson import BestOfPoisson
from overopt.pressure.chi_square import ChiSquare
from overopt.pressure.kl_tilt import KLTilt
from overopt.pressure.soft_best_of_n import SoftBestOfN
from overopt.pressure.threshold import Threshold

__all__ = [
    "BestOfN",
    "BestOfPoisson",
    "ChiSquare",
    "Divergences",
    "KLTilt",
    "Pressure",
    "RankPressure",
    "ScorePressure",
    "SoftBestOfN",
    "Threshold",
]
