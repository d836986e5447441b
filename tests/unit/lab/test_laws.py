"""Laws of one variable: density, tails, moments and draws must tell the same law."""

import numpy as np
import pytest
import scipy.stats
from calibrated import assert_coverage

from overopt.errors import BadOption
from overopt.lab import Clipped, Discrete, Mixture, Normal, empirical, independent, law_of
from overopt.lab.profile import profile_of

SMOOTH = [
    "beta:a=2,b=5",
    "exponential:scale=2",
    "gamma:shape=3,scale=-1",
    "laplace:sd=1,mean=2",
    "levy:scale=0.5",
    "lognormal:sigma=0.69,mean=0",
    "normal:mean=1,sd=2",
    "pareto:tail=3,shift=-1",
    "stable:alpha=1.5,beta=0.5",
    "stable:alpha=1.7,beta=-1,scale=2,shift=3",
    "stable:alpha=0.7,beta=-0.4,scale=-1",
    "t:df=3,sd=1",
    "t:df=2.5,scale=-2,shift=1",
    "weibull:power=0.5,sd=1",
    "weibull:power=2",
    "normal:min=-1,max=2",
    "normal:min=4",
    "t:df=5,max=0",
    "exponential:min=1,max=30",
    "0.9*normal + 0.1*normal:sd=10",
    "0.5*exponential:scale=1e+1 + 0.5*laplace",
]
WITH_ATOMS = ["normal:clip_max=1", "t:df=3,clip_min=-1,clip_max=2", "discrete:-1=0.25,0=0.5,2=0.25"]
PEERS = {
    "beta:a=2,b=5": scipy.stats.beta(2, 5),
    "gamma:shape=0.5": scipy.stats.gamma(0.5),
    "gamma:shape=3": scipy.stats.gamma(3),
    "laplace": scipy.stats.laplace(),
    "levy": scipy.stats.levy(),
    "lognormal:sigma=0.69": scipy.stats.lognorm(0.69),
    "pareto:tail=3": scipy.stats.pareto(3),
    "t:df=3": scipy.stats.t(3),
    "weibull:power=0.5": scipy.stats.weibull_min(0.5),
    "normal:min=-1,max=2": scipy.stats.truncnorm(-1, 2),
    "exponential:scale=2": scipy.stats.expon(scale=2),
}
SURE = Discrete(values=(0.0,), chances=(1.0,))


@pytest.mark.parametrize("text", PEERS)
def test_density_tails_and_moments_agree_with_scipy(text: str) -> None:
    law, peer = law_of(text), PEERS[text]
    x = peer.ppf([1e-6, 0.01, 0.2, 0.5, 0.9, 0.999, 1 - 1e-9])
    np.testing.assert_allclose(law.logpdf(x), peer.logpdf(x), atol=1e-9)
    np.testing.assert_allclose(law.logcdf(x), peer.logcdf(x), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(law.logsf(x), peer.logsf(x), rtol=1e-6, atol=1e-12)
    quantiles = law.ppf([0.1, 0.5, 0.9]), peer.ppf([0.1, 0.5, 0.9])
    np.testing.assert_allclose(*quantiles, rtol=1e-9, atol=1e-15)
    if np.isfinite(peer.var()):
        np.testing.assert_allclose([law.mean, law.sd], [peer.mean(), peer.std()], rtol=1e-9)


@pytest.mark.parametrize("text", SMOOTH)
def test_quantiles_invert_the_tails_down_to_probability_1e_300(text: str) -> None:
    law = law_of(text)
    nats = np.array([0.1, 0.7, 3.0, 12.0])
    np.testing.assert_allclose(-law.logsf(law.upper(nats)), nats, rtol=1e-6)
    np.testing.assert_allclose(-law.logcdf(law.lower(nats)), nats, rtol=1e-6)
    below, above = law.tails(law.upper(nats))
    np.testing.assert_allclose(np.logaddexp(below, above), 0, atol=1e-12)
    if "max" in text or "beta" in text or "scale=-1" in text or "levy" in text:
        return  # a bounded end, where doubles lie too far apart, or a tail beyond 1e308
    assert -law.logsf(law.upper(690.0)) == pytest.approx(690, rel=1e-6)
    assert law.isf(1e-300) == pytest.approx(law.upper(300 * np.log(10)))


@pytest.mark.parametrize("text", [*SMOOTH, *WITH_ATOMS])
def test_the_density_integrates_to_the_tails_and_the_mean(text: str) -> None:
    law = law_of(text)
    joint = independent(gold=law, error=SURE)
    profile = profile_of(joint).fine()
    x = law.ppf([0.02, 0.3, 0.6, 0.97]) * (1 + 1e-9)
    x = x[(x > law.lower(690)) & (x < law.upper(690))]
    np.testing.assert_allclose(profile.log_above(x), law.logsf(x), atol=1e-7)
    if np.isfinite(law.mean):
        share = np.exp(profile.law().log_mass)
        assert share @ profile.law().value == pytest.approx(law.mean, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("text", [*SMOOTH, *WITH_ATOMS])
def test_draws_follow_the_law(text: str) -> None:
    law, draws = law_of(text), 4000
    drawn = law.draws((draws // 4, 4), np.random.default_rng(5)).ravel()
    for share in (0.1, 0.5, 0.9):
        at = float(law.ppf([share])[0])
        assert_coverage(int(np.sum(drawn <= at)), draws, float(np.exp(law.logcdf(at))))


@pytest.mark.parametrize("text", [*SMOOTH, *WITH_ATOMS])
def test_a_law_reads_back_its_own_text(text: str) -> None:
    law = law_of(text)
    again = law_of(str(law))
    x = np.linspace(-3, 3, 13) + 0.01
    np.testing.assert_allclose(again.logcdf(x), law.logcdf(x), rtol=1e-6)
    assert str(again) == str(law)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("normal", np.inf),
        ("laplace:scale=2", 0.5),
        ("exponential:scale=4", 0.25),
        ("exponential:scale=-4", np.inf),
        ("gamma:shape=2", 1.0),
        ("t:df=3", 0.0),
        ("lognormal:sigma=1", 0.0),
        ("lognormal:sigma=1,scale=-1", np.inf),
        ("weibull:power=0.5", 0.0),
        ("weibull:power=2", np.inf),
        ("beta:a=1,b=1", np.inf),
        ("t:df=3,max=5", np.inf),
        ("t:df=3,min=5", 0.0),
        ("0.5*normal + 0.5*laplace", 1.0),
    ],
)
def test_the_largest_tilt(text: str, limit: float) -> None:
    assert law_of(text).tilt_limit == limit


def test_moments_of_mixtures_and_clipping() -> None:
    mixed = Mixture(laws=(Normal(mean=-1), Normal(mean=3, sd=2)), weights=(0.75, 0.25))
    assert mixed.mean == pytest.approx(0)
    assert mixed.variance == pytest.approx(0.75 * 2 + 0.25 * 13)
    clipped = Clipped(law=Normal(), low=0.0)  # max(0, N): mean 1 / sqrt(2 pi), square 1 / 2
    assert clipped.mean == pytest.approx(1 / np.sqrt(2 * np.pi))
    assert clipped.variance == pytest.approx(0.5 - 1 / (2 * np.pi))
    assert clipped.atoms[0].tolist() == [0.0]
    assert clipped.atoms[1] == pytest.approx([0.5])
    twice = Clipped(law=Clipped(law=Normal(), low=0.0), high=0.0 + 1.0, low=0.0)
    assert twice.atoms[0].tolist() == [0.0, 1.0]
    assert twice.atoms[1] == pytest.approx([0.5, scipy.stats.norm.sf(1)])


def test_an_empirical_law_counts_ties() -> None:
    law = empirical([3, 1, 1, 2])
    assert law.atoms[0].tolist() == [1, 2, 3]
    assert law.atoms[1].tolist() == [0.5, 0.25, 0.25]
    assert law.upper(np.array([0.01, 1.0, 700.0])).tolist() == [1, 2, 3]
    assert law.lower(np.array([0.01, 0.5, 700.0])).tolist() == [3, 2, 1]


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [np.inf]])
def test_an_empirical_law_of_nothing_is_refused(values: list[float]) -> None:
    with pytest.raises(BadOption, match="give finite numbers"):
        empirical(values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no law ''"),
        ("norml:sd=2", "choose from beta, exponential"),
        ("normal:sd", "law normal cannot read 'sd'"),
        ("normal:sd=nan", "sd=nan is not a number"),
        ("normal:sd=inf", "sd must be finite"),
        ("normal:sd=0", "sd=0 cannot be had"),
        ("normal:scale=0", "scale must be a number other than 0"),
        ("normal:sd=1,scale=2", "give sd or scale, not both"),
        ("normal:mean=1,shift=2", "give mean or shift, not both"),
        ("levy:mean=1", "the law has no finite mean"),
        ("pareto:tail=0", "tail must be above 0"),
        ("lognormal:sigma=99", "sigma must be above 0 and below 25"),
        ("beta:a=1", "law beta needs b: write beta:b=NUMBER"),
        ("normal:min=2,max=1", "the lower end must lie below the upper"),
        ("normal:min=50", "widen the interval"),
        ("0.5*normal + 0.6*normal", "these add to 1.1"),
        ("x*normal + 0.6*normal", "weight=x is not a number"),
        ("discrete", "write discrete:VALUE=CHANCE"),
        ("discrete:1=0.5,2=0.6", "these add to 1.1"),
        ("discrete:1=0.5,x=0.5", "value=x is not a number"),
        ("empirical:nowhere.txt", "law empirical cannot read 'nowhere.txt'"),
    ],
)
def test_a_bad_specification_is_one_line(text: str, said: str) -> None:
    with pytest.raises(BadOption) as raised:
        law_of(text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
