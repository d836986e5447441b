"""Many runs at once under the signals that need no gold: at which step does each fire?

The readings are the product's, taken over all steps of a run together; the evidence is its
vectorised form. ``tests/statistical/test_watch_amber.py`` shows that one run agrees with the fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from overopt.stats.e_process import Betting, log_evidence_path
from overopt.stats.upper_rate import beyond_reference
from overopt.watch.detectors.audited_range import VALUES, allowed_loss
from overopt.watch.detectors.component_share import within_correlation
from overopt.watch.detectors.tail_shape import tail_ratio

FloatArray = npt.NDArray[np.floating]
Draw = Callable[[np.random.Generator, int, int], FloatArray]

NEVER = np.inf
FALSE_ALARM = 0.01
PART = 5_000  # steps whose rows are held at a time


def first_reached(values: FloatArray, chance: float, per_step: int = 1) -> float:
    """Step at which the evidence of one run reaches 1 / chance."""
    path = log_evidence_path(values[None], Betting())[0][per_step - 1 :: per_step]
    reached = np.flatnonzero(path >= -np.log(chance))
    return float(reached[0]) if len(reached) else NEVER


def beyond_alarm(readings: FloatArray, reference: int) -> float:
    """Step at which the share beyond the reference's 95 % point has risen."""
    beyond = beyond_reference(readings[:reference], 0.05, 1 - FALSE_ALARM / 2)
    z = 1 - (readings[reference:] > beyond.threshold) / beyond.rate
    return reference + first_reached(z, FALSE_ALARM / 2)


def ratios(law: Draw, steps: int, rng: np.random.Generator, first: int = 0) -> FloatArray:
    """T of batches of 64 from ``law(rng, first step, steps)``, which gives [steps, 64]."""
    parts = range(first, first + steps, PART)
    ends = (min(PART, first + steps - start) for start in parts)
    drawn = [tail_ratio(law(rng, start, end))[0] for start, end in zip(parts, ends, strict=True)]
    return np.concatenate(drawn)


def centred(scores: FloatArray, size: int) -> FloatArray:
    """Scores [steps, rows] less the median of their group of ``size``."""
    groups = scores.reshape(len(scores), -1, size)
    return (groups - np.median(groups, axis=2, keepdims=True)).reshape(scores.shape)


def shares(weight: float, steps: int, rng: np.random.Generator) -> FloatArray:
    """Share of a component that enters the proxy with ``weight``: 8 groups of 8, with levels."""
    found = []
    for start in range(0, steps, PART):
        count = min(PART, steps - start)
        length = rng.normal(size=(count, 8, 8))
        scale = rng.exponential(size=(count, 8, 1))  # prompts differ in how far lengths spread
        proxy = weight * scale * length + rng.standard_t(4, size=(count, 8, 8))
        both = np.stack((proxy, scale * length))
        both -= both.mean(axis=3, keepdims=True)
        found.append(within_correlation(both.reshape(2, count, 64)) ** 2)
    return np.concatenate(found)


def kl_alarm(means: FloatArray, budget: float) -> float:
    """Step at which batch means of the KL have passed the budget."""
    return first_reached(1 - np.maximum(means, 0) / budget, FALSE_ALARM)


def k3_means(kl: float, steps: int, rng: np.random.Generator, rows: int = 64) -> FloatArray:
    """Batch means of k3 for two normal policies ``kl`` nats apart: ln r = -kl - sqrt(2 kl) Z."""
    ratio_log = -kl - np.sqrt(2 * kl) * rng.normal(size=(steps, rows))
    return np.mean(np.expm1(ratio_log) - ratio_log, axis=1)


def range_alarm(
    n: float, steps: int, rng: np.random.Generator, *, supported: float, prompts: int, size: int
) -> float:
    """Step at which best-of-n leaves the range of best-of-``supported``: 8 prompts by 8 a step.

    Scores are uniform within their prompt, which no win rate can tell from another law.
    """
    reference = np.sort(rng.uniform(size=(prompts, size)), axis=1)
    place = np.argsort(rng.random((steps, prompts)), axis=1)[:, :8]
    scores = rng.uniform(size=(steps, 8, 8)) ** (1 / n)
    losses = np.empty((steps, 8))
    for prompt in range(prompts):
        step, column = np.nonzero(place == prompt)
        beaten = np.searchsorted(reference[prompt], scores[step, column])
        losses[step, column] = 1 - beaten.mean(axis=1) / size
    allowed = allowed_loss(supported, prompts * size, FALSE_ALARM / 2)
    assert VALUES == 8  # one value of evidence for each prompt
    return first_reached(((losses - allowed) / (1 - allowed)).ravel(), FALSE_ALARM / 2, 8)


def seeded(runs: int, seed: int) -> Iterator[np.random.Generator]:
    """A generator for each run."""
    return (np.random.default_rng([seed, run]) for run in range(runs))
