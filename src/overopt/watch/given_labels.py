"""Labels that a log brings along for some rows of a batch, as draws.

They say what drawn labels say if the labelled rows of each prompt were chosen evenly: then each row
of a prompt was as likely to be labelled as any other, and their average estimates the prompt's.
Which prompts carry labels may have been anybody's choice, as long as it did not look at gold. Rows
that were labelled because of their score must not come in here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overopt.watch.bank import Bank, bank_scores
from overopt.watch.batch import Batch
from overopt.watch.chances import Chosen, chosen_draws
from overopt.watch.draw import Draw

__all__ = ["given_draws"]


def given_draws(
    batch: Batch, bank: Bank, labelled: npt.NDArray[np.bool_], first_number: int
) -> tuple[Draw, ...]:
    """Draws of the rows ``labelled`` [rows] that have a finite proxy, one part for each prompt."""
    chosen = np.flatnonzero(labelled & batch.finite)
    if not len(chosen):
        return ()
    chances = batch.finite / batch.finite.sum()
    parts: list[Chosen] = []
    scores = bank_scores(batch, bank)
    size = np.vstack([np.abs(scores), np.ones(batch.rows)])
    largest = np.zeros(len(size))
    share, most = np.zeros(batch.rows), np.zeros(batch.rows)
    for prompt in np.unique(batch.group[chosen]):
        part = np.flatnonzero(batch.finite & (batch.group == prompt))
        rows = chosen[batch.group[chosen] == prompt]
        parts.append(Chosen(rows=rows, share=1 / len(rows)))
        largest = np.maximum(largest, size[:, part].max(axis=1))
        share[rows] = len(part) / len(rows) / batch.finite.sum()
        most[part] = share[rows[0]]  # the largest that any choice of labelled rows could give
    return chosen_draws(
        batch, bank, scores, chances, parts, largest, share, size @ most, first_number
    )
