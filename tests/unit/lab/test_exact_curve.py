"""Exact curves against closed forms and enumeration, and when they do not exist."""

from itertools import product

import numpy as np
import pytest

from overopt.errors import BadOption, NotIdentified
from overopt.lab import (
    Discrete,
    Exponential,
    Gamma,
    GoldGivenProxy,
    Independent,
    Laplace,
    Levy,
    LogNormal,
    Normal,
    StudentT,
    independent,
    law_of,
)
from overopt.lab.strengths import PRESSURES, pressure_named, shown_strengths
from overopt.pressure import (
    BestOfN,
    BestOfPoisson,
    ChiSquare,
    KLTilt,
    Pressure,
    SoftBestOfN,
    Threshold,
)

NORMALS = independent(gold=Normal(sd=2), error=Normal())
HEAVY = independent(gold=Normal(sd=2), error=StudentT(df=3, sd=1))
UNIFORM = law_of("beta:a=1,b=1")
COINS = independent(
    gold=Discrete(values=(-1.0, 0.0, 2.0), chances=(0.25, 0.5, 0.25)),
    error=Discrete(values=(-1.0, 1.0), chances=(0.5, 0.5)),
)


def itself(proxy: np.ndarray) -> np.ndarray:
    return proxy


SELF = GoldGivenProxy(proxy=Normal(), mean=itself)  # gold is the proxy: curves of E[proxy]


@pytest.mark.parametrize("error", ["normal", "laplace:scale=0.25", "gamma:shape=2,scale=0.2"])
def test_a_kl_tilt_of_independent_normals_gains_as_the_gold_alone(error: str) -> None:
    """The tilt factorises: gold = strength * variance, whatever the error; KL adds up."""
    law = independent(gold=Normal(sd=2), error=law_of(error))
    strength = np.array([0, 0.01, 0.5, 1, 3])
    curve = law.curve(KLTilt(), strength)
    np.testing.assert_allclose(curve.gold, 4 * strength, rtol=0, atol=1e-7)
    own = 2 * strength**2
    errors = {
        "normal": strength**2 / 2,
        "laplace:scale=0.25": 2 * (u := (0.25 * strength) ** 2) / (1 - u) + np.log(1 - u),
        "gamma:shape=2,scale=0.2": 2 * ((g := 0.2 * strength) / (1 - g) + np.log(1 - g)),
    }
    np.testing.assert_allclose(curve.kl, own + errors[error], rtol=1e-7, atol=1e-9)


def test_the_price_of_a_laplace_error() -> None:
    law = independent(gold=Normal(), error=Laplace())
    curve = law.curve(KLTilt(), [0.9, 0.99])
    np.testing.assert_allclose(curve.gold, [0.9, 0.99], atol=1e-7)
    np.testing.assert_allclose(curve.proxy - curve.gold, [9.4737, 99.4975], atol=6e-5)
    np.testing.assert_allclose(curve.kl, [7.2706, 95.0755], atol=6e-5)


@pytest.mark.parametrize("b", [1.0, 0.2, 0.05, 5.0])
def test_the_chi_square_optimum_of_a_normal(b: float) -> None:
    """Level, chi-square and proxy were found by root finding on the closed form."""
    expected = {
        1.0: (0.715271, 0.815799),
        0.2: (4.311716, 1.555231),
        0.05: (15.741899, 2.092677),
        5.0: (0.040000, 0.200000),
    }
    curve = SELF.curve(ChiSquare(), [1 / b])
    assert (curve.chi_square[0], curve.gold[0]) == pytest.approx(expected[b], abs=6e-7)


def test_best_of_poisson_in_quantiles_and_kl() -> None:
    law = GoldGivenProxy(proxy=UNIFORM, mean=itself)
    curve = law.curve(BestOfPoisson(), [1, 2, 4, 11, 51])
    assert curve.gold[[2, 3]] == pytest.approx([0.772246, 0.910000], abs=6e-7)
    assert curve.kl[1:] == pytest.approx([0.107154, 0.494575, 1.408032, 2.932226], abs=6e-7)
    assert curve.win_rate == pytest.approx(curve.gold, abs=1e-9)


@pytest.mark.parametrize("law", [NORMALS, HEAVY], ids=["light", "heavy"])
def test_divergences_of_best_of_n_and_thresholds_are_their_closed_forms(law: Independent) -> None:
    n = np.array([1, 2, 8, 1024, 4.0**14])
    best = law.curve(BestOfN(), n)
    np.testing.assert_allclose(best.kl, np.log(n) - (n - 1) / n, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(best.chi_square, (n - 1) ** 2 / (2 * n - 1), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(best.win_rate, n / (n + 1), rtol=1e-9)
    kept = np.array([1, 10, 1e6, 1e300])
    top = law.curve(Threshold(), kept)
    np.testing.assert_allclose(top.kl, np.log(kept), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(top.win_rate, 1 - 0.5 / kept, rtol=1e-9)


def test_thresholds_of_probability_1e_300() -> None:
    """Jointly normal: E[gold | above] is 4 / 5 of E[proxy | above]; plateau under Laplace error."""
    curve = NORMALS.curve(Threshold(), [1e100, 1e300])
    np.testing.assert_allclose(curve.gold, 0.8 * curve.proxy, rtol=1e-9)
    at = Normal(sd=5**0.5).isf([1e-100, 1e-300])
    hazard = np.exp(Normal(sd=5**0.5).logpdf(at) + np.array([100, 300]) * np.log(10))
    np.testing.assert_allclose(curve.proxy, 5 * hazard, rtol=1e-9)
    plateau = independent(gold=Normal(), error=Laplace())
    strengths = np.exp(-plateau.logsf([2, 5, 10]))
    np.testing.assert_allclose(
        plateau.curve(Threshold(), strengths).gold, [0.941832, 0.999992, 1], atol=6e-7
    )


@pytest.mark.parametrize(
    ("df", "expected"),
    [((4, 2), 0.12042), ((3.5, 2), 0.54452), ((3, 2), 3.29855), ((2.5, 2), 21.034)],
)
def test_the_boundary_of_the_tail_condition(df: tuple[float, float], expected: float) -> None:
    law = independent(gold=StudentT(df=df[0]), error=StudentT(df=df[1]))
    found = law.curve(Threshold(), np.exp(-law.logsf([100.0])))
    assert found.gold[0] == pytest.approx(expected, rel=2e-5, abs=6e-6)


def test_the_rate_at_which_a_heavy_error_takes_the_gain_away() -> None:
    curve = HEAVY.curve(BestOfN(), 4.0 ** np.array([14, 16]))
    assert curve.gold == pytest.approx([0.03713636, 0.01473650], abs=2e-8)
    assert (curve.error_bound <= 1e-7).all()


def test_the_slope_is_the_covariance_of_gold_and_log_quantile() -> None:
    """d gold / dn = Cov_n(gold, ln q), printed for n = 20."""
    expected = {"lognormal": 0.0237609, "t3": 0.0337288, "t5": 0.0365658}
    errors = {
        "lognormal": LogNormal(sigma=float(np.log(2)), shift=-1),
        "t3": StudentT(df=3, sd=1),
        "t5": StudentT(df=5, sd=1),
    }
    for name, error in errors.items():
        curve = independent(gold=Normal(sd=2), error=error).curve(BestOfN(), [20])
        assert curve.slope()[0] / 20 == pytest.approx(expected[name], abs=1e-6)


def test_limits_of_a_slope_hold_its_closed_form() -> None:
    """Gold of a KL tilt is strength * variance, and so is its slope; a threshold keeps the top."""
    strength = np.array([0.01, 1, 3])
    slope, lower, upper = NORMALS.curve(KLTilt(), strength).slope()
    assert ((lower < 4 * strength) & (4 * strength < upper)).all()
    np.testing.assert_allclose(slope, 4 * strength, rtol=1e-5)
    kept = np.array([1.25, 2, 100])
    curve = GoldGivenProxy(proxy=UNIFORM, mean=itself).curve(Threshold(), kept)
    slope, lower, upper = curve.slope()  # gold is 1 - 1 / 2s
    assert ((lower < 0.5 / kept) & (0.5 / kept < upper)).all()
    assert (upper - lower < 1e-5).all()


def test_a_slope_beside_no_pressure_looks_up_only() -> None:
    curve = GoldGivenProxy(proxy=UNIFORM, mean=itself).curve(Threshold(), [1, 1.0001])
    slope, lower, upper = curve.slope()
    assert np.isnan(slope[0])
    assert slope[1] == pytest.approx(0.5, abs=1e-3)
    assert lower[1] < 0.5 / 1.0001 < upper[1]


def enumerated(n: int) -> tuple[float, float]:
    """Gold and KL of the best of n, by listing every n candidates, ties broken at random."""
    points = [(v, v + e, p * q) for v, p in zip(*COINS.gold.atoms, strict=True)
              for e, q in zip(*COINS.error.atoms, strict=True)]  # fmt: skip
    gold = 0.0
    chance: dict[float, float] = {}
    for drawn in product(points, repeat=n):
        weight = float(np.prod([p for _, _, p in drawn]))
        top = max(u for _, u, _ in drawn)
        gold += weight * float(np.mean([v for v, u, _ in drawn if u == top]))
        chance[top] = chance.get(top, 0.0) + weight
    base = {u: sum(p for _, w, p in points if w == u) for u in chance}
    return gold, sum(p * float(np.log(p / base[u])) for u, p in chance.items())


@pytest.mark.parametrize("n", [1, 2, 4])
def test_best_of_n_with_ties_is_enumeration(n: int) -> None:
    curve = COINS.curve(BestOfN(), [n])
    gold, kl = enumerated(n)
    assert curve.gold[0] == pytest.approx(gold, abs=1e-12)
    assert curve.kl[0] == pytest.approx(kl, abs=1e-12)


@pytest.mark.parametrize("pressure", [Threshold(), BestOfPoisson(), ChiSquare(), KLTilt()])
def test_a_discrete_law_is_the_limit_of_its_weights(pressure: Pressure) -> None:
    """The weights of eight equally likely candidates are those of the law."""
    law = independent(gold=COINS.gold, error=COINS.error)
    gold, proxy = (np.array(x) for x in zip(*[
        (v, v + e) for v in (-1.0, 0.0, 0.0, 2.0) for e in (-1.0, 1.0)], strict=True))  # fmt: skip
    strengths = np.array([1.0, 1.5, 3.0])
    if isinstance(pressure, BestOfPoisson):  # selection without replacement differs
        density = pressure.density(strengths)
        values, counts = np.unique(proxy, return_counts=True)
        mass = np.diff(density.mass(np.cumsum([0, *counts]) / 8.0), axis=1)
        mean = np.array([gold[proxy == value].mean() for value in values])
        expected = mass @ mean
    else:
        expected = pressure.weights(proxy[None], strengths)[0] @ gold
    np.testing.assert_allclose(law.curve(pressure, strengths).gold, expected, atol=1e-9)


def test_soft_best_of_n_lies_between_chance_and_best_of_n() -> None:
    law = independent(gold=Normal(sd=2), error=Gamma(shape=2, scale=0.3))
    n = [1, 2, 8, 32]
    none, soft, hard = (
        law.curve(SoftBestOfN(sharpness=sharpness), n) for sharpness in (0.0, 0.5, 6.0)
    )
    np.testing.assert_allclose(none.gold, 0, atol=1e-8)
    np.testing.assert_allclose(hard.gold, law.curve(BestOfN(), n).gold, atol=0.06)
    assert (np.diff([none.gold[1:], soft.gold[1:], hard.gold[1:]], axis=0) > 0).all()
    tilt = law.curve(KLTilt(), [0.5])
    far = law.curve(SoftBestOfN(sharpness=0.5), [1e6])
    assert far.gold[0] == pytest.approx(tilt.gold[0], rel=1e-4)
    assert far.kl[0] == pytest.approx(tilt.kl[0], rel=1e-4)


def test_soft_best_of_two_is_its_definition() -> None:
    law = independent(
        gold=Discrete(values=(0.0, 1.0), chances=(0.5, 0.5)),
        error=Discrete(values=(0.0,), chances=(1.0,)),
    )
    curve = law.curve(SoftBestOfN(sharpness=1.0), [2])
    share = np.e / (1 + np.e)
    assert curve.gold[0] == pytest.approx(0.25 + 0.5 * share, abs=1e-8)


@pytest.mark.parametrize("name", PRESSURES)
def test_strengths_shown_start_at_no_pressure(name: str) -> None:
    pressure = pressure_named(name.replace("_", "-"))
    strengths = shown_strengths(NORMALS, pressure)
    curve = NORMALS.curve(pressure, strengths)
    assert strengths[0] == pressure.no_pressure
    assert curve.gold[0] == pytest.approx(0, abs=1e-7)
    assert curve.kl[0] == pytest.approx(0, abs=1e-7)
    assert (np.diff(curve.kl) > 0).all()
    np.testing.assert_allclose(curve.gold, 0.8 * curve.proxy, atol=1e-6)


@pytest.mark.parametrize(
    ("law", "pressure", "strength", "said"),
    [
        (independent(gold=Levy(), error=Normal()), BestOfN(), 4, "gold has no finite mean"),
        (HEAVY, KLTilt(), 1, "does not exist at 1 / beta = 1"),
        (independent(gold=Normal(), error=Exponential()), KLTilt(), 1, "only below 1"),
        (independent(gold=Normal(), error=StudentT(df=2)), ChiSquare(), 1, "no finite variance"),
        (NORMALS, KLTilt(), 1e3, "nats out in the proxy's tail"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_reason(
    law: Independent, pressure: Pressure, strength: float, said: str
) -> None:
    with pytest.raises(NotIdentified) as raised:
        law.curve(pressure, [strength])
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_curve_goes_on_only_where_it_exists() -> None:
    curve = independent(gold=Normal(), error=Laplace()).curve(KLTilt(), [0, 0.5])
    assert curve.at([0.9, 0.99]).gold == pytest.approx([0.9, 0.99], abs=1e-7)
    with pytest.raises(NotIdentified, match="only below 1"):
        curve.at([1.5])
    with pytest.raises(BadOption, match="must ascend"):
        curve.at([0.5, 0.1])


def test_no_pressure_exists_even_where_no_tilt_does() -> None:
    assert HEAVY.curve(KLTilt(), [0.0]).gold == pytest.approx([0], abs=1e-8)


def test_a_proxy_without_a_mean_is_undefined_and_gold_is_not() -> None:
    curve = independent(gold=Normal(), error=Levy()).curve(BestOfN(), [1, 4])
    assert np.isnan(curve.proxy).all()
    assert np.isfinite(curve.gold).all()


@pytest.mark.parametrize("strengths", [[], [2, 1], [1, 1], [0.5], [np.nan], [[1, 2]]])
def test_bad_strengths_are_refused(strengths: list[float]) -> None:
    with pytest.raises(BadOption, match="strengths"):
        NORMALS.curve(BestOfN(), strengths)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_change_nothing_but_units(unit: float) -> None:
    law = independent(gold=Normal(sd=2 * unit), error=StudentT(df=3, sd=unit))
    moved = independent(gold=Normal(sd=2, mean=5), error=StudentT(df=3, sd=1, mean=-700))
    n = [1, 16, 4096]
    expected = HEAVY.curve(BestOfN(), n).gold
    np.testing.assert_allclose(law.curve(BestOfN(), n).gold / unit, expected, atol=1e-7)
    np.testing.assert_allclose(moved.curve(BestOfN(), n).gold - 5, expected, atol=1e-6)


def test_pressure_beyond_what_can_be_computed_is_refused_in_a_line() -> None:
    law = independent(gold=StudentT(df=2.0), error=StudentT(df=3.0))
    with pytest.raises(NotIdentified, match="panels on this law"):
        law.curve(BestOfN(), [1.0, 1e70])


@pytest.mark.parametrize(
    ("gold", "error"),
    [
        ("beta:a=1,b=1", "beta:a=1,b=1"),
        ("beta:a=2,b=5,shift=3", "lognormal:sigma=0.69,scale=-1"),
        ("normal:max=1", "t:df=3,max=5"),
        ("normal:clip_max=1", "beta:a=1,b=1"),
        ("discrete:0=0.3,1=0.7", "gamma:shape=3,scale=-2"),
    ],
)
def test_a_bounded_proxy_is_exact_up_to_its_end(gold: str, error: str) -> None:
    """Down to a probability of 1e-300, where proxy and end are the same double."""
    law = independent(gold=law_of(gold), error=law_of(error))
    kept = np.array([1.0, 1e6, 1e30, 1e300])
    curve = law.curve(Threshold(), kept)
    found = law.from_end()
    assert found is not None
    np.testing.assert_allclose(curve.kl, np.log(kept), rtol=1e-7, atol=1e-8)
    assert (np.diff(curve.gold) >= -1e-12).all()
    assert (curve.error_bound < 1e-7).all()
    assert curve.gold[0] == pytest.approx(law.gold.mean, abs=1e-8)
    assert curve.proxy[-1] == pytest.approx(found.proxy_end, rel=1e-6, abs=1e-6)


def test_two_uniforms_approach_their_end_in_a_triangle() -> None:
    """P(proxy > 2 - d) = d^2 / 2, and gold among them is 1 - d / 3."""
    curve = independent(gold=UNIFORM, error=UNIFORM).curve(Threshold(), [8.0, 2e6, 2e12])
    distance = np.sqrt(2 / curve.strength)
    np.testing.assert_allclose(1 - curve.gold, distance / 3, atol=1e-12, rtol=1e-6)


def test_proxies_that_doubles_cannot_hold_are_refused() -> None:
    law = independent(gold=Normal(), error=Levy())
    with pytest.raises(NotIdentified, match="double precision cannot tell apart or hold"):
        law.curve(Threshold(), [1e300])


@pytest.mark.parametrize("error", ["weibull:power=0.5,sd=1", "gamma:shape=0.6"])
def test_a_density_without_a_bound_keeps_the_error_within_the_bound(error: str) -> None:
    coin = Discrete(values=(0.0, 1.0), chances=(0.3, 0.7))
    curve = independent(gold=coin, error=law_of(error)).curve(BestOfN(), [1, 4, 64])
    assert curve.gold[0] == pytest.approx(0.7, abs=4e-7)
    assert (curve.error_bound < 4e-7).all()


def test_soft_best_of_n_by_noise_is_soft_best_of_n_by_integral(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the proxy is narrow both ways are open."""
    law = independent(gold=Normal(sd=2), error=Gamma(shape=2, scale=0.3))
    pressure, n = SoftBestOfN(sharpness=0.5), [1, 2, 32]
    narrow = law.curve(pressure, n)
    monkeypatch.setattr("overopt.pressure.soft_best_of_n.MOST_NODES", 0)
    wide = law.curve(pressure, n)
    np.testing.assert_allclose(wide.gold, narrow.gold, atol=3e-9)
    np.testing.assert_allclose(wide.kl, narrow.kl, atol=3e-9)


@pytest.mark.parametrize("error", ["t:df=3,sd=1", "levy"])
def test_soft_best_of_n_under_a_heavy_error_is_what_sampling_finds(error: str) -> None:
    law = independent(gold=Normal(sd=2), error=law_of(error))
    curve = law.curve(SoftBestOfN(sharpness=1.0), [1, 8])
    gold, proxy = law.draws((40_000, 8), np.random.default_rng(5))
    gain = np.exp(proxy - proxy.max(axis=1, keepdims=True))
    served = (gain * gold).sum(axis=1) / gain.sum(axis=1)
    assert curve.gold[0] == pytest.approx(0, abs=1e-9)
    assert (curve.error_bound < 1e-7).all()
    five_sigma = 5 * served.std() / np.sqrt(len(served))
    assert curve.gold[1] == pytest.approx(served.mean(), abs=five_sigma)
