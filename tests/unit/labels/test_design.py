"""Label chances: they spend the budget, follow the weights and never reach zero."""

from __future__ import annotations

import numpy as np
import pytest
from tables import noise, table

from overopt.errors import BadOption
from overopt.labels.design import label_probabilities
from overopt.pressure import BestOfN, KLTilt

DOUBLINGS = np.array([1.0, 2.0, 4.0, 8.0])


@pytest.mark.parametrize("budget", [1, 30, 100, 319.5, 320])
def test_expected_labels_are_the_budget(budget: float) -> None:
    chance = label_probabilities(table(a=noise(0)), "a", BestOfN(), DOUBLINGS, budget)
    assert chance.sum() == pytest.approx(budget, rel=1e-9)
    assert chance.max() <= 1 + 1e-12
    assert chance.min() >= 0.1 * budget / 320 - 1e-12


def test_beyond_the_even_part_chances_follow_the_root_sum_of_squared_weights() -> None:
    proxies = noise(0)
    chance = label_probabilities(table(a=proxies), "a", BestOfN(), DOUBLINGS, 20).reshape(40, 8)
    weights = BestOfN().weights(proxies, DOUBLINGS)
    wanted = np.sqrt((weights**2).sum(axis=1))
    above = chance - 0.1 * 20 / 320
    np.testing.assert_allclose(above, 0.9 * 20 * wanted / wanted.sum(), rtol=1e-9)


def test_certain_rows_leave_the_rest_of_the_budget_to_others() -> None:
    chance = label_probabilities(table(a=noise(0)), "a", BestOfN(), DOUBLINGS, 200).reshape(40, 8)
    best = np.take_along_axis(chance, noise(0).argmax(axis=1)[:, None], axis=1)
    np.testing.assert_allclose(best, 1, atol=1e-12)
    assert chance.sum() == pytest.approx(200, rel=1e-9)


def test_the_even_part_can_be_all_or_nothing() -> None:
    samples = table(a=noise(0))
    even = label_probabilities(samples, "a", BestOfN(), DOUBLINGS, 32, uniform_share=1.0)
    np.testing.assert_allclose(even, 0.1, atol=1e-12)
    none = label_probabilities(samples, "a", BestOfN(), np.array([8.0]), 32, uniform_share=0.0)
    assert np.count_nonzero(none) == 40
    assert none.sum() == pytest.approx(32)


def test_groups_too_small_for_the_curve_get_the_even_part() -> None:
    samples = table([8, 8, 3], a=np.arange(19.0))
    chance = label_probabilities(samples, "a", BestOfN(), DOUBLINGS, 5)
    np.testing.assert_allclose(chance[16:], 0.1 * 5 / 19, atol=1e-12)
    assert label_probabilities(samples, "a", KLTilt(), np.array([0.0, 1.0]), 5)[16:].min() > 0.1


@pytest.mark.parametrize("budget", [0, -3, 321])
def test_a_budget_that_cannot_be_spent_is_refused(budget: int) -> None:
    with pytest.raises(BadOption, match=f"budget of {budget} labels for 320 rows"):
        label_probabilities(table(a=noise(0)), "a", BestOfN(), DOUBLINGS, budget)
