"""The e-process against its definition, by enumeration."""

from itertools import product
from math import exp

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.stats.e_process import (
    SPENDING_TOTAL,
    Betting,
    Evidence,
    log_evidence,
    log_evidence_path,
    more_evidence,
    start_weight,
)

SMALL = Betting(bets=(0.1, 0.7), block=2)


def folded(values: list[float], betting: Betting) -> Evidence:
    state = Evidence.none(betting)
    for value in values:
        state = more_evidence(state, value, betting)
    return state


def evidence_by_definition(values: list[float], betting: Betting) -> float:
    starts = range(0, len(values), betting.block)
    total, unspent = 0.0, 1.0
    for number, start in enumerate(starts):
        weight = start_weight(number)
        unspent -= weight
        products = [np.prod([1 - bet * z for z in values[start:]]) for bet in betting.bets]
        total += weight * float(np.mean(products))
    return total + unspent


def test_fold_equals_the_sum_over_starts() -> None:
    values = list(np.random.default_rng(1).uniform(-1, 1, 23))
    assert exp(log_evidence(folded(values, SMALL), SMALL)) == pytest.approx(
        evidence_by_definition(values, SMALL), rel=1e-12
    )


def test_mean_is_one_at_the_boundary() -> None:
    """All 2^6 sequences of fair signs: the mean of the e-process is exactly 1."""
    mean = np.mean(
        [
            exp(log_evidence(folded(list(signs), SMALL), SMALL))
            for signs in product((-1, 1), repeat=6)
        ]
    )
    assert mean == pytest.approx(1.0, abs=1e-12)


def test_weights_are_never_overspent() -> None:
    total = sum(start_weight(block) for block in range(1_000_000))
    assert (
        total + 1 / (SPENDING_TOTAL * np.log(1e6)) < 1.0001
    )  # with the integral that bounds the rest
    assert total < 1


def test_names_the_start_of_a_late_change() -> None:
    values = [0.1] * 1000 + [-0.5] * 400
    assert folded(values, Betting()).began == 1000


def test_nothing_seen_is_no_evidence() -> None:
    state = Evidence.none(SMALL)
    assert log_evidence(state, SMALL) == 0
    assert state.began is None


@pytest.mark.parametrize(("bets", "block"), [((), 50), ((1.0,), 50), ((0.1,), 0)])
def test_bad_options_are_refused(bets: tuple[float, ...], block: int) -> None:
    with pytest.raises(BadOption):
        Betting(bets=bets, block=block)


@pytest.mark.parametrize("whole_run", [True, False])
@pytest.mark.parametrize("realised", [True, False])
def test_path_equals_the_fold(whole_run: bool, realised: bool) -> None:
    betting = Betting(block=7, whole_run=whole_run, realised=realised)
    values = np.random.default_rng(3).uniform(-1, 1, (3, 40))
    path = log_evidence_path(values, betting)
    for run in range(3):
        state = Evidence.none(betting)
        for label in range(40):
            state = more_evidence(state, values[run, label], betting)
            assert path[run, label] == pytest.approx(log_evidence(state, betting), abs=1e-10)


def test_average_run_length_form_grows_by_one_a_start() -> None:
    """All 2^6 sequences of fair signs: the mean after 6 labels is the number of starts, 3."""
    betting = Betting(bets=(0.1, 0.7), block=2, whole_run=False)
    ends = [
        exp(log_evidence(folded(list(s), betting), betting)) for s in product((-1, 1), repeat=6)
    ]
    assert np.mean(ends) == pytest.approx(3.0, abs=1e-12)


@pytest.mark.parametrize("bet", [0.1, 0.5, 0.9])
def test_realised_factor_is_fair_for_any_gain_of_the_batch(bet: float) -> None:
    """E exp(-bet (z - g) - psi z^2) <= 1 for two-point z with every mean g."""
    one = Betting(bets=(bet,), block=1000, whole_run=False, realised=True)
    for low, high in ((-1.0, 1.0), (-0.2, 0.9), (-1.0, 0.1)):
        for chance in np.linspace(0, 1, 21):
            gain = chance * high + (1 - chance) * low
            mean = sum(
                p * exp(log_evidence(folded([z], one), one) + bet * gain)
                for p, z in ((chance, high), (1 - chance, low))
            )
            assert mean <= 1 + 1e-12


def test_a_value_out_of_range_is_refused() -> None:
    for value in (1.1, float("nan")):
        with pytest.raises(ValueError, match="above 1"):
            more_evidence(Evidence.none(SMALL), value, SMALL)
