"""Stable laws against closed forms, their characteristic function, scipy, and their own sums."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from scipy.integrate import quad

from overopt.errors import BadOption
from overopt.lab import Levy, Stable, independent, law_of
from overopt.lab.limits.upper_tail import upper_tail
from overopt.lab.marginals.stable_integral import Half
from overopt.pressure import BestOfN

PAIRS = [(1.5, 0.5), (1.2, -0.3), (1.9, 0.2), (1.5, -1.0), (1.5, 1.0), (0.8, 0.5), (1.01, 0.5)]


def inverted(alpha: float, beta: float, x: float) -> float:
    """The density by Fourier inversion of the characteristic function."""
    skew, last = beta * math.tan(math.pi * alpha / 2), 45.0 ** (1 / alpha)

    def wave(t: float) -> float:
        return math.exp(-(t**alpha)) * math.cos(x * t - skew * t**alpha)

    edges = np.linspace(0, last, 40)
    return math.fsum(quad(wave, a, b, epsabs=1e-14)[0] for a, b in pairwise(edges)) / math.pi


@pytest.mark.parametrize(("alpha", "beta"), PAIRS)
def test_the_density_is_the_inverse_of_the_characteristic_function(
    alpha: float, beta: float
) -> None:
    x = np.array([-3.0, -0.4, 0.2, 1.0, 5.0])
    expected = [inverted(alpha, beta, float(value)) for value in x]
    found = np.exp(Stable(alpha=alpha, beta=beta).logpdf(x))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11)


def test_levy_cauchy_and_normal_are_stable() -> None:
    x = np.array([0.01, 0.2, 1.0, 7.0, 1e4, 1e40])
    levy = Stable(alpha=0.5, beta=1.0)
    np.testing.assert_allclose(levy.logpdf(x), Levy().logpdf(x), rtol=1e-10)
    np.testing.assert_allclose(levy.tails(x), Levy().tails(x), rtol=1e-9, atol=1e-13)
    assert np.isneginf(levy.logpdf([-1.0, 0.0])).all()
    cauchy, normal = law_of("stable:alpha=1"), law_of("stable:alpha=2,beta=0.7")
    np.testing.assert_allclose(cauchy.logcdf(-x), np.log(np.arctan2(1, x) / np.pi), rtol=1e-9)
    np.testing.assert_allclose(normal.logpdf(x[:4]), scipy.stats.norm(0, 2**0.5).logpdf(x[:4]))
    assert normal.sd == pytest.approx(2**0.5)


def test_tails_agree_with_scipy_where_scipy_is_exact() -> None:
    x = np.array([-2.0, -0.5, 0.3, 1.0, 4.0])
    peer = scipy.stats.levy_stable(1.6, 0.4)  # its default form is this one
    law = Stable(alpha=1.6, beta=0.4)
    np.testing.assert_allclose(np.exp(law.logcdf(x)), peer.cdf(x), atol=1e-8)
    np.testing.assert_allclose(np.exp(law.logsf(x)), peer.sf(x), atol=1e-8)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 0.0), (0.5, -0.4), (1.5, 0.3), (1.99, 0.9)])
def test_the_series_takes_over_where_it_equals_the_integral(alpha: float, beta: float) -> None:
    half = Half(alpha=alpha, beta=beta)
    log_z = half.range()[1] + np.array([0.0, 1.0, 30.0])
    np.testing.assert_allclose(half.far(log_z), half.logs(log_z), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "text", ["stable:alpha=1.5", "stable:alpha=1.8,beta=-1", "stable:alpha=0.6"]
)
def test_the_expansion_of_the_upper_tail_meets_the_law(text: str) -> None:
    law = law_of(text)
    tail, x = upper_tail(law), float(law.upper(180.0))
    assert tail is not None
    nats = tail.rate * x**tail.power + tail.index * math.log(x) - tail.log_constant
    assert nats == pytest.approx(180, abs=0.005)


def test_totally_skewed_laws_end_at_0_below_index_1() -> None:
    tail = upper_tail(Stable(alpha=0.7, beta=-1.0))
    assert tail is not None
    assert tail.end == 0
    assert Stable(alpha=0.7, beta=-1.0).tilt_limit == math.inf
    assert Stable(alpha=1.7, beta=-0.999).tilt_limit == 0


def test_a_sum_of_two_stable_laws_is_the_stable_law_of_their_scales() -> None:
    """Gold's share of the sum is the share of its scale^alpha, whatever the proxy."""
    law = independent(gold=law_of("stable:alpha=1.5"), error=law_of("stable:alpha=1.5,scale=2"))
    whole = Stable(alpha=1.5, scale=(1 + 2**1.5) ** (1 / 1.5))
    x = np.array([-1e8, -2.0, 0.1, 0.5, 3.0, 1e5, 1e100])
    found = law.regression(x)
    np.testing.assert_allclose(found.log_density, whole.logpdf(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.gold, x / (1 + 2**1.5), rtol=1e-8)


def test_exact_curves_under_a_stable_error_are_those_of_the_law_it_equals() -> None:
    gold, n = law_of("normal"), [1, 4, 16, 256]
    stable = independent(gold=gold, error=Stable(alpha=0.5, beta=1.0)).curve(BestOfN(), n)
    same = independent(gold=gold, error=Levy()).curve(BestOfN(), n)
    np.testing.assert_allclose(stable.gold, same.gold, atol=1e-7)
    assert (stable.error_bound < 1e-6).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stable:alpha=3", "alpha must be from 0.3 to 2, got 3"),
        ("stable:alpha=0.1", "alpha must be from 0.3 to 2"),
        ("stable:alpha=1.5,beta=2", "beta must be from -1 to 1, got 2"),
        ("stable:alpha=1,beta=0.5", "at least 0.01 from 1, or alpha=1 with beta=0"),
        ("stable:alpha=0.5,mean=1", "the law has no finite mean"),
        ("stable:alpha=1.5,sd=1", "sd=1 cannot be had"),
        ("stable:beta=1", "needs alpha"),
    ],
)
def test_parameters_outside_their_range_are_one_line(text: str, said: str) -> None:
    with pytest.raises(BadOption) as raised:
        law_of(text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
