"""Verdicts where theorems speak, each with the exact curve on its way there."""

import math

import numpy as np
import pytest

from overopt.errors import NotIdentified
from overopt.lab import GaussianCopula, Independent, Normal, coupled, independent, law_of
from overopt.lab.limits.limit import Limit, limit
from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    SoftBestOfN,
    Threshold,
)

SAME_ONE_POWER = "lognormal:sigma=1,scale=2.718281828459045"


def law(gold: str, error: str) -> Independent:
    return independent(gold=law_of(gold), error=law_of(error))


@pytest.mark.parametrize(
    ("gold", "error", "verdict", "value", "theorem"),
    [
        ("normal:sd=2", "normal", "benign", math.inf, "Theorem 6"),
        ("t:df=10", "normal", "none", math.inf, "Theorem 6"),
        ("exponential", "normal", "none", math.inf, "Theorem 6"),
        ("normal", "beta:a=2,b=5", "none", math.inf, "Theorem 6"),
        ("beta:a=2,b=5,shift=1", "normal", "benign", 2.0, "Theorem 6"),
        ("beta:a=2,b=5,scale=-1", "beta:a=1,b=1", "none", 0.0, "Theorem 6"),
        ("normal:mean=1,sd=2", "t:df=3,sd=1", "weak", 1.0, "Theorem 5"),
        ("exponential", "lognormal:sigma=0.69", "weak", 1.0, "Theorem 5"),
        ("lognormal:sigma=0.6,mean=3", "lognormal:sigma=0.69", "weak", 3.0, "Theorem 5"),
        ("weibull:power=0.5", "weibull:power=0.4", "weak", 2.0, "Theorem 5"),
        ("t:df=4", "pareto:tail=2", "weak", 0.0, "Theorem 5"),
        ("normal", "levy", "weak", 0.0, "Theorem 5"),
        ("t:df=10", "lognormal:sigma=0.69", "none", math.inf, "tail gap"),
        ("t:df=3", "t:df=2", "weak", 3.3079734, "tail gap"),
        ("t:df=2.5", "t:df=2", "benign", math.inf, "tail gap"),
        ("t:df=2", "t:df=2", "none", math.inf, "tail gap"),
        ("lognormal:sigma=1", "lognormal:sigma=1,scale=2", "benign", math.inf, "tail gap"),
        ("lognormal:sigma=1", SAME_ONE_POWER, "weak", 2 * math.exp(0.5), "tail gap"),
        ("normal", "laplace", "weak", 1.0, "exponential error"),
        ("normal:sd=2", "gamma:shape=3,scale=4", "weak", 1.0, "exponential error"),
        ("exponential", "exponential:scale=2", "weak", 2.0, "exponential error"),
        ("exponential:scale=2", "exponential", "none", math.inf, "heavier gold"),
        ("exponential", "laplace", "benign", math.inf, "equal exponential tails"),
    ],
)
def test_verdict_value_and_theorem(
    gold: str, error: str, verdict: str, value: float, theorem: str
) -> None:
    found = limit(law(gold, error), Threshold())
    assert (found.verdict, found.theorem) == (verdict, theorem)
    assert found.value == pytest.approx(value, abs=1e-12, rel=3e-8)


@pytest.mark.parametrize(
    ("gold", "error", "strength", "tolerance"),
    [
        ("t:df=3", "t:df=2", 1e12, 2e-5),
        ("normal:sd=2", "gamma:shape=3,scale=4", 1e300, 0.05),
        ("exponential", "exponential:scale=2", 1e12, 1e-4),
        ("normal", "laplace", 1e6, 1e-4),
        ("beta:a=2,b=5", "exponential", 1e6, 1e-4),
        ("lognormal:sigma=1", SAME_ONE_POWER, 1e200, 1e-4),
        ("lognormal:sigma=0.6,mean=3", "lognormal:sigma=0.69", 1e300, 0.05),
        ("beta:a=2,b=5,scale=-1", "beta:a=1,b=1", 1e9, 5e-3),
    ],
)
def test_exact_thresholds_go_where_the_theorem_says(
    gold: str, error: str, strength: float, tolerance: float
) -> None:
    joint = law(gold, error)
    told = limit(joint, Threshold()).value
    assert joint.curve(Threshold(), [strength]).gold[0] == pytest.approx(told, abs=tolerance)


@pytest.mark.parametrize("pressure", [BestOfN(), BestOfPoisson()])
def test_ranks_share_their_limit(pressure: Pressure) -> None:
    found = limit(law("t:df=3", "t:df=2"), pressure)
    assert found.value == pytest.approx(3.3079734, rel=3e-8)
    trend = found.trend()
    assert trend.gold[-1] == pytest.approx(found.value, rel=1e-3)
    assert np.all(trend.error_bound < 1e-6)


@pytest.mark.parametrize(
    ("gold", "error", "verdict", "value"),
    [
        ("normal:sd=2", "normal", "none", math.inf),
        ("normal", "laplace", "weak", 1.0),
        ("exponential", "normal", "none", math.inf),
        ("beta:a=2,b=5", "normal", "benign", 1.0),
        ("normal", "t:df=3", "weak", 0.0),
        ("t:df=3", "t:df=3", "not_covered", math.nan),
        ("t:df=3,scale=-1,max=1", "t:df=3", "not_covered", math.nan),
        ("lognormal:sigma=1", "normal", "none", math.inf),
    ],
)
def test_kl_tilts(gold: str, error: str, verdict: str, value: float) -> None:
    found = limit(law(gold, error), KLTilt())
    assert found.verdict == verdict
    assert found.value == pytest.approx(value, nan_ok=True)


def test_soft_best_of_n_stops_at_its_tilt_or_reaches_the_top() -> None:
    mild = limit(law("normal", "laplace"), SoftBestOfN(sharpness=0.5))
    assert (mild.verdict, mild.value) == ("weak", pytest.approx(0.5))
    sharp = limit(law("normal", "laplace"), SoftBestOfN(sharpness=3.0))
    assert (sharp.verdict, sharp.value) == ("weak", pytest.approx(1.0))
    light = limit(law("normal", "normal"), SoftBestOfN(sharpness=2.0))
    assert (light.verdict, light.value) == ("weak", pytest.approx(2.0))


def test_heavier_gold_wins_only_far_beyond_what_anyone_samples() -> None:
    """The limit is no bound, yet gold falls from n = 914 to beyond 1e16: it turns twice."""
    found = limit(law("t:df=10", "lognormal:sigma=0.69"))
    trend = found.trend()
    gold = dict(zip(trend.strength.tolist(), trend.gold.tolist(), strict=True))
    assert gold[1e2] > gold[1e4] > gold[1e8] > gold[1e16] < gold[1e32]


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(NotIdentified, match="gold has no finite mean"):
        limit(law("levy", "normal"))
    with pytest.raises(NotIdentified, match="no finite variance"):
        limit(law("normal", "t:df=2"), ChiSquare())


@pytest.mark.parametrize(
    ("rho", "sd", "pressure", "verdict", "value"),
    [
        (0.5, 2.0, BestOfN(), "benign", math.inf),
        (-0.5, 2.0, BestOfN(), "weak", 1.0),
        (-0.9, 2.0, BestOfN(), "strong", -math.inf),
        (-0.9, 2.0, KLTilt(), "strong", -math.inf),
        (0.5, 2.0, KLTilt(), "none", math.inf),
        (0.5, 2.0, SoftBestOfN(sharpness=3.0), "weak", 7.0),
    ],
)
def test_jointly_normal_gold_and_error(
    rho: float, sd: float, pressure: Pressure, verdict: str, value: float
) -> None:
    """E[gold | proxy] is a line whose slope has the sign of cov(gold, proxy) = 1 + rho sd."""
    joint = coupled(
        gold=law_of("normal:mean=1"), error=Normal(sd=sd), copula=GaussianCopula(rho=rho)
    )
    found = limit(joint, pressure)
    assert (found.verdict, found.value) == (verdict, value)
    trend = found.trend()
    rises = np.diff(trend.gold) * (1 + rho * sd)
    assert np.all(rises > 0 if verdict != "weak" or value != 1 else np.abs(rises) < 1e-9)


def affine(found: Limit, other: Limit, scale: float, shift: float) -> None:
    assert (found.verdict, found.theorem) == (other.verdict, other.theorem)
    assert other.value == pytest.approx(scale * found.value + shift, rel=1e-6)


@pytest.mark.parametrize(
    ("gold", "error"),
    [("t:df=3", "t:df=2"), ("normal", "laplace"), ("lognormal:sigma=1", SAME_ONE_POWER)],
)
def test_a_change_of_unit_changes_only_the_unit(gold: str, error: str) -> None:
    plain = law(gold, error)
    moved = independent(
        gold=plain.gold.scaled(0.037).shifted(5.0), error=plain.error.scaled(0.037).shifted(-40.0)
    )
    affine(limit(plain, Threshold()), limit(moved, Threshold()), 0.037, 5.0)


@pytest.mark.parametrize("pressure", [BestOfN(), Threshold(), KLTilt(), SoftBestOfN(sharpness=1.0)])
def test_stable_tails_decide_limits_as_other_tails_do(pressure: Pressure) -> None:
    """Index 1.5 on both sides; with beta = -1 the upper tail of either is light."""
    heavy, light = "stable:alpha=1.5", "stable:alpha=1.5,beta=-1"
    assert limit(law("normal:mean=2", heavy), pressure).value == 2
    assert limit(law(light, "stable:alpha=1.2,beta=1"), BestOfN()).theorem == "Theorem 5"
    lighter = limit(law("normal", light), pressure)
    assert lighter.value == pytest.approx(1.0 if isinstance(pressure, SoftBestOfN) else math.inf)


@pytest.mark.parametrize("gold", ["normal", "beta:a=2,b=5", "t:df=3", "stable:alpha=1.5"])
@pytest.mark.parametrize("error", ["laplace", "normal", "t:df=3", "gamma:shape=3", "levy"])
@pytest.mark.parametrize("pressure", [Threshold(), KLTilt()])
def test_verdicts_agree_with_their_values(gold: str, error: str, pressure: Pressure) -> None:
    found = limit(law(gold, error), pressure)
    top = 1.0 if gold.startswith("beta") else math.inf
    expected = {"none": top, "benign": top}.get(found.verdict)
    assert found.verdict != "strong"
    assert math.isnan(found.value) == (found.verdict == "not_covered")
    if expected is not None:
        assert found.value == expected
    elif found.verdict == "weak":
        assert found.value < top
