"""Tail verdicts are the same in any unit and origin of the score."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings, strategies as st
from tables import table

from overopt.tails import proxy_tail

SHAPES = [
    lambda rng, shape: rng.normal(size=shape),
    lambda rng, shape: rng.standard_t(2, size=shape),
    lambda rng, shape: np.round(rng.exponential(size=shape), 2),
    lambda rng, shape: np.repeat(rng.normal(size=(shape[0], shape[1] // 2)), 2, axis=1),
    lambda rng, shape: rng.integers(0, 6, size=shape).astype(float),
    lambda rng, shape: np.where(rng.random(shape) < 0.1, np.nan, rng.logistic(size=shape)),
]


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shape=st.integers(0, len(SHAPES) - 1),
    size=st.sampled_from([1, 4, 10]),
    unit=st.floats(1e-6, 1e6),
    origin=st.floats(-1e3, 1e3),
)
@example(seed=312, shape=2, size=10, unit=70061.0, origin=0.0)  # ties between prompts
def test_verdicts_do_not_depend_on_unit_and_origin(seed, shape, size, unit, origin):
    rng = np.random.default_rng(seed)
    scores = SHAPES[shape](rng, (800 // size, size if size > 1 or shape != 3 else 2))
    one = proxy_tail(table(a=scores), "a")
    other = proxy_tail(table(a=unit * (scores + origin)), "a")
    assert (one.verdict, one.reason, one.rows, one.copies) == (
        other.verdict,
        other.reason,
        other.rows,
        other.copies,
    )
    np.testing.assert_allclose(
        [[rung.z, rung.xi, rung.xi_lower, rung.xi_upper] for rung in other.rungs],
        [[rung.z, rung.xi, rung.xi_lower, rung.xi_upper] for rung in one.rungs],
        atol=1e-3,
    )
