"""Hill's estimate at every depth for three origins, so that its dependence on them is seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from overopt.samples.table import Samples
from overopt.stats.hill import hill_xi
from overopt.tails.sample import tail_sample

__all__ = ["hill_plot"]

FEWEST = 10
POINTS = 40


def hill_plot(samples: Samples, proxy: str) -> dict[str, Any] | None:
    """``origins``, ``exceedances`` and ``xi`` (a list per origin); None for too short a tail.

    The origins are that of the scores (after centring by group, where groups have company), and
    one mean exceedance of the deepest threshold shown to either side of it.
    """
    top = tail_sample(samples, proxy).top
    if len(top) <= FEWEST + 1 or not top[0] > top[-1]:
        return None
    counts = np.unique(np.geomspace(FEWEST, len(top) - 1, POINTS).astype(int))
    step = float((top[:-1] - top[-1]).mean())
    origins = [-step, 0.0, step]
    shapes = [hill_xi(top, counts, origin) for origin in origins]
    return {
        "origins": origins,
        "exceedances": counts.tolist(),
        "xi": [[float(x) if np.isfinite(x) else None for x in xi] for xi in shapes],
    }
