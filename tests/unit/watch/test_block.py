"""Bounds of block means: coverage for means that drift, their width, and unequal weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from calibrated import assert_coverage_within

from overopt.errors import BadOption
from overopt.watch.block import Block, BlockMean, BlockOptions, more_block

SEED = 20261124


def block_mean(
    values: npt.NDArray[np.float64], options: BlockOptions, below: float = 1, above: float = 1
) -> BlockMean:
    state = Block()
    for i, value in enumerate(values):
        state = more_block(state, float(value), options, draw=i, below=below, above=above)
    assert state.done is not None
    return state.done


def test_bounds_hold_when_the_mean_follows_the_past() -> None:
    """A trainer that reacts: the next mean goes down after a success and up after a failure."""
    rng = np.random.default_rng(SEED)
    options = BlockOptions(labels=200, error=0.10)
    low = high = 0
    widths = []
    for _ in range(400):
        mean, means, values = 0.5, [], []
        for _ in range(200):
            value = float(rng.random() < mean)
            means.append(mean)
            values.append(value)
            mean = min(max(mean + (0.02 if value == 0 else -0.02), 0.1), 0.9)
        done = block_mean(np.array(values), options, below=0)
        low += done.lower > np.mean(means)
        high += done.upper < np.mean(means)
        widths.append(done.upper - done.lower)
    assert_coverage_within(low, 400, 0.0, 0.10)
    assert_coverage_within(high, 400, 0.0, 0.10)
    assert 2 * 1.8 < np.median(widths) / (0.5 / np.sqrt(200)) < 2 * 2.4


def test_weights_of_unequal_chances_are_covered() -> None:
    rng = np.random.default_rng(SEED)
    options = BlockOptions(labels=300, error=0.05)
    missed = 0
    for _ in range(300):
        rare = rng.random(300) < 0.1  # half of the rows, drawn with a tenth of the chance
        values = (rng.random(300) < np.where(rare, 0.9, 0.1)) * np.where(rare, 5.0, 0.5 / 0.9)
        done = block_mean(values, options, below=0, above=5)
        missed += not done.lower <= 0.5 <= done.upper
    assert_coverage_within(missed, 300, 0.0, 0.10)


def test_blocks_follow_each_other_and_share_the_error() -> None:
    options = BlockOptions(labels=100, error=0.01, every_block=True)
    assert options.error_of(0) == pytest.approx(0.01 * 6 / np.pi**2)
    assert sum(options.error_of(i) for i in range(10_000)) < 0.01
    done = block_mean(np.repeat([0.0, 1.0], 100), options)
    assert (done.number, done.first, done.last, done.value) == (1, 100, 199, 1.0)
    assert done.lower < 1 < done.upper


def test_constant_values_are_bounded_within_their_price() -> None:
    done = block_mean(np.full(500, 0.3), BlockOptions(labels=500))
    assert 0.25 < done.lower < 0.3 < done.upper < 0.35


@pytest.mark.parametrize("options", [{"labels": 1}, {"labels": 9, "error": 1.0}])
def test_nonsense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadOption):
        BlockOptions(**options)  # type: ignore[arg-type]
