"""The sketch of the largest values equals the full sort, however rows are cut and merged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from overopt.stats.top_sketch import TopSketch

CODES = np.arange(400)
VALUES = st.lists(
    st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 0.0, 0.5, 1.0, 1.5, 2.0]) | st.floats(),
    min_size=1,
    max_size=200,
)


def sorted_top(values: np.ndarray, size: int) -> np.ndarray:
    """Positions of the ``size`` largest finite values, ascending; the smaller row is larger."""
    finite = np.flatnonzero(np.isfinite(values))
    return finite[np.lexsort((-finite, values[finite]))][-size:]


@given(values=VALUES, size=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_any_cut_in_any_order_is_the_full_sort(values: list[float], size: int, seed: int) -> None:
    x, rng = np.array(values), np.random.default_rng(seed)
    rows = rng.permutation(len(x))  # rows arrive in any order
    cuts = np.sort(rng.integers(0, len(x) + 1, size=rng.integers(0, 8)))
    parts = [TopSketch.of(x[part], part, part // 3, size) for part in np.split(rows, cuts)]
    while len(parts) > 1:  # any tree of merges
        i, j = rng.choice(len(parts), 2, replace=False)
        both = parts[i].merge(parts[j])
        parts = [part for k, part in enumerate(parts) if k not in (i, j)] + [both]
    expected = sorted_top(x, size)
    top = parts[0].top()
    assert top.rows.tolist() == expected.tolist()
    assert top.prompts.tolist() == (expected // 3).tolist()
    assert top.values.tobytes() == x[expected].tobytes()
    assert sum(map(len, parts[0].held)) < 2 * size


@given(values=VALUES, size=st.integers(1, 40), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_adding_parts_one_by_one_is_the_full_sort(
    values: list[float], size: int, cuts: list[int]
) -> None:
    x = np.array(values)
    first, *rest = np.split(np.arange(len(x)), sorted(cuts))
    sketch = TopSketch.of(x[first], first, first, size)
    for part in rest:
        sketch = sketch.add(x[part], part, part)
    assert sketch.top().rows.tolist() == sorted_top(x, size).tolist()
    assert sketch.rows == len(x)
    assert sketch.missing == np.isnan(x).sum()
    assert (sketch.above, sketch.below) == ((x == np.inf).sum(), (x == -np.inf).sum())
    finite = x[np.isfinite(x)]
    assert sketch.finite == len(finite)
    if len(finite):
        assert (sketch.minimum, sketch.maximum) == (finite.min(), finite.max())
    else:
        assert np.isnan([sketch.minimum, sketch.maximum]).all()
        assert len(sketch.top()) == 0


def test_most_rows_of_a_long_stream_are_never_held() -> None:
    x = np.random.default_rng(1).normal(size=200_000)
    sketch = TopSketch.of(x[:1000], np.arange(1000), np.arange(1000), 100)
    held = 0
    for i in range(1000, len(x), 1000):
        before = sum(map(len, sketch.held))
        sketch = sketch.add(x[i : i + 1000], np.arange(i, i + 1000), np.arange(i, i + 1000))
        held += max(sum(map(len, sketch.held)) - before, 0)
    assert held < 3000
    assert sketch.floor > 2.5
    assert sketch.top().rows.tolist() == sorted_top(x, 100).tolist()


def test_single_precision_stays_exact() -> None:
    x = np.random.default_rng(2).normal(size=5000).astype(np.float32)
    parts = [
        TopSketch.of(x[i::7], np.arange(i, 5000, 7), np.zeros(5000)[i::7].astype(int), 50)
        for i in range(7)
    ]
    assert TopSketch.merged(parts).top().values.tobytes() == x[sorted_top(x, 50)].tobytes()


def test_sizes_must_be_positive_and_equal() -> None:
    x = np.zeros(3)
    with pytest.raises(ValueError, match="size = 0: at least one"):
        TopSketch.of(x, CODES[:3], CODES[:3], 0)
    with pytest.raises(ValueError, match="size 2 and 3 do not merge"):
        TopSketch.of(x, CODES[:3], CODES[:3], 2).merge(TopSketch.of(x, CODES[3:6], CODES[:3], 3))


def test_an_earlier_row_still_displaces_its_equals() -> None:
    late = TopSketch.of(np.ones(4), CODES[4:8], CODES[4:8], 2)
    assert late.floor == 1
    assert late.add(np.ones(1), CODES[:1], CODES[:1]).top().rows.tolist() == [4, 0]
