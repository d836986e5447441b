"""Makes the coefficients of ``overopt.stats.ladder_null``: ``python benchmarks/ladder_table.py``.

Simulates the signed root z of generalised Pareto against exponential on exponential exceedances,
takes its quantiles at several counts, and fits their distance from normal quantiles u by
c_ij u^j / count^(i/2). Prints the table to paste and the largest misfit. A minute or two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.stats.generalised_pareto import pareto_fits

__all__ = ["main", "null_roots"]

FloatArray = npt.NDArray[np.floating[Any]]
SEED = 20240714
DRAWS = {50: 800_000, 71: 600_000, 100: 600_000, 200: 400_000, 400: 200_000, 1600: 60_000}
SHARES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5)
POWERS, DEGREE = 2, 2
BLOCK = 1 << 19  # numbers simulated at once


def null_roots(count: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Signed roots z [draws] of samples of ``count`` exponential exceedances."""
    found = []
    while draws > 0:
        rows = min(draws, max(1, BLOCK // count))
        found.append(pareto_fits(np.sort(rng.standard_exponential((rows, count)), axis=1)).z)
        draws -= rows
    return np.concatenate(found)


def main() -> None:
    """Print the coefficients [power of 1 / sqrt(count), power of u]."""
    from scipy.special import ndtri

    rng = np.random.default_rng(SEED)
    shares = np.array([*SHARES, *(1 - share for share in reversed(SHARES[:-1]))])
    u = ndtri(shares)
    density = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    basis, distance, weight = [], [], []
    for count, draws in DRAWS.items():
        distance.append(np.quantile(null_roots(count, draws, rng), shares) - u)
        weight.append(density / np.sqrt(shares * (1 - shares) / draws))
        powers = [count ** (-i / 2) * u**j for i in range(1, POWERS + 1) for j in range(DEGREE + 1)]
        basis.append(np.stack(powers, axis=1))
    design, target, precision = map(np.concatenate, (basis, distance, weight))
    weighted = design * precision[:, None]
    coefficients = np.linalg.lstsq(weighted, target * precision, rcond=None)[0]
    misfit = np.abs(design @ coefficients - target).reshape(len(DRAWS), -1)
    print(coefficients.reshape(POWERS, DEGREE + 1).round(4).tolist())
    print("largest misfit", misfit.max().round(3), "within .5 % and 99.5 %:", end=" ")
    print(misfit[:, 2:-2].max().round(3))


if __name__ == "__main__":
    main()
