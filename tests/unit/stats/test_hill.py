"""Hill's estimate: its definition, and why nothing is decided by it."""

import numpy as np
import pytest

from overopt.stats.hill import hill_xi


def test_it_is_the_mean_of_log_ratios_to_the_next_value() -> None:
    values = np.array([9.0, 5.0, 4.0, 2.0, 1.0])
    found = hill_xi(values, np.array([1, 2, 4]))
    wanted = [np.log(9 / 5), np.log([9 / 4, 5 / 4]).mean(), np.log(values[:4]).mean()]
    np.testing.assert_allclose(found, wanted)


def test_a_power_law_through_the_origin_has_its_own_shape_at_every_depth() -> None:
    values = np.sort(np.random.default_rng(1).pareto(2, 200_000) + 1)[::-1]
    counts = np.array([2_000, 20_000, 199_999])
    assert (np.abs(hill_xi(values, counts) - 0.5) < 3 * 0.5 / np.sqrt(counts)).all()


def test_units_leave_it_and_origins_do_not() -> None:
    values = np.sort(np.random.default_rng(2).exponential(size=1_000))[::-1]
    counts = np.array([50, 100])
    np.testing.assert_allclose(hill_xi(7 * values, counts), hill_xi(values, counts))
    moved = hill_xi(values, counts, origin=-1.0) / hill_xi(values, counts)
    assert (moved < 0.9).all()


def test_values_below_the_origin_leave_it_undefined() -> None:
    found = hill_xi(np.array([2.0, 1.0, -1.0]), np.array([1, 2]))
    assert found[0] == pytest.approx(np.log(2))
    assert np.isnan(found[1])
