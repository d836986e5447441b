"""Settings for trainers: operating points in the units that samplers and trainers ask for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from rollouts import DECIDED, Columns, curve_of, point_of, rollouts

from overopt import audit

THREE = ("best_of_n", "threshold", "kl_tilt")
SIZE = 12


def audited(columns: Columns, pressures: tuple[str, ...] = THREE) -> dict[str, Any]:
    return audit(columns, proxies=["rm"], gold="human", pressures=pressures).to_dict()


def settings(document: dict[str, Any]) -> dict[str, Any]:
    return dict(document["proxies"][0]["trainer"])


@pytest.fixture(scope="module", params=["push", "no_peak"])
def pushed(request: pytest.FixtureRequest) -> tuple[Columns, dict[str, Any]]:
    columns = rollouts(80, SIZE, shape=DECIDED[request.param])
    columns["rm"] = 3 * columns["rm"] + 10
    return columns, audited(columns)


def test_each_setting_is_its_operating_point(pushed: tuple[Columns, dict[str, Any]]) -> None:
    columns, document = pushed
    found = settings(document)
    assert found["n"] == point_of(document, "best_of_n")["strength"] > 1
    assert isinstance(found["n"], int)
    kept = point_of(document, "threshold")["strength"]
    assert found["threshold"]["kept_share"] == pytest.approx(1 / kept)
    tilt = point_of(document, "kl_tilt")
    assert found["kl"] == tilt["kl"] > 0
    assert found["beta"] == pytest.approx(1 / tilt["strength"])
    deviations = columns["rm"].reshape(-1, SIZE).std(axis=1, ddof=1)
    assert found["within_sd"] == pytest.approx(deviations.mean(), rel=0.05)
    assert found["beta_standardised"] == pytest.approx(found["beta"] / found["within_sd"])
    assert "beta = 1 / strength" in found["formula"]


def test_without_the_tilt_nothing_is_said_against_a_kl() -> None:
    found = settings(audited(rollouts(80, SIZE, shape=DECIDED["no_peak"]), ("best_of_n",)))
    assert (found["n"], found["kl"]) == (SIZE, None)
    assert found["caveat"] == "For KL and beta, audit the pressure kl_tilt too."


def test_beta_tilts_by_the_kl_that_it_promises(pushed: tuple[Columns, dict[str, Any]]) -> None:
    columns, document = pushed
    found = settings(document)
    scores = columns["rm"].reshape(-1, SIZE) / found["beta"]
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    kl = (weights * np.log(SIZE * weights)).sum(axis=1).mean()
    assert found["kl"] == pytest.approx(kl)
    at = curve_of(document, "kl_tilt")["strength"].index(point_of(document, "kl_tilt")["strength"])
    gold = (weights * columns["human"].reshape(-1, SIZE)).sum(axis=1).mean()
    assert curve_of(document, "kl_tilt")["gold"][at] == pytest.approx(gold)


def test_the_threshold_is_the_lowest_score_kept(pushed: tuple[Columns, dict[str, Any]]) -> None:
    columns, document = pushed
    threshold = settings(document)["threshold"]
    ordered = np.sort(columns["rm"].reshape(-1, SIZE))[:, ::-1]
    kept = math.ceil(threshold["kept_share"] * SIZE - 1e-9)
    assert threshold["score"] == pytest.approx(ordered[:, kept - 1].mean())


def test_the_sentence_says_the_settings(pushed: tuple[Columns, dict[str, Any]]) -> None:
    document = pushed[1]
    found = settings(document)
    assert f"n = {found['n']}" in found["sentence"]
    assert f"keep the top {100 * found['threshold']['kept_share']:.3g} %" in found["sentence"]
    assert f"KL budget {found['kl']:.3g} nats, beta = {found['beta']:.3g}" in found["sentence"]
    assert f"({found['beta_standardised']:.3g} on scaled advantages)" in found["sentence"]
    assert f"beyond {document['reach']['kl']:.3g} nats" in found["caveat"]
    assert f"{document['rows']:,} rows" in found["caveat"]


@pytest.mark.parametrize("shape", ["do_not_push", "undecided"])
def test_nothing_is_set_where_no_gain_is_proven(shape: str) -> None:
    found = settings(audited(rollouts(60, 8, shape=DECIDED[shape])))
    unset = ("n", "threshold", "kl", "beta", "beta_standardised")
    assert [found[name] for name in unset] == [None] * len(unset)
    assert found["within_sd"] > 0
    assert "No setting is supported" in found["sentence"]
    assert "certify nothing" in found["caveat"]


def test_only_audited_pressures_are_set() -> None:
    found = settings(audited(rollouts(), ("threshold",)))
    assert (found["n"], found["beta"]) == (None, None)
    assert found["threshold"] is not None
    assert "best-of-n" not in found["sentence"]


def test_ragged_prompts_each_have_their_own_cut() -> None:
    kept = np.random.default_rng(2).random(480) < 0.9
    columns = {name: values[kept] for name, values in rollouts(60, 8).items()}
    threshold = settings(audited(columns, ("threshold",)))["threshold"]
    cuts = []
    for prompt in np.unique(columns["prompt_id"]):
        ordered = np.sort(columns["rm"][columns["prompt_id"] == prompt])[::-1]
        cuts.append(ordered[math.ceil(threshold["kept_share"] * len(ordered) - 1e-9) - 1])
    assert threshold["score"] == pytest.approx(np.mean(cuts))
