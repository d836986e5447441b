"""What every gold curve promises, estimated from a table or exact for a known law."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tables import noise, table

from overopt import BestOfN, KLTilt, Threshold, report
from overopt.curves.estimation import gold_curve
from overopt.curves.gold_curve import GoldCurve
from overopt.lab import Exponential, Normal, StudentT, independent

HEAVY = independent(gold=Normal(sd=2), error=StudentT(df=3, sd=1))
LIGHT = independent(gold=Normal(sd=2, mean=-3), error=Exponential())
SAMPLES = HEAVY.sample(60, 16, np.random.default_rng(0))
SOME = replace(SAMPLES, gold=np.where(noise(1, 1, SAMPLES.rows)[0] > 0, SAMPLES.gold, np.nan))
CURVES: dict[str, GoldCurve] = {
    "estimated, best-of-n": gold_curve(SAMPLES, "proxy", BestOfN()),
    "estimated, KL tilt": gold_curve(SAMPLES, "proxy", KLTilt()),
    "estimated, some labels": gold_curve(SOME, "proxy", Threshold(), labels_drawn="uniform"),
    "estimated, bounded": gold_curve(
        table(a=noise(2, 30, 8), gold=(noise(3, 30, 8) > 0) * 1.0), "a", BestOfN()
    ),
    "estimated, turning": gold_curve(
        table(a=noise(2, 30, 16), gold=-((noise(2, 30, 16) - 0.5) ** 2)), "a", BestOfN()
    ),
    "exact, best-of-n": HEAVY.curve(BestOfN(), 2.0 ** np.arange(13)),
    "exact, threshold": LIGHT.curve(Threshold(), [1, 1.0001, 2, 40]),
    "exact, KL tilt": LIGHT.curve(KLTilt(), [0, 0.3, 0.9]),
}


@pytest.fixture(params=CURVES)
def curve(request: pytest.FixtureRequest) -> GoldCurve:
    return CURVES[request.param]


def test_the_family_is_two_deep_and_every_member_is_tried() -> None:
    members = GoldCurve.__subclasses__()
    assert {type(curve) for curve in CURVES.values()} == set(members)
    assert all(getattr(member, "__final__", False) for member in members)


def test_limits_enclose_gold_and_joint_limits_enclose_them(curve: GoldCurve) -> None:
    lower, upper = curve.interval()
    low, high = curve.interval(joint=True)
    assert lower.shape == curve.gold.shape == curve.strength.shape
    assert (low <= lower + 1e-12).all()
    assert (lower <= curve.gold).all()
    assert (curve.gold <= upper).all()
    assert (upper <= high + 1e-12).all()
    assert (upper - lower > 0).all()


def test_gains_count_from_no_pressure_and_pay_for_strength(curve: GoldCurve) -> None:
    gain, lower, upper = curve.gain()
    assert (gain[0], lower[0], upper[0]) == pytest.approx((0, 0, 0), abs=1e-12)
    np.testing.assert_allclose(gain, curve.gold - curve.gold[0], atol=1e-8)
    assert ((lower < gain) & (gain < upper))[1:].all()
    paid = curve.gain(cost=0.25)
    spent = 0.25 * (curve.strength - curve.pressure.no_pressure)
    for net, gross in zip(paid, (gain, lower, upper), strict=True):
        np.testing.assert_allclose(net, gross - spent, atol=1e-12)


def test_slopes_are_rises_over_ln_strength_and_none_at_no_pressure(curve: GoldCurve) -> None:
    slope, lower, upper = curve.slope()
    assert np.isnan([slope[0], lower[0], upper[0]]).all()
    assert ((lower < slope) & (slope < upper))[1:].all()


def test_a_peak_is_above_the_end_of_the_curve_and_every_strength(curve: GoldCurve) -> None:
    peak = curve.peak()
    if peak is None:
        assert curve.gold[-1] >= curve.gold.max() - 1e-9
    else:
        assert peak.kind == "peak"
        assert curve.strength[0] <= peak.strength < curve.strength[-1]
        assert peak.gold >= curve.gold.max() - 1e-9
        assert peak.gold > curve.gold[-1]


def test_some_curves_have_a_peak_and_some_none() -> None:
    peaks = {name: curve.peak() for name, curve in CURVES.items()}
    for kind in ("estimated", "exact"):
        found = [peak for name, peak in peaks.items() if name.startswith(kind)]
        assert None in found
        assert any(found)


def test_divergences_rise_from_none(curve: GoldCurve) -> None:
    assert (curve.kl[0], curve.chi_square[0]) == pytest.approx((0, 0), abs=1e-7)
    assert curve.win_rate[0] == pytest.approx(0.5, abs=1e-7)
    for rising in (curve.kl, curve.chi_square, curve.win_rate, curve.proxy):
        assert (np.diff(rising) > 0).all()


def test_documents_share_their_fields_and_are_json(curve: GoldCurve) -> None:
    other = next(one for one in CURVES.values() if type(one) is not type(curve))
    shared = curve.to_dict().keys() & other.to_dict().keys()
    assert shared >= {"pressure", "label", "knob", "parameters", "strength", "kl", "proxy"}
    assert shared >= {"gold", "lower", "upper", "win_rate", "chi_square"}
    assert shared >= {f"{of}{end}" for of in ("slope", "gain") for end in ("", "_lower", "_upper")}
    found = json.loads(report.to_json(curve.to_dict(cost=0.25)))
    np.testing.assert_allclose(found["gold"], curve.gold)
    np.testing.assert_allclose(found["gain"], curve.gain(0.25)[0])
    lists = [value for value in found.values() if isinstance(value, list)]
    assert sum(len(one) == len(curve.strength) for one in lists) >= 14
    assert found["slope"][0] is None
