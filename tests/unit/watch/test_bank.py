"""The bank's scores against the integrals they stand for, and on batches that nobody wishes for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from overopt.errors import BadOption
from overopt.watch.bank import Bank, bank_for, bank_scores, rank_scores
from overopt.watch.batch import Batch


def batch_of(proxy: object, group: object = None) -> Batch:
    values = np.asarray(proxy, dtype=float)
    number = np.zeros(len(values), dtype=int) if group is None else np.asarray(group)
    names = tuple(str(i) for i in range(int(number.max(initial=-1)) + 1))
    return Batch(run="r", key="w:1", step=0, proxy=values, group=number, prompt_ids=names)


EVERY = Bank(
    signals=(
        *("rank_gain", "best_of_4", "best_of_16", "top_vs_random"),
        *("rank_gain_pooled", "best_of_16_pooled", "best_of_64_pooled", "top_vs_random_pooled"),
    )
)


@pytest.mark.parametrize("n", [4, 16, 64])
def test_best_of_n_scores_are_the_cell_means_of_the_derivative(n: int) -> None:
    """d/dn of n F^(n-1), times n, integrated numerically over each of 16 cells."""
    size = 16
    found = rank_scores(np.arange(size)[None, :].astype(float), [f"best_of_{n}"])[0, 0]
    for i in range(size):
        exact = quad(lambda f: n * f ** (n - 1) * (1 + n * np.log(f)), i / size, (i + 1) / size)[0]
        assert found[i] == pytest.approx(size * exact, abs=1e-9)


def test_rank_gain_is_the_centred_rank_and_top_the_best_row() -> None:
    found = rank_scores(np.array([[3.0, 1.0, 2.0, 4.0]]), ["rank_gain", "top_vs_random"])
    assert found[0, 0] == pytest.approx([0.25, -0.75, -0.25, 0.75])
    assert found[1, 0] == pytest.approx([-1, -1, -1, 3])


def test_tied_rows_share_their_cells() -> None:
    smooth = rank_scores(np.arange(6.0)[None, :], EVERY.signals[:4])[:, 0]
    tied = rank_scores(np.array([[0.0, 1, 1, 1, 4, 5]]), EVERY.signals[:4])[:, 0]
    assert tied[:, 1:4] == pytest.approx(np.repeat(smooth[:, 1:4].mean(axis=1)[:, None], 3, axis=1))
    assert tied[:, [0, 4, 5]] == pytest.approx(smooth[:, [0, 4, 5]])


def test_scores_sum_to_zero_in_every_prompt_of_any_size() -> None:
    rng = np.random.default_rng(4)
    group = rng.permutation(np.repeat(np.arange(9), [1, 2, 3, 8, 8, 8, 16, 5, 8]))
    proxy = np.round(rng.standard_normal(len(group)), 1)
    proxy[group == 7] = 0.3
    proxy[[3, 11, 30]] = [np.nan, np.inf, -np.inf]
    scores = bank_scores(batch_of(proxy, group), EVERY)
    for prompt in range(9):
        assert scores[:, group == prompt].sum(axis=1) == pytest.approx(0, abs=1e-9)
    assert np.all(scores[:, ~np.isfinite(proxy)] == 0)
    assert np.all(scores[:, group == 7] == 0)
    assert np.all(scores[:, group == 0] == 0)
    assert np.all(np.abs(scores[:, group == 4]).sum(axis=1) > 0)


def test_an_increasing_map_changes_no_score_within_prompts() -> None:
    rng = np.random.default_rng(5)
    proxy, group = np.round(rng.standard_normal(32), 1), np.repeat(np.arange(4), 8)
    within = Bank(signals=EVERY.signals[:4])
    before, after = (bank_scores(batch_of(p, group), within) for p in (proxy, np.exp(3 * proxy)))
    assert np.array_equal(before, after)


def test_pooled_scores_ignore_what_a_prompt_adds_to_all_its_rows() -> None:
    rng = np.random.default_rng(6)
    group = np.repeat(np.arange(8), 8)
    proxy = rng.integers(0, 9, 64).astype(float)
    moved = proxy + rng.integers(-100, 100, 8)[group]
    pooled = Bank(signals=EVERY.signals[4:])
    assert np.array_equal(
        bank_scores(batch_of(proxy, group), pooled), bank_scores(batch_of(moved, group), pooled)
    )


def test_light_error_has_a_positive_gain_at_n_equal_to_the_batch() -> None:
    """Gold a logistic curve of a light-error proxy: a midpoint score says -.005 at B = n = 64."""
    rng = np.random.default_rng(7)
    quality = rng.standard_normal((4000, 64))
    gold = 1 / (1 + np.exp(-quality))
    score = rank_scores(quality + rng.standard_normal((4000, 64)), ["best_of_64"])[0]
    gains = (gold * score).mean(axis=1)
    assert gains.mean() > 8 * gains.std() / np.sqrt(len(gains))


@pytest.mark.parametrize("proxy", [[], [np.nan, np.inf], [1.0], [2.0] * 8])
def test_batches_without_choice_score_zero(proxy: list[float]) -> None:
    scores = bank_scores(batch_of(proxy), EVERY)
    assert scores.shape == (8, len(proxy))
    assert np.all(scores == 0)


def test_huge_and_tiny_scores_are_ranked() -> None:
    for scale in (1.7e308, 1e-300):
        proxy = np.array([-1.0, 1.0, 0.5, -0.5]) * scale
        assert np.array_equal(
            bank_scores(batch_of(proxy), EVERY), bank_scores(batch_of(proxy / scale), EVERY)
        )


def test_small_groups_get_the_pooled_form() -> None:
    rows = batch_of(np.arange(64.0), np.repeat(np.arange(8), 8))
    assert bank_for(rows).signals == (
        *("rank_gain", "best_of_4", "best_of_16_pooled", "best_of_64_pooled", "top_vs_random"),
    )
    one_prompt = batch_of(np.arange(8.0))
    assert bank_for(one_prompt).signals == Bank().signals
    assert bank_for(batch_of([])).signals == Bank().signals


@pytest.mark.parametrize("signals", [(), ("best_of_1",), ("mean",), ("rank_gain", "rank_gain")])
def test_unknown_signals_are_refused(signals: tuple[str, ...]) -> None:
    with pytest.raises(BadOption):
        Bank(signals=signals)
