"""Every mechanism is named where it was planted, with its numbers and rows, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from planted import (
    anti_correlated,
    capped,
    healthy,
    heavy_error,
    ids,
    mechanism,
    mechanisms,
    partly_labelled,
    turning,
    unrelated,
)
from tables import table

from overopt import audit
from overopt.auditing.mechanisms.turning import _contrasts, _cuts
from overopt.curves.estimation import gold_curve
from overopt.findings import CATALOGUE
from overopt.pressure import BestOfN
from overopt.samples import Samples


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestHealthy:
    def test_a_good_score_shows_none(self) -> None:
        assert ids(healthy(rng())) == []

    def test_nothing_is_claimed_of_a_handful_of_prompts(self) -> None:
        assert ids(anti_correlated(rng(), prompts=9)) == []
        assert ids(anti_correlated(rng(), prompts=10, size=40)) == ["anti_correlation"]

    @pytest.mark.parametrize("flat", ["a", "gold"])
    def test_scores_or_gold_that_never_vary_show_none(self, flat: str) -> None:
        columns = {"a": rng().random((20, 4)), "gold": rng(2).random((20, 4))}
        assert ids(table(**{**columns, flat: np.ones((20, 4))})) == []

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_small_groups_show_what_they_can(self, size: int) -> None:
        expected = [] if size == 1 else ["anti_correlation"]
        assert ids(anti_correlated(rng(), prompts=400, size=size)) == expected

    def test_labels_of_unknown_choice_show_none(self) -> None:
        some = partly_labelled(anti_correlated(rng()), 0.5, rng(2))
        assert ids(some) == ["anti_correlation"]
        assert ids(replace(some, label_prob=None)) == []


class TestTurning:
    def test_it_names_the_top_and_its_worst_rows(self) -> None:
        samples = turning(rng())
        one = mechanism("turning_dependence", samples)
        assert one.data["fall_upper"] < 0 < one.data["rise_lower"]
        assert one.data["top_share"] <= 0.25
        assert samples.gold is not None
        scores = samples.proxies["a"].reshape(-1, 16)
        top = np.argsort(scores, axis=1)[:, -round(16 * one.data["top_share"]) :]
        rows = (top + 16 * np.arange(len(scores))[:, None]).ravel()
        assert one.data["count"] == len(rows)
        worst = rows[np.argsort(samples.gold[rows])][:20]
        assert one.data["rows"] == worst.tolist()

    def test_it_is_seen_through_a_fifth_of_the_labels(self) -> None:
        some = partly_labelled(turning(rng(), prompts=200), 0.2, rng(2))
        assert "turning_dependence" in ids(some)

    def test_a_plateau_is_not_a_turn(self) -> None:
        proxy = rng().standard_normal((100, 16))
        gold = np.minimum(proxy, 0.3) + 0.5 * rng(2).standard_normal(proxy.shape)
        assert ids(table(a=proxy, gold=gold)) == []

    def test_a_fall_from_the_start_is_not_a_turn(self) -> None:
        assert ids(anti_correlated(rng())) == ["anti_correlation"]

    def test_contrasts_are_differences_of_means_of_ranks(self) -> None:
        """Gold of ranks 1 to 8, mean kept at each cut -> what the names say."""
        gold, cuts = np.arange(1.0, 9) ** 2, _cuts(8)
        assert cuts.tolist() == [1, 2, 4, 8]
        kept = np.array([gold[-round(8 / s) :].mean() for s in cuts])
        rises, falls, pairs = _contrasts(1 / cuts)
        assert pairs == [(1, 2), (1, 3), (2, 3)]
        below, band = gold[:4].mean(), gold[4:6].mean()
        assert rises @ kept == pytest.approx([band - below, gold[6] - gold[:6].mean()])
        top = gold[6:].mean()
        assert falls @ kept == pytest.approx([top - band, gold[7] - band, gold[7] - gold[6]])

    @pytest.mark.parametrize(
        ("size", "cuts"), [(1, [1]), (2, [1, 2]), (5, [1, 2, 5]), (7, [1, 2, 4, 7])]
    )
    def test_cuts_end_at_one_candidate(self, size: int, cuts: list[float]) -> None:
        assert _cuts(size).tolist() == cuts


class TestAssociation:
    def test_the_difference_is_that_of_all_pairs(self) -> None:
        samples = anti_correlated(rng())
        one = mechanism("anti_correlation", samples)
        assert samples.gold is not None
        scores, gold = samples.proxies["a"].reshape(-1, 16), samples.gold.reshape(-1, 16)
        first = scores[:, :, None] > scores[:, None, :]
        difference = (gold[:, :, None] - gold[:, None, :])[first].mean()
        assert one.data["pair_difference"] == pytest.approx(difference)
        assert one.data["lower"] < difference < one.data["upper"] < 0

    def test_its_limits_are_those_of_a_fifth_of_the_error(self) -> None:
        samples = anti_correlated(rng())
        one = mechanism("anti_correlation", samples)
        curve = gold_curve(samples, "a", BestOfN(), level=0.99)
        assert one.data["level"] == pytest.approx(0.99)
        _, lower, upper = (2 * float(limit[1]) for limit in curve.gain())
        assert (one.data["lower"], one.data["upper"]) == pytest.approx((lower, upper))

    def test_ties_are_a_toss(self) -> None:
        """A binary score whose passes have 1 less gold: half of the pairs are ties."""
        passed = np.tile([0.0, 0.0, 1.0, 1.0], (20, 1))
        one = mechanism("anti_correlation", table(a=passed, gold=-passed))
        assert one.data["pair_difference"] == pytest.approx(-2 / 3)

    def test_evidence_of_absence_needs_data(self) -> None:
        assert ids(unrelated(rng())) == ["no_association"]
        assert ids(unrelated(rng(), prompts=30, size=4)) == []

    def test_a_proven_loss_at_the_top_is_an_association(self) -> None:
        """Gold rises to the middle rank and falls back: pairs tell nothing, the top does."""
        proxy = rng().standard_normal((300, 16))
        gold = -np.abs(proxy) + 0.3 * rng(2).standard_normal(proxy.shape)
        assert "no_association" not in ids(table(a=proxy, gold=gold))

    def test_it_stands_for_the_finding_that_says_less(self) -> None:
        found = audit(anti_correlated(rng()), pressures=["best_of_n"]).proxies[0]
        assert [one.id for one in found.mechanisms] == ["anti_correlation"]
        assert "OV109" not in [one.code for one in found.findings]


class TestHeavyError:
    def test_it_is_named_while_gold_still_rises(self) -> None:
        samples = heavy_error(rng())
        one = mechanism("heavy_error_tail", samples)
        assert one.data["error"]["verdict"] == "heavy"
        assert one.data["error"]["xi_lower"] > 0
        assert gold_curve(samples, "a", BestOfN()).gain()[1][-1] > 0

    def test_gold_with_as_heavy_a_tail_is_no_reason_to_fear(self) -> None:
        gold, error = rng().standard_t(2.0, (2, 200, 32))
        assert "heavy_error_tail" not in ids(table(a=gold + 0.5 * error, gold=gold))

    def test_nor_is_a_score_with_a_cap(self) -> None:
        samples = heavy_error(rng())
        capped_at_3 = np.minimum(samples.proxies["a"], 3.0)
        assert "heavy_error_tail" not in ids(replace(samples, proxies={"a": capped_at_3}))

    def test_light_errors_are_not_heavy(self) -> None:
        assert "heavy_error_tail" not in ids(healthy(rng(), 200, 32))


class TestSaturation:
    def test_it_tells_where_selection_ends_and_gold_there(self) -> None:
        samples = capped(rng())
        one = mechanism("saturation_at_cap", samples)
        assert samples.gold is not None
        scores, gold = samples.proxies["a"].reshape(-1, 16), samples.gold.reshape(-1, 16)
        reached = (scores == 1).sum(axis=1)
        shared = reached > 1
        assert one.data["kl_end"] == pytest.approx(-np.log(reached[shared] / 16).mean())
        there = gold[shared][scores[shared] == 1]
        assert one.data["gold"] == pytest.approx(there.mean())
        assert one.data["lower"] < there.mean() < one.data["upper"]

    def test_it_stands_for_the_finding_that_says_less(self) -> None:
        found = audit(capped(rng()), pressures=["best_of_n"]).proxies[0]
        assert [one.id for one in found.mechanisms] == ["saturation_at_cap"]
        assert "OV105" not in [one.code for one in found.findings]


@pytest.mark.parametrize("plant", [turning, anti_correlated, unrelated, capped, heavy_error])
def test_mechanisms_are_in_the_catalogue_and_short(
    plant: Callable[[np.random.Generator], Samples],
) -> None:
    for one in mechanisms(plant(rng())):
        assert CATALOGUE[one.code].title.lower().startswith(one.id.replace("_", " ")[:4])
        assert "\n" not in one.message
        assert len(one.message) < 420
