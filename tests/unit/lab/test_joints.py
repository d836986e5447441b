"""Joint laws: published counterexamples, closed forms, and draws that follow the curve."""

from collections.abc import Callable

import numpy as np
import pytest
from calibrated import assert_coverage
from scipy.special import ndtr

from overopt.errors import BadOption
from overopt.lab import (
    Blend,
    ClaytonCopula,
    Discrete,
    ErrorGivenGold,
    GaussianCopula,
    GoldGivenProxy,
    GumbelCopula,
    Joint,
    Laplace,
    Mixture,
    Normal,
    StudentT,
    StudentTCopula,
    Truncated,
    copula_of,
    coupled,
    independent,
)
from overopt.pressure import BestOfN, KLTilt, Threshold

INSIDE = float(2 * ndtr(1) - 1)  # P(|gold| <= 1)
SURE = Discrete(values=(0.0,), chances=(1.0,))
MIDDLE = Truncated(law=Normal(), low=-1, high=1)
OUTER = independent(
    gold=Mixture(
        laws=(Truncated(law=Normal(), high=-1), Truncated(law=Normal(), low=1)), weights=(0.5, 0.5)
    ),
    error=SURE,
)


def noisy_middle(sd: float) -> Blend:
    """Error normal where |gold| <= 1, none elsewhere (2407.14503, footnote of section 5.2)."""
    inner = independent(gold=MIDDLE, error=Normal(sd=sd))
    return Blend(joints=(inner, OUTER), weights=(INSIDE, 1 - INSIDE))


def smooth_middle() -> Blend:
    """Error of variance 4 (1 - gold^2)."""

    def spread(gold: np.ndarray) -> np.ndarray:
        return 2 * np.sqrt(np.maximum(1 - gold**2, 1e-300))

    inner = ErrorGivenGold(gold=MIDDLE, noise=Normal(), spread=spread)
    return Blend(joints=(inner, OUTER), weights=(INSIDE, 1 - INSIDE))


def three_points() -> Blend:
    """Gold -1, 0, 1 with error of sd 1, 2, 1."""
    points = [(-1.0, 1.0), (0.0, 2.0), (1.0, 1.0)]
    return Blend(
        joints=tuple(
            independent(gold=Discrete(values=(v,), chances=(1.0,)), error=Normal(sd=sd))
            for v, sd in points
        ),
        weights=(0.25, 0.5, 0.25),
    )


def above(joint: Joint, thresholds: list[float]) -> np.ndarray:
    strengths = np.exp(-joint.logsf(thresholds))
    return np.asarray(joint.curve(Threshold(), strengths).gold)


def test_light_dependent_errors_bring_gold_down_and_up_again() -> None:
    """Light tails, no bias, and yet up, down, up: the limit is 1."""
    joint = noisy_middle(2.0)
    n = [2, 4, 7, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 65536]
    curve = joint.curve(BestOfN(), n)
    expected = [
        *(0.330008, 0.571683, 0.611336, 0.602293, 0.495081, 0.385503, 0.337628),
        *(0.339805, 0.360678, 0.384275, 0.406486, 0.445345, 0.506157),
    ]
    np.testing.assert_allclose(curve.gold, expected, rtol=0, atol=6e-7)
    turns = [(turn.kind, turn.strength, round(turn.gold, 6)) for turn in curve.extrema()]
    assert turns == [("peak", 6, 0.613851), ("trough", 84, 0.334435)]
    peak = curve.peak()
    assert peak is not None
    assert peak.strength == 6


def test_thresholds_of_the_dependent_law_to_eight_digits() -> None:
    expected = {
        1: 0.7398417,
        2: 0.5698128,
        3: 0.34145328,
        4: 0.32133522,
        5: 0.36506864,
        6: 0.41245532,
        8: 0.49783655,
        10: 0.56914632,
        20: 0.76995912,
        50: 0.91293716,
    }
    found = above(noisy_middle(2.0), list(map(float, expected)))
    np.testing.assert_allclose(found, list(expected.values()), rtol=0, atol=2e-8)
    found = above(noisy_middle(4.0), [4, 10, 100])
    np.testing.assert_allclose(found, [0.11067509, 0.19891112, 0.82040368], rtol=0, atol=2e-8)


def test_kl_tilts_of_the_dependent_law_to_five_thousand_nats() -> None:
    """The last value is 50 - x with x the Mills ratio's inverse at 49, as gold is cut at 1."""
    curve = noisy_middle(2.0).curve(KLTilt(), [0.5, 1, 1.5, 2, 5, 10, 50])
    gold = [0.39726113, 0.45571316, 0.43310611, 0.49316498, 0.77445307, 0.89147690]
    kl = [0.46633, 2.04080, 4.97063, 8.80540, 51.732, 202.543]
    np.testing.assert_allclose(curve.gold[:-1], gold, rtol=0, atol=2e-8)
    np.testing.assert_allclose(curve.kl[:-1], kl, rtol=1e-5)
    mills = 49 + 1 / 49 - 2 / 49**3 + 10 / 49**5
    assert curve.gold[-1] == pytest.approx(50 - mills, abs=1e-7)


def test_dependent_laws_whose_limit_is_nought() -> None:
    found = above(smooth_middle(), [2, 5, 10, 20])
    np.testing.assert_allclose(found, [0.659022, 0.140469, 0.087886, 0.048158], rtol=0, atol=6e-7)
    found = above(three_points(), [2, 4, 6])
    np.testing.assert_allclose(found, [0.329563, 0.0288068, 1.06e-4], rtol=0, atol=6e-7)


def test_gold_as_a_function_of_the_proxy() -> None:
    """Gold = u - max(u, 0)^2 / 4 + noise under a normal proxy: up to 32 and down."""
    joint = GoldGivenProxy(
        proxy=Normal(), mean=lambda u: u - np.maximum(u, 0) ** 2 / 4, noise=Normal()
    )
    curve = joint.curve(BestOfN(), 2.0 ** np.arange(11))
    expected = [-0.125, 0.337, 0.643, 0.824, 0.913, 0.938, 0.920, 0.868, 0.791, 0.693, 0.580]
    np.testing.assert_allclose(curve.gold, expected, rtol=0, atol=6e-4)


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.9])
def test_normals_under_a_gaussian_copula_are_jointly_normal(rho: float) -> None:
    law = coupled(gold=Normal(sd=2), error=Normal(), copula=GaussianCopula(rho=rho))
    n = np.array([1, 4, 64, 4096])
    largest = independent(gold=Normal(), error=SURE).curve(BestOfN(), n).gold
    covariance, variance = 4 + 2 * rho, 5 + 4 * rho
    found = law.curve(BestOfN(), n)
    np.testing.assert_allclose(found.gold, covariance / np.sqrt(variance) * largest, atol=1e-7)


@pytest.mark.parametrize("rho", [-0.9, -0.99])
def test_opposed_normals_leave_a_narrow_proxy(rho: float) -> None:
    """Both at their reach is e^(-700 / (1 + rho)) rare: no panels are spent there."""
    law = coupled(gold=Normal(), error=Normal(), copula=GaussianCopula(rho=rho))
    curve = law.curve(BestOfN(), [1, 2])
    assert curve.gold[1] == pytest.approx(np.sqrt((1 + rho) / 2 / np.pi), abs=1e-8)
    assert len(curve.profile.half) < 4000
    tilts = law.curve(KLTilt(), [1, 40])
    np.testing.assert_allclose(tilts.gold, np.array([1, 40]) * (1 + rho), atol=1e-7)


COPULAS = [
    GaussianCopula(rho=0.5),
    StudentTCopula(rho=-0.5, df=4),
    StudentTCopula(rho=0.5, df=0.7),
    ClaytonCopula(theta=1),
    ClaytonCopula(theta=2, upper=1),
    GumbelCopula(theta=2),
]


@pytest.mark.parametrize("copula", COPULAS, ids=repr)
def test_copulas_keep_the_law_of_gold_and_their_draws(copula: object) -> None:
    law = coupled(gold=Normal(sd=2), error=Laplace(), copula=copula)  # type: ignore[arg-type]
    curve = law.curve(BestOfN(), [1, 16])
    assert curve.gold[0] == pytest.approx(0, abs=1e-7)
    assert curve.proxy[0] == pytest.approx(0, abs=1e-7)
    draws = 4000
    gold, proxy = law.draws((draws, 1), np.random.default_rng(8))
    for at in (-3.0, 0.0, 3.0):
        chance = float(np.exp(law.logsf(at))[0])
        assert_coverage(int(np.sum(proxy > at)), draws, chance)
        assert_coverage(int(np.sum(gold > at)), draws, float(np.exp(law.gold.logsf(at))))


def test_tail_dependence_decides_what_a_heavy_error_does() -> None:
    """The same margins and nearly the same rank correlation; only the upper tail differs."""
    margins = {"gold": Normal(sd=2), "error": StudentT(df=3, sd=1)}
    n = [1, 65536]
    lower = coupled(**margins, copula=ClaytonCopula(theta=1)).curve(BestOfN(), n)
    upper = coupled(**margins, copula=ClaytonCopula(theta=1, upper=1)).curve(BestOfN(), n)
    assert upper.gold[1] > 5 * lower.gold[1] > 0


LAWS: dict[str, Callable[[], Joint]] = {
    "dependent": lambda: noisy_middle(2.0),
    "smooth": smooth_middle,
    "three points": three_points,
    "function": lambda: GoldGivenProxy(proxy=StudentT(df=3), mean=np.tanh, noise=Normal()),
    "independent": lambda: independent(gold=StudentT(df=4), error=Discrete(
        values=(-1.0, 2.0), chances=(0.5, 0.5))),
}  # fmt: skip


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_law(name: str) -> None:
    law, draws = LAWS[name](), 3000
    samples = law.sample(draws // 2, 2, np.random.default_rng(3))
    assert (samples.prompts, samples.rows, samples.labelled) == (draws // 2, draws, draws)
    gold, proxy = samples.gold, samples.proxies["proxy"]
    assert gold is not None
    for at in (-1.3, 0.2, 1.7):
        chance = float(np.exp(law.logsf(at))[0])
        assert_coverage(int(np.sum(proxy > at)), draws, chance)
    expected = law.curve(BestOfN(), [1, 2])
    best = gold.reshape(-1, 2)[np.arange(draws // 2), proxy.reshape(-1, 2).argmax(axis=1)]
    error = best.std() / np.sqrt(len(best))
    assert abs(best.mean() - expected.gold[1]) < 5.5 * error  # two in a hundred million


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frank:theta=1", "no copula 'frank': choose from gaussian, t, clayton, gumbel"),
        ("gaussian", "copula gaussian needs rho"),
        ("gaussian:rho=1", "rho must lie between -1 and 1, got 1"),
        ("t:rho=0,df=0", "df must be above 0"),
        ("clayton:theta=0", "theta must be above 0"),
        ("clayton:theta=1,upper=2", "upper must be 0 or 1"),
        ("gumbel:theta=0.5", "theta must be at least 1"),
    ],
)
def test_a_bad_copula_is_one_line(text: str, said: str) -> None:
    with pytest.raises(BadOption) as raised:
        copula_of(text)
    assert said in str(raised.value)


def test_a_copula_of_atoms_is_refused() -> None:
    with pytest.raises(BadOption, match="error discrete:0=1 has atoms"):
        coupled(gold=Normal(), error=SURE, copula=GaussianCopula(rho=0.5))


@pytest.mark.parametrize("weights", [(0.5,), (0.5, 0.6), (1.5, -0.5)])
def test_weights_of_a_blend_are_checked(weights: tuple[float, ...]) -> None:
    with pytest.raises(BadOption, match="weights"):
        Blend(joints=(OUTER, OUTER), weights=weights)
