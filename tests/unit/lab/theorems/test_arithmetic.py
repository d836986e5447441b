"""Closed forms on their own: KL of events, price of an outlier, forms, certificates, labels."""

import math

import pytest

from overopt.errors import BadOption
from overopt.lab import Normal, StudentT, independent
from overopt.lab.theorems.conditioning import exceedances_to_decide
from overopt.lab.theorems.events import best_of_n_at, event_tilt_kl, mixture_kl, outlier_price
from overopt.lab.theorems.fitted_forms import (
    best_of_n_form_peak,
    certified_gain,
    learning_form_peak,
)
from overopt.lab.theorems.student_three import mean_above, probability_above
from overopt.pressure import BestOfN, ChiSquare


def test_kl_of_events() -> None:
    assert event_tilt_kl([0.5], [0.25]) == pytest.approx(
        0.5 * math.log(2) + 0.5 * math.log(2 / 3), rel=1e-14
    )
    assert event_tilt_kl([0.2, 0.3], [0.2, 0.3]) == 0
    assert event_tilt_kl([0.1], [1e-30]) == pytest.approx(mixture_kl(0.1, math.log(1e-30)))
    with pytest.raises(BadOption, match="add to less than 1"):
        event_tilt_kl([0.6, 0.6], [0.1, 0.1])
    with pytest.raises(BadOption, match="2 shares for 1 events"):
        event_tilt_kl([0.1, 0.1], [0.1])


def test_price_of_the_published_string() -> None:
    """Without and with the (1 - a) ln(1 - a) term, and the same nats as best-of-n."""
    kl = mixture_kl(0.01, -1339.70)
    assert kl == pytest.approx(13.340998, abs=5e-7)
    assert kl - 0.99 * math.log(0.99) == pytest.approx(13.350948, abs=5e-7)
    assert best_of_n_at(13.35) == pytest.approx(1_706_576, abs=1)
    assert math.exp(-13.35) == pytest.approx(1.5928e-6, rel=1e-4)
    price = outlier_price(0.01, -1339.70, outlier=2.2377, mean=-0.3329)
    assert price.gain == pytest.approx(0.025706, abs=5e-7)
    assert price.n * price.kept_share == pytest.approx(math.e, rel=1e-5)


@pytest.mark.parametrize("n", [1.001, 2, 98, 1e6, 1e200])
def test_best_of_n_at_a_kl(n: float) -> None:
    assert best_of_n_at(math.log(n) - (n - 1) / n) == pytest.approx(n, rel=1e-9)


def test_an_outlier_served_as_often_as_ever_is_free() -> None:
    assert mixture_kl(0.25, math.log(0.25)) == pytest.approx(0, abs=1e-15)
    assert mixture_kl(0.0, -1e9) == 0
    assert best_of_n_at(0.0) == 1
    for share, log_probability in ((1.0, -1.0), (0.5, 0.1), (math.nan, -1.0)):
        with pytest.raises(BadOption, match="a share from 0"):
            mixture_kl(share, log_probability)
    with pytest.raises(BadOption, match="below the outlier's own"):
        mixture_kl(0.1, math.log(0.5))


@pytest.mark.parametrize("t", [0.1, 1.0, 50.0, 86.0, 87.0, 1e4, 1e9])
def test_tail_of_three_degrees(t: float) -> None:
    assert math.log(probability_above(t)) == pytest.approx(float(StudentT(df=3).logsf(t)), abs=1e-9)
    assert mean_above(t) > 1.5 * t


def test_peaks_of_the_fitted_forms() -> None:
    assert best_of_n_form_peak(1.0, 0.2) == pytest.approx((6.25, 1.25))
    kl, gold = learning_form_peak(1.0, 0.2)
    assert (math.sqrt(kl), gold) == pytest.approx((54.598, 10.9196), abs=5e-4)
    with pytest.raises(BadOption, match="must be above 0"):
        best_of_n_form_peak(1.0, 0.0)


def test_the_certificate_is_below_the_true_gain() -> None:
    """Jointly normal: r = 0.9 at n = 8 certifies 0.7064 of 1.2812."""
    law = independent(gold=Normal(sd=0.9), error=Normal(sd=math.sqrt(1 / 0.9**2 - 1) * 0.9))
    curve = law.curve(BestOfN(), [8])
    gain, true = float(curve.proxy[0]) / 1.0, float(curve.gold[0]) / 0.9
    assert float(curve.chi_square[0]) == pytest.approx(49 / 15, rel=1e-9)
    assert certified_gain(gain, 49 / 15, 0.9) == pytest.approx(0.7064, abs=5e-5)
    assert true == pytest.approx(1.2812, abs=5e-5)


@pytest.mark.parametrize(
    ("b", "chi_square", "proxy"),
    [(1.0, 0.715271, 0.815799), (0.2, 4.311716, 1.555231), (0.05, 15.741899, 2.092677)],
)
def test_the_chi_square_optimum_of_a_normal_proxy(
    b: float, chi_square: float, proxy: float
) -> None:
    curve = independent(gold=Normal(sd=0.6), error=Normal(sd=0.8)).curve(ChiSquare(), [1 / b])
    assert (curve.chi_square[0], curve.proxy[0]) == pytest.approx((chi_square, proxy), abs=2e-6)


def test_best_of_n_falls_by_the_power_of_the_tail() -> None:
    """Normal gold, t3 error: gold at 4^14 over gold at 4^16 is 4^(2/3), as n^(-1/3) has it."""
    law = independent(gold=Normal(sd=2), error=StudentT(df=3, sd=1))
    first, second = law.curve(BestOfN(), [4.0**14, 4.0**16]).gold
    assert (first, second) == pytest.approx((0.03713636, 0.01473650), abs=2e-8)
    assert first / second == pytest.approx(2.52003, abs=5e-6)


def test_labels_that_decide_a_gap() -> None:
    assert exceedances_to_decide(3, 2, 0.5) == 200
    assert exceedances_to_decide(3, 2, 0.25) == 800
    with pytest.raises(BadOption, match="above 0"):
        exceedances_to_decide(3, 2, 0)
