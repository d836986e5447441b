"""Critical values and Wilson limits against closed forms and quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi, norm

from overopt.stats.intervals import max_t_quantile, t_quantile, wilson_interval


def test_t_quantiles_of_the_printed_tables() -> None:
    found = t_quantile(0.95, np.array([1.0, 3.0, 10.0, 1e9]))
    np.testing.assert_allclose(found, [12.70620, 3.18245, 2.22814, 1.95996], atol=5e-6)
    assert np.isnan(t_quantile(0.95, 0.0))


@pytest.mark.parametrize(("count", "df"), [(2, 4), (3, 1000), (8, 12)])
@pytest.mark.parametrize("sides", [1, 2])
def test_joint_quantile_of_independent_estimates(count: int, df: int, sides: int) -> None:
    joint = max_t_quantile(np.diag(np.arange(1.0, count + 1)), df, 0.9, sides)

    def covered(scale: float) -> float:
        inside = norm.cdf(joint * scale) - (norm.cdf(-joint * scale) if sides == 2 else 0)
        return float(inside**count * chi.pdf(scale * np.sqrt(df), df) * np.sqrt(df))

    # 2^14 draws: three standard errors of a share of 0.9 are 0.007
    assert quad(covered, 0, 5, points=[1])[0] == pytest.approx(0.9, abs=0.007)


def test_joint_quantile_of_copies_is_the_single_one() -> None:
    same = np.array([[4.0, 8.0], [8.0, 16.0]])
    assert max_t_quantile(same, 7e6, 0.95) == pytest.approx(float(t_quantile(0.95, 7e6)), abs=0.04)
    assert max_t_quantile(np.array([[4.0]]), 7, 0.95) >= float(t_quantile(0.95, 7))


def test_joint_quantile_is_never_below_the_single_one() -> None:
    for df in (1, 2, 5, 40):
        assert max_t_quantile(np.eye(2), df, 0.9) >= float(t_quantile(0.9, df))
        assert max_t_quantile(np.eye(2), df, 0.9, sides=1) >= float(t_quantile(0.8, df))


def test_few_observations_cannot_show_that_estimates_are_copies() -> None:
    """Of two vectors every correlation is one, whatever the law: the limit must allow for eight."""
    copies = np.ones((8, 8))
    extra = [max_t_quantile(copies, df, 0.95) / float(t_quantile(0.95, df)) for df in (1, 4, 99)]
    assert extra[0] > 1.5
    assert extra[0] > extra[1] > extra[2] > 1


def test_estimates_without_spread_cost_nothing() -> None:
    moving = np.diag([1.0, 2.0])
    fixed = np.zeros((4, 4))
    fixed[:2, :2] = moving
    assert max_t_quantile(fixed, 9, 0.95) == max_t_quantile(moving, 9, 0.95)
    assert max_t_quantile(np.zeros((3, 3)), 9, 0.95) == float(t_quantile(0.95, 9))


def test_no_degrees_of_freedom_no_quantile() -> None:
    assert np.isnan(max_t_quantile(np.eye(2), 0.0, 0.95))


def test_wilson_limits_solve_their_equation() -> None:
    share, size = np.array([0.0, 0.1, 0.5, 0.98]), np.array([7.0, 30.5, 12.0, 400.0])
    z = norm.ppf(0.95)
    for limit, side in zip(wilson_interval(share, size, 0.9), (-1, 1), strict=True):
        gap = side * z * np.sqrt(limit * (1 - limit) / size)
        np.testing.assert_allclose(limit, share + gap, atol=1e-12)


def test_wilson_limits_at_the_ends() -> None:
    lower, upper = wilson_interval(np.array([0.0, 1.0, 0.5]), np.array([10.0, 10.0, 0.0]), 0.95)
    z2 = norm.ppf(0.975) ** 2
    np.testing.assert_allclose(lower, [0, 10 / (10 + z2), 0], atol=1e-12)
    np.testing.assert_allclose(upper, [z2 / (10 + z2), 1, 1], atol=1e-12)


@pytest.mark.parametrize("sides", [1, 2])
def test_joint_quantiles_go_on_where_no_draw_reaches(sides: int) -> None:
    """For independent estimates and many prompts: eight claims share whatever error is left."""
    for error in (0.05, 0.003, 1e-4, 1e-8):
        joint = max_t_quantile(np.eye(8), 1e6, 1 - error, sides)
        assert 8 * sides * norm.sf(joint) == pytest.approx(error, rel=0.3)
