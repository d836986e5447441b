"""The audit as a whole: what must not change it, what must, and the object that it returns."""

from __future__ import annotations

import itertools
import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from rollouts import (
    DECIDED,
    PRESSURES,
    Columns,
    curve_of,
    labelled,
    point_of,
    rollouts,
    shuffled,
    winner,
)
from scipy.stats import t

import overopt
from overopt import Audit, BadOption, BadSamples, NotIdentified, audit

QUICK: dict[str, Any] = {"proxies": ["rm"], "gold": "human", "pressures": ["best_of_n"]}
WHOLE: dict[str, Any] = {"proxies": ["rm"], "gold": "human"}
PER_UNIT = {"kl_tilt", "chi_square"}  # strengths per unit of proxy
NOT_ABOUT_VALUES = ("decision", "kl", "gain", "gain_lower", "gain_upper", "tolerance", "needs")


def decisions(columns: Columns, **options: Any) -> dict[str, str]:
    points = audit(columns, **WHOLE, **options).to_dict()["proxies"][0]["operating_points"]
    return {point["pressure"]: point["decision"] for point in points}


def best(columns: Columns, **options: Any) -> dict[str, Any]:
    """Operating point of best-of-n."""
    return point_of(audit(columns, **{**QUICK, **options}).to_dict(), "best_of_n")


class TestInvariance:
    @settings(max_examples=8, deadline=None, derandomize=True)
    @given(
        shape=st.sampled_from(sorted(DECIDED)),
        design=st.sampled_from(["all", "uniform"]),
        coarse=st.booleans(),
        unit=st.floats(1e-3, 1e3),
        shift=st.floats(-50, 50),
    )
    def test_units_of_the_proxy_change_no_decision(
        self, shape: str, design: str, coarse: bool, unit: float, shift: float
    ) -> None:
        columns = labelled(rollouts(24, 6, shape=DECIDED[shape]), design)
        scores = np.round(2 * columns["rm"]) / 2 if coarse else columns["rm"]
        drawn = None if design == "all" else design
        one, other = (
            audit({**columns, "rm": values}, **WHOLE, labels_drawn=drawn).to_dict()["proxies"][0]
            for values in (scores, unit * (scores + shift))
        )
        for here, there in zip(one["operating_points"], other["operating_points"], strict=True):
            scale = unit if here["pressure"] in PER_UNIT else 1.0
            assert there["strength"] * scale == pytest.approx(here["strength"], rel=1e-6)
            for name in NOT_ABOUT_VALUES:
                known = isinstance(here[name], float)
                assert there[name] == (pytest.approx(here[name], abs=1e-6) if known else here[name])
        assert [f["code"] for f in other["findings"]] == [f["code"] for f in one["findings"]]
        if one["trainer"]["beta"] is not None:
            assert other["trainer"]["beta"] == pytest.approx(unit * one["trainer"]["beta"])
            standardised = one["trainer"]["beta_standardised"]
            assert other["trainer"]["beta_standardised"] == pytest.approx(standardised)

    @pytest.mark.parametrize("design", ["all", "recorded", "none"])
    def test_the_order_of_rows_changes_nothing(self, design: str) -> None:
        columns = labelled(rollouts(), design)
        options = {**WHOLE, "proxies": ["rm", "judge"]}
        options["gold"] = None if design == "none" else "human"
        one = audit(columns, **options).to_dict()
        other = audit(shuffled(columns, 3), **options).to_dict()
        assert other["fingerprint"] == one["fingerprint"]
        assert other["headline"] == one["headline"]
        for here, there in zip(one["proxies"], other["proxies"], strict=True):
            assert [f["code"] for f in there["findings"]] == [f["code"] for f in here["findings"]]
            for point, same in zip(
                here["operating_points"], there["operating_points"], strict=True
            ):
                assert (same["decision"], same["needs"]) == (point["decision"], point["needs"])
                assert same["strength"] == pytest.approx(point["strength"])
                assert same["sentence"] == point["sentence"]

    def test_a_shifted_gold_gains_the_same(self) -> None:
        columns = rollouts(shape=DECIDED["push"])
        moved = {**columns, "human": 10 * columns["human"] - 500}
        here, there = best(columns), best(moved)
        assert (there["decision"], there["strength"]) == (here["decision"], here["strength"])
        for name in ("gain", "gain_lower", "gain_upper", "tolerance"):
            assert there[name] == pytest.approx(10 * here[name])


class TestOptions:
    def test_the_win_rate_is_the_mean_quantile_of_gold_in_its_prompt(self) -> None:
        columns = rollouts(12, 6, seed=2)
        columns["human"] = np.round(columns["human"])  # ties count half
        document = audit(columns, **QUICK, objective="win-rate").to_dict()
        gold, rm = (columns[name].reshape(12, 6) for name in ("human", "rm"))
        wins = np.empty((12, 6))
        for i, j in np.ndindex(12, 6):
            others = np.delete(gold[i], j)
            beaten = np.sum(others < gold[i, j]) + 0.5 * np.sum(others == gold[i, j])
            wins[i, j] = (beaten + 1) / (6 + 1)
        for n, found in zip(range(1, 7), curve_of(document, "best_of_n")["gold"], strict=True):
            served = [
                wins[i, max(drawn, key=lambda j: rm[i, j])]
                for i in range(12)
                for drawn in itertools.combinations(range(6), n)
            ]
            assert found == pytest.approx(np.mean(served))
        assert curve_of(document, "best_of_n")["gold"][0] == pytest.approx(0.5)

    def test_the_win_rate_of_some_labels_is_not_identified(self) -> None:
        columns = labelled(rollouts(), "uniform")
        with pytest.raises(NotIdentified, match="use the objective mean"):
            audit(columns, **QUICK, labels_drawn="uniform", objective="win-rate")

    def test_cost_turns_no_peak_into_push_and_then_into_do_not_push(self) -> None:
        columns = rollouts(80, 16)
        free, dear, ruinous = (best(columns, cost=cost) for cost in (0.0, 0.12, 2.0))
        assert [one["decision"] for one in (free, dear, ruinous)] == [
            "no_peak",
            "push",
            "do_not_push",
        ]
        assert free["strength"] > dear["strength"] > ruinous["strength"] == 1
        gains = curve_of(audit(columns, **QUICK).to_dict(), "best_of_n")["gain"]
        net = np.array(gains) - 0.12 * np.arange(16)
        assert dear["strength"] == 1 + np.argmax(net)
        assert dear["gain"] == pytest.approx(net.max())

    def test_cost_leaves_pressures_alone_that_draw_no_more_candidates(self) -> None:
        columns = rollouts(60, 8)
        one, other = decisions(columns), decisions(columns, cost=2.0)
        assert {name for name in PRESSURES if one[name] != other[name]} == {
            "best_of_n",
            "soft_best_of_n",
            "best_of_poisson",
        }

    def test_tolerance_is_the_larger_of_two_shares(self) -> None:
        columns = rollouts(120, 16, shape=DECIDED["saturated"])
        deviation = columns["human"].reshape(120, 16).var(axis=1, ddof=1).mean() ** 0.5
        wide = best(columns, tolerance_sd=0.3, tolerance_gain=0.0)
        assert wide["tolerance"] == pytest.approx(0.3 * deviation)
        share = best(columns, tolerance_sd=0.0, tolerance_gain=0.25)
        assert share["tolerance"] == pytest.approx(0.25 * share["gain"])
        none = best(columns, tolerance_sd=0.0, tolerance_gain=0.0)
        assert none["tolerance"] == 0
        found = [one["decision"] for one in (wide, share, none)]
        assert found == ["saturated", "saturated", "undecided"]

    def test_the_level_scales_intervals_by_t_quantiles(self) -> None:
        columns = rollouts(20, 8, noise=2.0)
        low, high = (
            curve_of(audit(columns, **QUICK, level=level).to_dict(), "best_of_n")
            for level in (0.8, 0.99)
        )
        widths = [np.subtract(curve["upper"], curve["lower"]) for curve in (low, high)]
        ratio = t.ppf(0.995, 19) / t.ppf(0.9, 19)
        np.testing.assert_allclose(widths[1] / widths[0], ratio)
        assert best(columns, level=0.99)["gain_lower"] < best(columns, level=0.8)["gain_lower"]

    def test_soft_lambda_runs_from_no_pressure_to_best_of_n(self) -> None:
        columns = rollouts()

        def soft(sharpness: float | None) -> dict[str, Any]:
            options: dict[str, Any] = {**WHOLE, "pressures": ["best_of_n", "soft_best_of_n"]}
            return audit(columns, **options, soft_lambda=sharpness).to_dict()

        document = soft(1e6)
        hard = curve_of(document, "best_of_n")
        by_strength = dict(zip(hard["strength"], hard["gold"], strict=True))
        sharp = curve_of(document, "soft_best_of_n")
        assert sharp["gold"] == pytest.approx([by_strength[n] for n in sharp["strength"]])
        blunt = curve_of(soft(1e-6), "soft_best_of_n")
        assert blunt["gold"] == pytest.approx([hard["gold"][0]] * len(blunt["gold"]), abs=1e-4)
        usual = curve_of(soft(None), "soft_best_of_n")["parameters"]
        within = columns["rm"].reshape(40, 8).std(axis=1, ddof=1).mean()
        assert next(iter(usual.values())) == pytest.approx(2 / within, rel=0.1)

    def test_the_first_pressure_leads(self) -> None:
        document = audit(rollouts(), **{**QUICK, "pressures": ["kl_tilt", "best_of_n"]}).to_dict()
        assert document["proxies"][0]["headline"]["pressure"] == "kl_tilt"
        assert document["headline"] == point_of(document, "kl_tilt")["sentence"]

    def test_progress_tells_each_proxy_and_never_goes_back(self) -> None:
        told: list[tuple[str, float]] = []
        options = {**WHOLE, "proxies": ["rm", "judge"]}
        audit(rollouts(), **options, progress=lambda *stage: told.append(stage))
        shares = [share for _, share in told]
        assert shares == sorted(shares)
        assert 0 <= shares[0] < shares[-1] <= 1
        assert {stage.partition(":")[0] for stage, _ in told} == {"rm", "judge"}


class TestLabels:
    def test_a_declared_design_decides_and_an_unknown_one_does_not(self) -> None:
        columns = labelled(rollouts(80), "uniform")
        assert best(columns, labels_drawn="uniform")["decision"] == "no_peak"
        for declared in (None, "unknown"):
            found = audit(columns, **QUICK, labels_drawn=declared)
            assert found.design == "unknown"
            point = point_of(found.to_dict(), "best_of_n")
            assert (point["decision"], point["strength"]) == ("undecided", 1)
            assert "--labels-drawn" in point["needs"]

    def test_recorded_chances_need_no_declaration(self) -> None:
        found = audit(labelled(rollouts(80), "recorded"), **QUICK)
        assert found.design == "recorded"
        assert point_of(found.to_dict(), "best_of_n")["decision"] == "no_peak"

    def test_a_declaration_is_idle_where_all_is_labelled(self) -> None:
        for declared in ("all", "uniform", "winners"):
            found = audit(rollouts(), **QUICK, labels_drawn=declared)
            assert found.design == "all"
            assert found.to_dict() == audit(rollouts(), **QUICK).to_dict()

    def test_all_is_refused_where_labels_are_missing(self) -> None:
        with pytest.raises(BadOption, match=r"labels drawn 'all', but .* of 320 rows have no gold"):
            audit(labelled(rollouts(), "uniform"), **QUICK, labels_drawn="all")

    def test_winners_of_several_proxies_show_each_at_its_own_end(self) -> None:
        columns = rollouts()
        tops = {name: winner(columns, name) for name in ("rm", "judge")}
        gold = np.where(tops["rm"] | tops["judge"], columns["human"], np.nan)
        options = {**WHOLE, "proxies": ["rm", "judge"], "labels_drawn": "winners"}
        document = audit({**columns, "human": gold}, **options).to_dict()
        assert document["ranking"] is None
        for k, top in enumerate(tops.values()):
            for pressure in ("best_of_n", "threshold"):
                curve = curve_of(document, pressure, k)
                assert set(curve["gold"][:-1]) == {None}
                assert curve["gold"][-1] == pytest.approx(columns["human"][top].mean())
                assert set(curve["slope"]) == {None}
            assert set(curve_of(document, "kl_tilt", k)["gold"]) == {None}

    def test_a_proxy_that_scored_no_labelled_row_is_audited_without_gold(self) -> None:
        columns = rollouts()
        first = np.arange(320) < 160
        columns["human"] = np.where(first, columns["human"], np.nan)
        columns["judge"] = np.where(first, np.nan, columns["judge"])
        options = {**WHOLE, "proxies": ["rm", "judge"], "labels_drawn": "uniform"}
        document = audit(columns, **options).to_dict()
        assert point_of(document, "best_of_n", 0)["gain"] > 0
        assert point_of(document, "best_of_n", 1)["gain"] is None
        assert point_of(document, "best_of_n", 1)["sentence"].startswith("No gold labels")

    def test_one_candidate_for_each_prompt_is_refused(self) -> None:
        columns = {**rollouts(), "prompt_id": np.arange(320)}
        with pytest.raises(BadSamples, match="every group has a single candidate"):
            audit(columns, **QUICK)


@pytest.fixture(scope="module")
def found() -> Audit:
    options = {**QUICK, "proxies": ["rm", "judge"], "pressures": ["best_of_n", "kl_tilt"]}
    return audit(rollouts(), **options, gold_source="judge X")


class TestObject:
    def test_it_prints_as_the_report(self, found: Audit) -> None:
        text = " ".join(str(found).split())
        assert "judge X" in text
        assert found.proxies[0].sentences["best_of_n"][:60] in text
        assert "\x1b" not in str(found)
        assert max(map(len, str(found).splitlines())) <= 100

    def test_it_draws_itself_in_a_notebook(self, found: Audit) -> None:
        pytest.importorskip("vl_convert")
        html = found._repr_html_()
        assert "Push to n = 8" in html
        assert "judge X" in html

    def test_it_saves_by_suffix(self, found: Audit, tmp_path: Path) -> None:
        pytest.importorskip("vl_convert")
        starts = {".html": b"<!DOCTYPE html>", ".svg": b"<svg", ".png": b"\x89PNG"}
        for suffix, start in starts.items():
            path = found.save(tmp_path / f"audit{suffix}")
            assert path == tmp_path / f"audit{suffix}"
            assert path.read_bytes().startswith(start)
        with pytest.raises(BadOption, match="must end in one of"):
            found.save(tmp_path / "audit.pdf")

    def test_it_saves_json_that_is_its_document(self, found: Audit, tmp_path: Path) -> None:
        saved = found.save(str(tmp_path / "audit.json"))
        assert json.loads(saved.read_text()) == found.to_dict()

    def test_each_proxy_has_its_card(self, found: Audit) -> None:
        assert found.card() == found.card("rm")
        assert found.card("judge")["proxy"] == "judge"
        assert (
            found.card("judge")["gold_by_score"]
            == found.to_dict()["proxies"][1]["worth"]["by_score"]
        )
        with pytest.raises(BadOption, match="no proxy 'mr' in this audit; it has: 'rm', 'judge'"):
            found.card("mr")

    def test_two_audits_in_one_process_after_importing_everything(self) -> None:
        for module in pkgutil.walk_packages(overopt.__path__, "overopt."):
            import_module(module.name)
        columns = rollouts(10)
        one, other = (overopt.audit(columns, **QUICK).to_dict() for _ in range(2))
        assert one == other

    def test_files_frames_and_samples_give_one_answer(self, tmp_path: Path) -> None:
        polars = pytest.importorskip("polars")
        frame = polars.DataFrame(rollouts())
        frame.write_csv(tmp_path / "t.csv")
        answers = [
            audit(source, **options).to_dict()
            for source, options in (
                (frame, QUICK),
                (tmp_path / "t.csv", QUICK),
                (overopt.read_samples(frame, proxies=["rm"], gold="human"), {}),
            )
        ]
        assert len({answer["headline"] for answer in answers}) == 1
        assert len({answer["fingerprint"] for answer in answers}) == 1
