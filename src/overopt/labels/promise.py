"""What a round of labels promises before it is paid for, beside labels spread evenly.

The spread of gold comes from labels in hand where there are at least 20, else from what the user
knows, else it is the unit. With a known correlation r, gold is taken to be linear in the score
within a prompt; what is left is sqrt(1 - r^2) of its sd, and r times how far a row's score lies
from the usual one of its rank: much, at the top of a heavy-tailed score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.errors import BadOption
from overopt.labels.drawing import checked_keys, cumulative_chances, plannable
from overopt.labels.half_width import ExpectedHalfWidth, expected_half_width, residual_spread
from overopt.labels.ledger import Ledger, Target
from overopt.labels.returns import labelled_samples
from overopt.samples import Samples, scored

__all__ = ["KnownSpread", "Promise", "promises"]

FloatArray = npt.NDArray[np.floating[Any]]


@final
@dataclass(frozen=True, kw_only=True)
class KnownSpread:
    """What is known of gold before there are labels.

    ``within`` is its sd within a prompt (None: take it as the unit), ``between`` the sd of prompts'
    means (None: as large as ``within``), ``correlation`` that of proxy and gold within a prompt.
    """

    within: float | None = None
    between: float | None = None
    correlation: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("spread", self.within), ("between", self.between)):
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise BadOption(f"{name} {value:g}: give a standard deviation, 0 or more")
        if not -1 <= self.correlation <= 1:
            raise BadOption(f"correlation {self.correlation:g}: give -1 to 1")


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Promise:
    """Expected half-widths for one target with the labels planned, and as many spread evenly.

    ``spread_from`` says where the spread is from: "labels" in hand, "options", or "unit" (then all
    is in standard deviations of gold within a prompt).
    """

    target: Target
    planned: ExpectedHalfWidth
    even: ExpectedHalfWidth
    spread_from: str
    residual_sd: float
    between_sd: float


def promises(
    ledger: Ledger, samples: Samples, known: KnownSpread, level: float = 0.95
) -> list[Promise]:
    """What the labels of all rounds so far promise, for each target of the last round."""
    chance = cumulative_chances(ledger, samples, checked_keys(ledger, samples))
    partly = labelled_samples(ledger, samples) if ledger.labels else None
    return [
        _promise(target, samples, partly, chance, known, level)
        for target in ledger.rounds[-1].targets
    ]


def _promise(
    target: Target,
    samples: Samples,
    partly: Samples | None,
    chance: FloatArray,
    known: KnownSpread,
    level: float,
) -> Promise:
    residual: float | FloatArray
    found = None if partly is None else residual_spread(partly, target.proxy)
    if found is not None:
        source, (residual, between) = "labels", found
    else:
        source = "unit" if known.within is None else "options"
        within = 1.0 if known.within is None else known.within
        residual = within * _residual(samples, target.proxy, known.correlation)
        between = within if known.between is None else known.between

    def expected(probabilities: FloatArray) -> ExpectedHalfWidth:
        return expected_half_width(
            samples,
            target.proxy,
            plannable(target.pressure),
            np.array(target.strengths),
            probabilities,
            residual_sd=residual,
            between_sd=between,
            level=level,
        )

    return Promise(
        target=target,
        planned=expected(chance),
        even=expected(np.full(samples.rows, chance.sum() / samples.rows)),
        spread_from=source,
        residual_sd=float(np.sqrt(np.mean(np.square(residual)))),
        between_sd=between,
    )


def _residual(samples: Samples, proxy: str, correlation: float) -> FloatArray:
    """Spread left around what the rank predicts, in sd of gold within a prompt: [rows]."""
    known = scored(samples, proxy)
    scores = np.asarray(known.proxies[proxy], dtype=float)
    scores = scores / max(float(np.abs(scores).max()), 1e-300)  # squares of 1e300 would overflow
    off, square = np.zeros(known.rows), 0.0
    for batch in known.batches(2):
        values = batch.gather(scores)
        centred = values - values.mean(axis=1, keepdims=True)
        order = np.argsort(centred, axis=1, kind="stable")
        ranked = np.take_along_axis(centred, order, axis=1)
        np.put_along_axis(centred, order, ranked - ranked.mean(axis=0), axis=1)
        off[batch.rows] = centred
        square += float(np.square(ranked).sum()) * batch.size / (batch.size - 1)
    variance = square / known.rows
    left = np.full(samples.rows, 1.0 - correlation**2)
    if variance > 0:
        left[np.isfinite(samples.proxies[proxy])] += correlation**2 * np.square(off) / variance
    return np.asarray(np.sqrt(left))
