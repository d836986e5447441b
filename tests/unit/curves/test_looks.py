"""The error spent over looks."""

from __future__ import annotations

from fractions import Fraction

import pytest

from overopt.curves.looks import level_at_look


@pytest.mark.parametrize("looks", [1, 2, 7, 40])
def test_errors_of_any_number_of_looks_sum_to_less_than_the_whole(looks: int) -> None:
    total = sum(1 - level_at_look(0.9, k) for k in range(1, looks + 1))
    assert total == pytest.approx(0.1 * float(1 - Fraction(1, 2**looks)))


def test_the_only_look_spends_all() -> None:
    assert level_at_look(0.95, 0) == 0.95
    assert level_at_look(0.95, 1) == pytest.approx(0.975)
    assert level_at_look(0.95, 2) == pytest.approx(1 - 0.05 / 4)


def test_no_number_of_looks_leaves_nothing_to_err_with() -> None:
    for look in (30, 52, 2000):
        assert 0 < 1 - level_at_look(0.95, look) < 1e-10
