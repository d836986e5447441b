"""Ranking of proxies: order, the shared level, pairing, and tables scored in part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from calibrated import assert_coverage_within
from scipy import stats
from tables import noise, table

from overopt import read_samples
from overopt.curves.completed_gold import completed_gold, label_design
from overopt.curves.estimated_curve import EstimatedCurve
from overopt.curves.estimation import gold_curve
from overopt.curves.operating_point import OperatingPoint, Tolerance, operating_point
from overopt.curves.proxy_ranking import ProxyRanking, proxy_ranking
from overopt.errors import BadOption
from overopt.pressure import BestOfN
from overopt.samples import Samples, scored

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
PROMPTS, SIZE = 60, 8


def ranked(
    samples: Samples, names: Sequence[str], drawn: str | None = None, cost: float = 0.0
) -> tuple[ProxyRanking, dict[str, tuple[EstimatedCurve, OperatingPoint]]]:
    entries, completed = {}, {}
    for name in names:
        part = scored(samples, name)
        completed[name] = completed_gold(part, name, label_design(samples, drawn))
        curve = gold_curve(part, name, BestOfN(), labels_drawn=drawn, completed=completed[name])
        entries[name] = (curve, operating_point(curve, 1.0, Tolerance(cost=cost)))
    return proxy_ranking(samples, list(entries.values()), completed), entries


def scores(quality: float, seed: int, gold: np.ndarray) -> np.ndarray:
    return quality * gold + noise(seed, PROMPTS, SIZE)


class TestOrder:
    def test_the_better_proxy_comes_first_and_is_proven_so(self) -> None:
        gold = noise(1, PROMPTS, SIZE)
        samples = table(a=scores(0.1, 2, gold), b=scores(3.0, 3, gold), gold=gold)
        found, entries = ranked(samples, ["a", "b"])
        assert [row.name for row in found.rows] == ["b", "a"]
        assert found.comparison.proven
        assert found.comparison.sentence.startswith("b is proven better than a")
        for row in found.rows:
            curve, point = entries[row.name]
            assert row.gold == pytest.approx(curve.gold[point.position])
            assert (row.gain, row.strength) == (point.gain, point.strength)

    def test_gains_share_the_level(self) -> None:
        gold = noise(1, PROMPTS, SIZE)
        samples = table(a=scores(1.0, 2, gold), b=scores(3.0, 3, gold), gold=gold)
        found, entries = ranked(samples, ["a", "b"])
        assert found.level_each == pytest.approx(0.975)
        for row in found.rows:
            point = entries[row.name][1]
            assert row.gain_lower < point.gain_lower
            middle = (row.gain_lower + row.gain_upper) / 2
            assert middle == pytest.approx(row.gain)

    def test_one_proxy_is_no_ranking(self) -> None:
        samples = table(a=noise(1), gold=noise(2))
        with pytest.raises(BadOption, match="1 proxies: give at least two"):
            ranked(samples, ["a"])


class TestComparison:
    def test_it_is_a_paired_t_interval(self) -> None:
        gold = noise(1, PROMPTS, SIZE)
        samples = table(a=scores(2.0, 2, gold), b=scores(3.0, 3, gold), gold=gold)
        found, _ = ranked(samples, ["a", "b"])
        vectors = []
        for row in found.rows:
            weights = BestOfN().weights(
                samples.proxies[row.name].reshape(gold.shape), np.array([row.strength])
            )
            vectors.append((weights[:, 0] * gold).sum(axis=1))
        expected = stats.ttest_rel(*vectors).confidence_interval(0.95)
        assert found.comparison.lower == pytest.approx(expected.low)
        assert found.comparison.upper == pytest.approx(expected.high)

    def test_twins_are_not_told_apart(self) -> None:
        gold = noise(1, PROMPTS, SIZE)
        one = scores(3.0, 3, gold)
        found, _ = ranked(table(a=one, b=np.exp(one), gold=gold), ["a", "b"])
        assert (found.comparison.difference, found.comparison.proven) == (0.0, False)
        assert found.comparison.sentence == "a and b reach the same gold: nothing tells them apart."

    def test_of_many_equal_proxies_the_winner_is_rarely_proven(self) -> None:
        """Choosing the best of three must not make it look better than the runner-up."""
        trials, proven = 200, 0
        rng = np.random.default_rng(0)
        for _ in range(trials):
            gold = rng.normal(size=(20, 4))
            proxies = {name: gold + rng.normal(size=gold.shape) for name in ("a", "b", "c")}
            proven += ranked(table(gold=gold, **proxies), list(proxies))[0].comparison.proven
        assert_coverage_within(proven, trials, 0.0, 0.05)

    def test_rounding_is_no_difference(self) -> None:
        """Both proxies stay at no pressure, where gold is the plain mean in another order."""
        gold = noise(1, PROMPTS, SIZE)
        found, _ = ranked(
            table(a=noise(2, PROMPTS, SIZE), b=noise(3, PROMPTS, SIZE), gold=gold), "ab"
        )
        assert {row.strength for row in found.rows} == {1.0}
        assert not found.comparison.proven
        assert "nothing tells them apart" in found.comparison.sentence

    def test_few_differences_on_a_bounded_scale_prove_nothing(self) -> None:
        """Two candidates; the proxies differ on three of sixty prompts, each time for the good."""
        gold = np.tile([0.0, 1.0], (PROMPTS, 1))
        good, bad = gold + 0.0, gold + 0.0
        bad[:3] = bad[:3, ::-1]
        found, _ = ranked(table(a=good, b=bad, gold=gold), ["a", "b"])
        assert found.comparison.difference == pytest.approx(0.05)
        spread = np.append(np.ones(3), np.zeros(57)).std(ddof=1) / np.sqrt(60)
        error = np.hypot(spread, 1 / 60)
        half = stats.t.ppf(0.975, 59) * error
        assert found.comparison.lower == pytest.approx(0.05 - half)

    def test_labels_of_unknown_design_prove_nothing(self) -> None:
        gold = noise(1, PROMPTS, SIZE)
        known = np.random.default_rng(1).random(gold.shape) < 0.8
        samples = table(
            a=scores(-2.0, 2, gold), b=scores(3.0, 3, gold), gold=np.where(known, gold, np.nan)
        )
        for drawn in ("unknown", "uniform"):
            found, _ = ranked(samples, ["a", "b"], drawn)
            assert found.comparison.proven == (drawn == "uniform")


class TestScoredInPart:
    def test_only_common_prompts_are_compared(self) -> None:
        gold = noise(1, PROMPTS, SIZE) + np.arange(PROMPTS)[:, None]  # late prompts are better
        early, late = scores(3.0, 2, gold), scores(3.0, 3, gold)
        early[40:], late[:20] = np.nan, np.nan
        found, _ = ranked(table(a=early, b=late, gold=gold), ["a", "b"])
        assert found.comparison.prompts == 20
        assert abs(found.comparison.difference) < 1  # not the twenty points between their prompts
        for row in found.rows:
            assert 28 < row.gold < 33

    def test_no_common_prompt_no_comparison(self) -> None:
        gold = noise(1, PROMPTS, SIZE)
        early, late = scores(3.0, 2, gold), scores(3.0, 3, gold)
        early[30:], late[:30] = np.nan, np.nan
        found, _ = ranked(table(a=early, b=late, gold=gold), ["a", "b"])
        assert found.comparison.prompts == 0
        assert "scored no prompt in common" in found.comparison.sentence
        assert (
            json.loads(json.dumps(found.to_dict(), allow_nan=False))["comparison"]["lower"] is None
        )


def test_the_cost_of_candidates_counts() -> None:
    gold = noise(1, PROMPTS, SIZE)
    samples = table(a=scores(2.0, 2, gold), b=scores(1.9, 3, gold), gold=gold)
    free, _ = ranked(samples, ["a", "b"])
    paid, entries = ranked(samples, ["a", "b"], cost=0.01)
    for row in paid.rows:
        curve, point = entries[row.name]
        spent = 0.01 * (point.strength - 1)
        assert row.gold == pytest.approx(curve.gold[point.position] - spent)
        assert row.gain == pytest.approx(row.gold - curve.gold[0])
        assert (row.gain_lower + row.gain_upper) / 2 == pytest.approx(row.gain)
    assert paid.rows[0].gold < free.rows[0].gold


@pytest.mark.skipif(not DATA.exists(), reason="the shared tables are not here")
def test_a_judge_against_mere_length() -> None:
    names = ["proxy_chars", "proxy_judge"]
    samples = read_samples(DATA / "judge_bon24.parquet", proxies=names, gold="gold")
    found, _ = ranked(samples, names)
    assert [row.name for row in found.rows] == ["proxy_judge", "proxy_chars"]
    assert found.rows[0].gold == pytest.approx(0.8235, abs=5e-5)
    assert found.comparison.proven
