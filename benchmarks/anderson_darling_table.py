"""Print the table of ``overopt.stats.goodness_of_fit``: ``python benchmarks/...`` (a minute).

Quantiles of Anderson and Darling's statistic at maximum-likelihood fits of generalised Pareto
samples, those kept whose fit lies inside xi > -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.stats.generalised_pareto import pareto_fits
from overopt.stats.goodness_of_fit import anderson_darling

P = (0.9, 0.75, 0.5, 0.3, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001)
XI = (-0.9, -0.7, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0)
COUNT, BATCH, BATCHES = 200, 4000, 100
SEED = 20261124


def statistics(xi: float, rng: np.random.Generator) -> npt.NDArray[np.floating[Any]]:
    """A^2 of one batch of samples of ``COUNT`` exceedances."""
    log = np.log(rng.uniform(size=(BATCH, COUNT)))
    y = np.sort(np.expm1(-xi * log) / xi if xi else -log, axis=1)
    fits = pareto_fits(y)
    inside = fits.xi > -1
    return anderson_darling(y[inside], fits.xi[inside], fits.scale[inside])


def main() -> None:
    """One row of quantiles for each xi."""
    print(f"TABLE_P = {P}\nTABLE_XI = {XI}\nTABLE_A2 = (")
    for xi in XI:
        rng = np.random.default_rng(SEED)
        found = np.concatenate([statistics(xi, rng) for _ in range(BATCHES)])
        row = ", ".join(f"{quantile:.4f}" for quantile in np.quantile(found, 1 - np.array(P)))
        print(f"    ({row}),", flush=True)
    print(")")


if __name__ == "__main__":
    main()
