"""The audit's 90 % intervals hold the lab's exact curve, for laws with and without dependence.

The one test in which estimate and truth share no code but the pressure: samples drawn from a law,
audited, against quadrature.
"""

from __future__ import annotations

import numpy as np
import pytest
from calibrated import assert_coverage_within

from overopt.curves.estimation import gold_curve
from overopt.lab import (
    ClaytonCopula,
    Joint,
    Laplace,
    Normal,
    StudentT,
    coupled,
    independent,
    law_of,
)
from overopt.pressure import BestOfN

TRIALS = 4000
PROMPTS, CANDIDATES = 40, 8
STRENGTHS = np.array([1.0, 2.0, 4.0, 8.0])
LAWS: dict[str, Joint] = {
    "heavy error": independent(gold=Normal(sd=2), error=StudentT(df=3, sd=1)),
    "heavy gold": independent(gold=StudentT(df=4, sd=2), error=Laplace()),
    "tied proxies": independent(
        gold=law_of("discrete:0=0.5,1=0.5"), error=law_of("discrete:-1=0.3,0=0.4,1=0.3")
    ),
    "tail dependence": coupled(
        gold=Normal(), error=Laplace(), copula=ClaytonCopula(theta=2, upper=1)
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_intervals_hold_the_exact_curve(name: str) -> None:
    """For best-of-n, which a group shows without bias; others aim at the group at hand."""
    law, rng = LAWS[name], np.random.default_rng(20)
    exact = law.curve(BestOfN(), STRENGTHS).gold
    hits = np.zeros(len(STRENGTHS), dtype=int)
    for _ in range(TRIALS):
        samples = law.sample(PROMPTS, CANDIDATES, rng)
        curve = gold_curve(samples, "proxy", BestOfN(), strengths=STRENGTHS, level=0.9)
        lower, upper = curve.interval()
        hits += (lower <= exact) & (exact <= upper)
    bounded = name == "tied proxies"  # widened near the limits of the scale, never narrowed
    for count in hits:
        assert_coverage_within(int(count), TRIALS, 0.87, 0.97 if bounded else 0.93)
