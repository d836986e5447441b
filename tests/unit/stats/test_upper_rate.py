"""Upper limits of rates against the binomial law that defines them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from overopt.errors import BadOption
from overopt.stats.upper_rate import beyond_reference, upper_rate


@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (0, 300), (3, 40), (25, 500), (39, 40)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.995])
def test_so_few_hits_have_chance_one_minus_level(hits: int, trials: int, level: float) -> None:
    rate = upper_rate(hits, trials, level)
    assert binom.cdf(hits, trials, rate) == pytest.approx(1 - level, rel=1e-9)


def test_none_of_many_is_the_closed_form() -> None:
    assert upper_rate(0, 300, 0.95) == pytest.approx(1 - 0.05 ** (1 / 300), rel=1e-12)


def test_nothing_but_hits_bounds_nothing() -> None:
    assert upper_rate(7, 7, 0.95) == 1
    assert upper_rate(0, 0, 0.95) == 1


def test_a_reference_of_500_allows_8_percent_beyond_its_95_percent_point() -> None:
    readings = np.random.default_rng(1).permutation(500.0 * np.arange(500))
    beyond = beyond_reference(readings, 0.05, 0.995)
    assert beyond.threshold == 500.0 * 474
    assert beyond.rate == pytest.approx(0.0807, abs=5e-5)
    assert beyond.readings == 500


@pytest.mark.parametrize("ties", [False, True])
def test_the_true_rate_exceeds_the_limit_at_most_as_often_as_promised(ties: bool) -> None:
    """Share beyond a uniform reference's threshold, exactly 1 - threshold, over 4,000 references.

    Binomial with chance 0.05 when there are no ties: within four standard errors.
    """
    draws = np.random.default_rng(2).uniform(size=(4000, 60))
    levels = np.ceil(draws * 5) / 5 if ties else draws
    wrong = 0
    for readings in levels:
        beyond = beyond_reference(readings, 0.1, 0.95)
        wrong += 1 - beyond.threshold > beyond.rate
    assert wrong <= 4000 * 0.05 + 4 * np.sqrt(4000 * 0.05 * 0.95)
    assert ties or wrong >= 4000 * 0.05 - 4 * np.sqrt(4000 * 0.05 * 0.95)


def test_small_references_still_have_a_threshold() -> None:
    assert beyond_reference(np.array([3.0]), 0.05, 0.99).threshold == 3
    assert beyond_reference(np.array([3.0]), 0.05, 0.99).rate == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("hits", "trials", "level"), [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 0.0), (1, 5, 1.0)]
)
def test_bad_counts_are_refused(hits: int, trials: int, level: float) -> None:
    with pytest.raises(BadOption, match="0 <= hits <= trials"):
        upper_rate(hits, trials, level)


def test_an_empty_reference_is_refused() -> None:
    with pytest.raises(BadOption, match="0 readings"):
        beyond_reference(np.array([]), 0.05, 0.99)
