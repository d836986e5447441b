"""Do exceedances follow a generalised Pareto law at all? Anderson and Darling's test.

A^2 = -count - mean over i of (2i - 1) (log F(y_i) + log S(y_(count + 1 - i))), F and S at the
maximum-likelihood fit. Its law depends on the true xi and hardly on the count (Choulakian and
Stephens 2001), so p-values come from quantiles simulated at 200 exceedances and the fitted xi:
``benchmarks/anderson_darling_table.py`` makes the table. At 50 to 2000 exceedances and xi from -0.7
to 1, a p-value of .05 is right to within .01. It assumes independent exceedances: under clusters
too many laws are rejected. Ties are no draws from a continuous law, and reject it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.stats.generalised_pareto import ParetoFit

__all__ = ["anderson_darling", "fit_p"]

FloatArray = npt.NDArray[np.floating[Any]]

# Made by benchmarks/anderson_darling_table.py: quantiles [xi, p] of A^2.
TABLE_P = (0.9, 0.75, 0.5, 0.3, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001)
TABLE_XI = (-0.9, -0.7, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0)
TABLE_A2 = (
    (0.2679, 0.3618, 0.5200, 0.7047, 0.8513, 1.1135, 1.3866, 1.6759, 2.0636, 2.3662, 3.1650),
    (0.2513, 0.3392, 0.4878, 0.6605, 0.7971, 1.0410, 1.2975, 1.5667, 1.9288, 2.2237, 2.9378),
    (0.2380, 0.3196, 0.4562, 0.6123, 0.7368, 0.9560, 1.1847, 1.4239, 1.7512, 2.0093, 2.6184),
    (0.2241, 0.2982, 0.4214, 0.5609, 0.6705, 0.8628, 1.0650, 1.2738, 1.5600, 1.7848, 2.2880),
    (0.2128, 0.2809, 0.3934, 0.5185, 0.6164, 0.7876, 0.9657, 1.1480, 1.4007, 1.6048, 2.0469),
    (0.2044, 0.2679, 0.3714, 0.4856, 0.5745, 0.7284, 0.8883, 1.0510, 1.2781, 1.4585, 1.8573),
    (0.1984, 0.2583, 0.3556, 0.4619, 0.5438, 0.6850, 0.8305, 0.9789, 1.1848, 1.3443, 1.7170),
    (0.1916, 0.2475, 0.3367, 0.4334, 0.5069, 0.6325, 0.7616, 0.8910, 1.0704, 1.2163, 1.5531),
    (0.1872, 0.2407, 0.3244, 0.4140, 0.4818, 0.5966, 0.7141, 0.8326, 0.9942, 1.1213, 1.4265),
)


def fit_p(exceedances: FloatArray, fit: ParetoFit) -> float:
    """p-value of the fit to ascending exceedances [count]: small where the law is another one.

    NaN at the end of the range, xi = -1, where the law has no mass beyond the largest exceedance.
    """
    if not fit.xi > -1:
        return float("nan")
    xi, scale = np.array([fit.xi]), np.array([fit.scale])
    statistic = float(anderson_darling(exceedances[None], xi, scale)[0])
    quantiles = [np.interp(fit.xi, TABLE_XI, column) for column in zip(*TABLE_A2, strict=True)]
    log_p = np.log(TABLE_P)
    if statistic <= quantiles[-1]:
        return float(np.exp(np.interp(statistic, [0, *quantiles], [0, *log_p])))
    slope = (log_p[-1] - log_p[-2]) / (quantiles[-1] - quantiles[-2])
    return float(np.exp(log_p[-1] + slope * (statistic - quantiles[-1])))


def anderson_darling(exceedances: FloatArray, xi: FloatArray, scale: FloatArray) -> FloatArray:
    """A^2 [replicates] of ascending exceedances [replicates, count] under the laws given.

    Infinite where an exceedance is 0.
    """
    count = exceedances.shape[1]
    log_above = -np.log1p((xi / scale)[:, None] * exceedances) / xi[:, None]
    with np.errstate(divide="ignore"):
        log_below = np.log(-np.expm1(log_above))
    weights = (2 * np.arange(1, count + 1) - 1) / count
    statistic: FloatArray = -count - (log_below + log_above[:, ::-1]) @ weights
    return statistic
