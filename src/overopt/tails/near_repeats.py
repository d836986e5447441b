"""At which distance are two scores of one prompt the same answer told twice?

Independent draws from a density leave few small gaps: between neighbours, gaps below a width are
eight times rarer than gaps below eight widths. Copies (the same text, the same text but for a
comma) put many gaps below some width and few just above it. The largest width below which lie more
than half of the gaps that are below eight widths is taken; there is none for honest scores, nor
for scores on a grid, whose gaps are 0, one step, two steps and so on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["repeat_width"]

FloatArray = npt.NDArray[np.floating[Any]]

AROUND = 8.0
MOST_SHARE = 0.5  # of the gaps around, above which they are copies
FEWEST, FEWEST_SHARE = 10, 0.005
HALVINGS = 40


def repeat_width(gaps: FloatArray, largest: float) -> float:
    """Width up to which gaps are those of copies; -1 when there are none, 0 for exact copies.

    ``gaps`` [count] lie between neighbouring scores of a prompt; widths from ``largest`` down are
    tried, which should be well below the gaps of honest draws.
    """
    ordered = np.sort(gaps)
    fewest = max(FEWEST, FEWEST_SHARE * len(ordered))
    positive = ordered[np.searchsorted(ordered, 0.0, side="right") :]
    smallest = float(positive[0]) if len(positive) else 0.0
    widths = largest * 0.5 ** np.arange(HALVINGS)
    widths = np.append(widths[widths >= smallest], 0.0)
    below = np.searchsorted(ordered, widths, side="right")
    around = np.searchsorted(ordered, AROUND * np.maximum(widths, smallest), side="right")
    found = widths[(below >= fewest) & (below > MOST_SHARE * around)]
    return float(found[0]) if len(found) else -1.0
