"""The e-process against its definition, by enumeration."""

from itertools import product
from math import exp

import numpy as np
import pytest

from overopt.errors import BadOption
from overopt.stats.e_process import (
    Betting,
    Evidence,
    log_evidence,
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
    assert total + 1 / (2.1098 * np.log(1e6)) < 1.0001  # with the integral that bounds the rest
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
