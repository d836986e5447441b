"""Exact curves: the ten published laws, one curve, and what sampling would have cost.

The floor of the last line is extrapolated: the CPU time of drawing one best-of-n from the same law,
times the draws after which the standard error falls to the accuracy that the lab bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from measurement import Measurement, Used, used_by

from overopt.lab import Joint, Levy, LogNormal, Normal, StudentT, independent
from overopt.pressure import BestOfN

__all__ = ["measurements"]

STRENGTHS = 4.0 ** np.arange(11)
GOLDS = (Normal(sd=2), StudentT(df=10, sd=2))
ERRORS = (
    Normal(),
    LogNormal(sigma=float(np.log(2)), shift=-1),
    StudentT(df=3, sd=1),
    StudentT(df=5, sd=1),
    Levy(),
)
MOST_SECONDS, MOST_FOR_ONE, LEAST_RATIO = 10.0, 0.5, 1000.0
DRAWS, SAMPLED_N = 4000, 256


def measurements() -> Iterator[Measurement]:
    """CPU of the grid, of one curve, and of sampling to the same accuracy."""
    laws = [independent(gold=gold, error=error) for gold in GOLDS for error in ERRORS]
    laws[0].curve(BestOfN(), STRENGTHS)  # imports
    grid = used_by(lambda: [_fresh(law).curve(BestOfN(), STRENGTHS) for law in laws])
    one = used_by(lambda: _fresh(laws[2]).curve(BestOfN(), STRENGTHS))
    sampling = _sampling(laws[2])
    yield Measurement(
        name="ten exact curves, n to 4^10",
        used=grid,
        floor_name="one of them",
        floor=one,
        promise=f"at most {MOST_SECONDS:.0f} s CPU",
        kept=grid.cpu <= MOST_SECONDS,
    )
    yield Measurement(
        name="one exact curve",
        used=one,
        floor_name=f"sampling n = {SAMPLED_N}",
        floor=sampling,
        promise=f"at most {MOST_FOR_ONE} s CPU, 1 / {LEAST_RATIO:.0f} of the floor",
        kept=one.cpu <= MOST_FOR_ONE and sampling.cpu >= LEAST_RATIO * one.cpu,
    )


def _fresh(law: Joint) -> Joint:
    """The law, unknown to the memory of profiles."""
    from overopt.lab.profile import fine_profile

    fine_profile.cache_clear()
    return law


def _sampling(law: Joint) -> Used:
    """CPU of sampling one strength as exactly as the lab bounds it, extrapolated."""
    rng = np.random.default_rng(0)
    winners = np.empty(DRAWS)

    def drawn() -> None:
        gold, proxy = law.draws((DRAWS, SAMPLED_N), rng)
        winners[:] = gold[np.arange(DRAWS), proxy.argmax(axis=1)]

    used = used_by(drawn)
    bound = float(law.curve(BestOfN(), [SAMPLED_N]).error_bound[0])
    needed = (float(winners.std()) / max(bound, 1e-6)) ** 2
    return replace(used, cpu=used.cpu * needed / DRAWS, wall=used.wall * needed / DRAWS)
