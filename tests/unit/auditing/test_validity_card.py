"""The validity card: plain JSON that says what was audited, read and checked on its own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from calibrated import assert_coverage_within
from tables import noise, table

from overopt.auditing import audit
from overopt.auditing.validity_card import CardCheck, check, gold_at, validity_card
from overopt.errors import BadOption, BadSamples
from overopt.samples import Samples

PROMPTS, SIZE = 100, 8


def sampled(labelled: bool = True) -> Samples:
    gold = noise(1, PROMPTS, SIZE)
    score = gold + noise(2, PROMPTS, SIZE)
    return table(a=score, b=-score, gold=gold) if labelled else table(a=score, b=-score)


def card_of(samples: Samples, proxy: str = "a") -> dict[str, Any]:
    found = audit(samples, proxies=[proxy], pressures=["best_of_n", "kl_tilt"])
    card = found.card(proxy)
    return json.loads(json.dumps(card, allow_nan=False))  # what a monitor would load


def named(checks: list[CardCheck]) -> dict[str, CardCheck]:
    return {one.name: one for one in checks}


class TestContent:
    def test_it_names_its_data_and_its_promises(self) -> None:
        samples = sampled()
        card = card_of(samples)
        assert (card["schema"], card["proxy"]) == ("overopt.card/1", "a")
        assert card["fingerprint"] == samples.fingerprint
        made = card["created_from"]
        assert (made["rows"], made["prompts"], made["labelled"]) == (800, PROMPTS, 800)
        assert card["score_range"]["max"] == samples.proxies["a"].max()
        best, tilt = card["pressures"]
        assert (best["pressure"], best["supported_to"]) == ("best_of_n", 8.0)
        assert best["operating_point"]["strength"] <= best["supported_to"]
        assert best["operating_point"]["gain_lower"] > 0
        assert tilt["pressure"] == "kl_tilt"

    def test_support_ends_where_trust_does(self) -> None:
        samples = sampled()
        found = audit(samples, proxies=["a"], pressures=["best_of_n"]).to_dict()
        found["proxies"][0]["curves"][0]["grey"] = [False] * 5 + [True] * 3
        assert validity_card(found, samples, "a")["pressures"][0]["supported_to"] == 5.0

    def test_quantiles_say_how_many_scores_they_reach(self) -> None:
        scores = np.minimum(noise(2, PROMPTS, SIZE), -0.2)  # the top half shares one score
        card = card_of(table(a=scores, gold=noise(1, PROMPTS, SIZE)))
        for row in card["quantiles"]:
            assert row["share"] == np.mean(scores <= row["score"]) >= row["quantile"] - 1e-12
        assert card["quantiles"][4]["score"] == card["quantiles"][-1]["score"] == -0.2

    def test_shares_are_as_sure_as_their_prompts(self) -> None:
        alike = np.repeat(noise(2, PROMPTS, 1), SIZE, axis=1) + 1e-6 * noise(3, PROMPTS, SIZE)
        row = card_of(table(a=alike, gold=noise(1, PROMPTS, SIZE)))["quantiles"][4]
        assert row["error"] == pytest.approx(np.sqrt(0.25 / PROMPTS), rel=0.02)

    def test_without_gold_it_has_scores_only(self) -> None:
        card = card_of(sampled(labelled=False))
        assert (card["gold_by_score"], card["gold_source"]) == ([], None)
        assert np.isnan(gold_at(card, 0.0)).all()
        assert named(check(card, noise(3, 200, 1)[:, 0]))["range"].ok

    def test_an_unknown_proxy(self) -> None:
        samples = sampled()
        found = audit(samples, proxies=["a"], pressures=["best_of_n"])
        with pytest.raises(BadOption, match="no proxy 'z' in this audit; it has: 'a'"):
            validity_card(found.to_dict(), samples, "z")


class TestReading:
    def test_gold_of_a_score(self) -> None:
        card = card_of(sampled())
        bins = card["gold_by_score"]
        for row in bins:
            assert gold_at(card, row["score"]) == (row["gold"], row["lower"], row["upper"])
        between = (bins[3]["score"] + bins[4]["score"]) / 2
        assert gold_at(card, between)[0] == pytest.approx((bins[3]["gold"] + bins[4]["gold"]) / 2)
        assert gold_at(card, bins[0]["from"])[0] == bins[0]["gold"]

    def test_nothing_beyond_the_scores_seen(self) -> None:
        card = card_of(sampled())
        for score in (card["score_range"]["max"] + 0.01, card["score_range"]["min"] - 0.01):
            assert np.isnan(gold_at(card, score)).all()


class TestCheck:
    def live(self, seed: int, size: int = 400) -> np.ndarray:
        return np.sqrt(2) * np.random.default_rng(seed).normal(size=size)

    def test_scores_like_those_of_the_card_pass(self) -> None:
        card = card_of(sampled())
        trials = 400
        wrong = sum(
            not named(check(card, self.live(seed, 60)))["drift"].ok for seed in range(trials)
        )
        assert_coverage_within(wrong, trials, 0.0, 0.01)

    @pytest.mark.parametrize("moved", ["higher", "wider", "narrower"])
    def test_drift_is_seen(self, moved: str) -> None:
        live = {
            "higher": self.live(1) + 1.0,
            "wider": self.live(1) * 2.0,
            "narrower": self.live(1) * 0.3,
        }[moved]
        drift = named(check(card_of(sampled()), live))["drift"]
        assert not drift.ok
        assert drift.value > drift.allowed

    def test_scores_that_the_card_never_saw(self) -> None:
        card = card_of(sampled())
        live = self.live(1)
        live[:10] = card["score_range"]["max"] + 1
        live[10:20] = card["score_range"]["min"] - 1
        found = named(check(card, live))
        assert not found["range"].ok
        assert found["range"].value == pytest.approx(0.05, abs=0.01)
        assert "5 % of 400 scores lie outside" in found["range"].sentence
        json.dumps([one.to_dict() for one in found.values()])

    def test_a_card_of_one_prompt_knows_no_drift(self) -> None:
        card = card_of(table(a=noise(1, 1, 8), gold=noise(2, 1, 8)))
        assert named(check(card, self.live(1) + 9))["drift"].allowed == 1.0

    def test_scores_that_are_not_finite_are_left_out_and_none_is_an_error(self) -> None:
        card = card_of(sampled())
        assert check(card, np.append(self.live(1), np.nan)) == check(card, self.live(1))
        with pytest.raises(BadSamples, match="no finite score among 2"):
            check(card, np.array([np.nan, np.inf]))
