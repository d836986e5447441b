"""Tilted means against the closed forms of cumulant generating functions."""

import math

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.lab import law_of
from overopt.lab.limits.tilted import tilted_mean


@pytest.mark.parametrize(
    ("text", "rate", "mean"),
    [
        ("normal:mean=1,sd=2", 3.0, 13.0),
        ("normal", 30.0, 30.0),
        ("exponential", 0.9, 10.0),
        ("exponential:scale=-1", 3.0, -0.25),
        ("gamma:shape=3,scale=2", 0.25, 12.0),
        ("gamma:shape=0.5", 0.5, 1.0),
        ("laplace", 0.99, 2 * 0.99 / (1 - 0.99**2)),
        ("beta:a=1,b=1", 2.0, 1 / (1 - math.exp(-2)) - 0.5),
        ("beta:a=1,b=1", 400.0, 1 - 1 / 400),
        ("t:df=3", 0.0, 0.0),
    ],
)
def test_derivative_of_the_cumulant_generating_function(
    text: str, rate: float, mean: float
) -> None:
    assert tilted_mean(law_of(text), rate) == pytest.approx(mean, rel=1e-9, abs=1e-12)


def test_it_never_falls_with_the_rate() -> None:
    law = law_of("laplace")
    means = [tilted_mean(law, rate) for rate in np.linspace(0, 0.98, 12)]
    assert np.all(np.diff(means) > 0)


@pytest.mark.parametrize(("text", "rate"), [("t:df=3", 0.1), ("laplace", 1.0), ("normal", -1.0)])
def test_a_tilt_that_does_not_exist(text: str, rate: float) -> None:
    with pytest.raises(BadOption, match="can be tilted by rates from 0 to below"):
        tilted_mean(law_of(text), rate)
