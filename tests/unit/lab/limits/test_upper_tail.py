"""Every family's expansion of its tail, against its own exact tail far out."""

import math

import pytest

from overopt.lab import law_of
from overopt.lab.limits.upper_tail import UpperTail, upper_tail

EXPANDED = [
    "t:df=3",
    "t:df=2.5,scale=-0.3,shift=7",
    "pareto:tail=1.7,scale=3",
    "levy:scale=2",
    "exponential:scale=2,shift=1",
    "laplace:scale=-0.5,shift=3",
    "gamma:shape=2.5,scale=3,shift=-1",
    "gamma:shape=0.4",
    "weibull:power=0.5,scale=2,shift=1",
    "weibull:power=2",
]


def expansion(tail: UpperTail, t: float) -> float:
    log_t = math.log(t)
    falls = tail.rate * t**tail.power + tail.log_square * log_t**2 + tail.index * log_t
    return tail.log_constant - falls


@pytest.mark.parametrize("text", EXPANDED)
def test_expansions_meet_the_tail(text: str) -> None:
    law = law_of(text)
    tail = upper_tail(law)
    assert tail is not None
    far = float(law.upper(300.0))
    assert expansion(tail, far) == pytest.approx(float(law.logsf(far)), abs=0.15)


def test_lognormal_tails_meet_theirs_but_for_the_common_term() -> None:
    law = law_of("lognormal:sigma=0.7,scale=3")
    tail = upper_tail(law)
    assert tail is not None
    far = float(law.upper(300.0))
    common = math.log(math.log(far))
    assert expansion(tail, far) - common == pytest.approx(float(law.logsf(far)), abs=0.15)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("beta:a=2,b=5,scale=3", 3.0),
        ("beta:a=2,b=5,scale=-3,shift=1", 1.0),
        ("exponential:scale=-1", 0.0),
        ("pareto:tail=2,scale=-2", -2.0),
        ("levy:scale=-1,shift=4", 4.0),
        ("lognormal:sigma=1,scale=-1", 0.0),
    ],
)
def test_ends_of_bounded_laws(text: str, end: float) -> None:
    tail = upper_tail(law_of(text))
    assert tail is not None
    assert tail.bounded
    assert tail.end == end
    assert not any((tail.subexponential, tail.exponential, tail.superexponential))


@pytest.mark.parametrize(
    ("lighter", "heavier"),
    [
        ("t:df=3", "t:df=2"),
        ("lognormal:sigma=1", "t:df=9"),
        ("weibull:power=0.5", "lognormal:sigma=0.5"),
        ("weibull:power=0.5", "weibull:power=0.4"),
        ("weibull:power=0.5", "weibull:power=0.5,scale=1.1"),
        ("lognormal:sigma=1", "lognormal:sigma=1.1"),
        ("exponential", "weibull:power=0.9"),
        ("normal", "exponential"),
    ],
)
def test_the_order_of_tails(lighter: str, heavier: str) -> None:
    one, other = upper_tail(law_of(lighter)), upper_tail(law_of(heavier))
    assert one is not None
    assert other is not None
    assert one.log_ratio(other, power=0.0) == -math.inf
    assert other.log_ratio(one, power=0.0) == math.inf
    assert one.log_ratio(one, power=0.0) == 0


@pytest.mark.parametrize(
    "text",
    [
        "t:df=3,min=-1",
        "t:df=3,scale=-1,min=-1",
        "pareto:tail=2,clip_min=4",
        "0.3*t:df=3 + 0.7*normal",
        "0.5*t:df=3 + 0.5*t:df=3,scale=2",
        "0.2*exponential + 0.8*exponential:scale=3",
    ],
)
def test_laws_made_of_laws_keep_the_heaviest_tail(text: str) -> None:
    law = law_of(text)
    tail = upper_tail(law)
    assert tail is not None
    far = float(law.upper(300.0))
    assert expansion(tail, far) == pytest.approx(float(law.logsf(far)), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("normal:max=2", 2.0),
        ("t:df=3,clip_max=-1", -1.0),
        ("beta:a=1,b=1,clip_max=3", 1.0),
        ("discrete:0=0.5,4=0.5", 4.0),
        ("discrete:0=0.5,3=0.5,4=0", 3.0),
        ("0.5*beta:a=1,b=1 + 0.5*discrete:0=0.5,7=0.5", 7.0),
    ],
)
def test_ends_of_laws_made_of_laws(text: str, end: float) -> None:
    tail = upper_tail(law_of(text))
    assert tail is not None
    assert tail.end == end
