"""The tails document: its contract, gold and error, groups, and the command that prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from overopt.cli import run
from overopt.curves.completed_gold import completed_gold, label_design
from overopt.errors import BadOption
from overopt.report import save_tails, tails_text, to_json
from overopt.samples import read_samples
from overopt.tails import error_tail, gold_tail, proxy_tail, tails_document

RAW = Path(__file__).resolve().parents[3] / "../shared/data/starling_rewards_raw.parquet"
VERDICT = {"verdict", "reason", "reach", "xi", "xi_lower", "xi_upper", "depth", "rungs"}
RUNG = {"exceedances", "share", "xi", "z", "critical_low", "critical_high", "fit_p"}


def columns(rows: int = 4000, size: int = 8, seed: int = 0) -> dict[str, np.ndarray]:
    """Light gold, heavy error."""
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=rows)
    error = rng.standard_t(2, size=rows)
    return {"prompt_id": np.arange(rows) // size, "rm": 2 * gold + error, "gold": gold}


def document(table: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    found = tails_document(read_samples(table, proxies=("rm",)), "rm", **options)
    return json.loads(to_json(found), parse_constant=pytest.fail)


def printed(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["tails", *arguments])
    return code, out.getvalue(), err.getvalue()


def test_the_document_keeps_its_contract():
    found = document(columns())
    assert found["schema"] == "overopt.tails/1"
    for verdict in (found["proxy"], found["error"], found["gold"]):
        assert verdict.keys() >= VERDICT
        assert all(rung.keys() >= RUNG for rung in verdict["rungs"])
    assert found["groups"] is None
    assert found["proxy"]["verdict"] == found["error"]["verdict"] == "heavy"
    assert found["gold"]["verdict"] != "heavy"
    assert [one["code"] for one in found["findings"]] == ["OV209"]


def test_without_gold_there_is_no_error_and_the_document_says_what_that_leaves_open():
    table = columns()
    del table["gold"]
    found = document(table)
    assert found["error"] is None
    assert found["gold"] is None
    assert "takes gold" in found["meaning"]


def test_the_error_is_what_gold_does_not_explain():
    table = columns(40_000, seed=1)
    table["rm"] = np.exp(1.5 * table["gold"]) + np.random.default_rng(2).normal(size=40_000)
    table["gold"] = np.exp(1.5 * table["gold"])
    found = document(table)
    assert found["proxy"]["verdict"] == found["gold"]["verdict"] == "heavy"
    assert found["error"]["verdict"] == "light"


def test_unequal_chances_of_a_label_are_thinned_to_equal_ones():
    table = columns(80_000, size=1, seed=3)
    rng = np.random.default_rng(4)
    table["rm"] = table["gold"] + rng.normal(size=80_000)
    # Labels sought where the error is large.
    chance = np.where(np.abs(table["rm"] - table["gold"]) > 2.5, 0.9, 0.15)
    table["gold"] = np.where(rng.random(80_000) < chance, table["gold"], np.nan)
    table["label_prob"] = chance
    samples = read_samples(table, proxies=("rm",))
    completed = completed_gold(samples, "rm", label_design(samples))
    score = proxy_tail(samples, "rm")
    found = error_tail(samples, score, completed)
    assert found is not None
    assert found.rows == pytest.approx(12_000, rel=0.03)
    assert found.verdict == "light"
    assert gold_tail(samples, completed) is not None
    blind = completed_gold(samples, "rm", "uniform")
    told = error_tail(samples, score, blind)
    assert told is not None
    assert told.rows > 12_500
    # A tenth of normal errors lie beyond 1.28.
    assert found.rungs[0].threshold == pytest.approx(1.28, abs=0.06)
    assert told.rungs[0].threshold > 1.4


def test_binary_gold_is_not_separable():
    table = columns()
    table["gold"] = (table["gold"] > 0).astype(float)
    found = document(table)
    assert (found["error"]["verdict"], found["error"]["reason"]) == ("not_applicable", "discrete")
    assert [one["code"] for one in found["error"]["findings"]] == ["OV207"]


def test_a_cap_on_the_proxy_hides_the_tail_of_its_error():
    table = columns()
    assert document(table)["error"]["verdict"] == "heavy"
    found = document(table | {"rm": np.minimum(table["rm"], 3.0)})
    assert found["error"] | {"verdict": "not_applicable", "reason": "bounded"} == found["error"]
    assert "cuts the error off" in found["error"]["sentence"]
    assert found["findings"] == []


def test_labels_on_winners_show_no_error():
    table = columns()
    table["gold"][np.arange(4000) % 8 > 0] = np.nan
    assert document(table, labels_drawn="winners")["error"] is None
    unknown = document(table, labels_drawn="unknown")
    assert "OV206" in {one["code"] for one in unknown["error"]["findings"]}


def test_groups_are_judged_apart_and_rows_out_of_reach_are_named():
    rng = np.random.default_rng(5)
    sampled, searched = rng.normal(size=4000), rng.normal(12, 1, size=30)
    table = {"rm": np.append(sampled, searched), "kind": ["sampled"] * 4000 + ["searched"] * 30}
    samples = read_samples(table, proxies=("rm",), columns={"group": "kind"}, lone_rows=True)
    found = tails_document(samples, "rm", by_group=True)
    assert [one["group"] for one in found["groups"]] == ["sampled", "searched"]
    assert [one["name"] for one in found["groups"]] == ["sampled", "searched"]
    assert [one["verdict"] for one in found["groups"]] == ["light", "undecided"]
    far = [one for one in found["findings"] if one["code"] == "OV208"]
    assert len(far) == 1
    assert far[0]["data"]["far"] == far[0]["data"]["beyond"] == 30
    with pytest.raises(BadOption, match="group column"):
        tails_document(read_samples(columns(), proxies=("rm",)), "rm", by_group=True)


def test_the_command_reads_rows_without_prompts(tmp_path):
    path = tmp_path / "scores.parquet"
    pq.write_table(pa.table({"rm": np.random.default_rng(0).normal(size=6000)}), path)
    code, out, err = printed(str(path), "--proxy", "rm", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["prompts"] == 6000
    assert not found["proxy"]["centred"]
    code, out, _ = printed(str(path), "--proxy", "rm")
    assert code == 0
    assert "rm: light (light)" in out
    assert max(map(len, out.splitlines())) <= 100
    code, _, err = printed(str(path), "--proxy", "other")
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = printed(str(path), "--proxy", "rm", "--save", "ladder.gif")
    assert (code, err.count("\n")) == (2, 1)


def test_the_text_fits_any_width_and_hostile_names_are_harmless():
    table = columns(1600)
    table["kind"] = np.array(["\x1b[31m<b>évil</b>\n", "b"] * 800)
    samples = read_samples(table, proxies=("rm",), columns={"group": "kind"})
    found = tails_document(samples, "rm", by_group=True)
    for width in (60, 80, 140):
        text = tails_text(found, width=width)
        assert max(map(len, text.splitlines())) <= width
        assert "\x1b" not in text
    assert "\x1b[1;" in tails_text(found, colour=True)


@pytest.mark.parametrize("suffix", ["svg", "png", "html", "json"])
def test_pictures_are_saved(tmp_path, suffix):
    pytest.importorskip("vl_convert")
    found = tails_document(read_samples(columns(), proxies=("rm",)), "rm")
    path = save_tails(found, tmp_path / f"tails.{suffix}")
    content = path.read_bytes()
    start = {"svg": b"<svg", "png": b"\x89PNG", "html": b"<!doctype", "json": b"{"}[suffix]
    assert content.startswith(start)
    if suffix == "svg":
        assert b"one in so many rows" in content


@pytest.mark.skipif(not RAW.exists(), reason="shared data are absent")
def test_rewards_of_samples_random_tokens_and_search():
    samples = read_samples(RAW, proxies=("starling",), columns={"group": "source"})
    found = tails_document(samples, "starling", by_group=True)
    told = {one["group"]: one for one in found["groups"]}
    policy, tokens = told["policy_llama"], told["random_tokens"]
    assert (policy["verdict"], policy["reach"]) == ("light", 20)
    assert [round(rung["xi"], 3) for rung in policy["rungs"][:3]] == [-0.154, -0.152, -0.111]
    assert policy["outlier_p"] == pytest.approx(0.40, abs=0.01)
    assert (tokens["verdict"], tokens["reason"]) == ("heavy", "mixture")
    assert tokens["findings"][0]["message"].startswith("random_tokens: no generalised Pareto")
    assert round(tokens["reach"]) == 323
    shapes = [0.028, 0.116, 0.201, 0.291, 0.381, 0.521]
    assert [round(rung["xi"], 3) for rung in tokens["rungs"]] == shapes
    far = [one["data"] for one in found["findings"] if one["code"] == "OV208"]
    assert {"base": "policy_llama", "group": "acg_search"}.items() <= far[0].items()


def test_every_field_is_explained():
    page = (Path(__file__).resolve().parents[3] / "docs" / "tails.md").read_text(encoding="utf-8")
    found = document(columns())
    names = {*found, *found["proxy"], *found["proxy"]["rungs"][0], *found["reach"]}
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def test_hill_is_drawn_for_three_origins_only_when_asked(tmp_path: Path) -> None:
    assert document(columns())["hill"] is None
    found = document(columns(), hill=True)["hill"]
    low, middle, high = found["xi"]
    assert found["origins"][1] == 0.0
    assert all(len(line) == len(found["exceedances"]) for line in found["xi"])
    assert low[-1] < middle[-1] < high[-1]
    constant = {**columns(), "rm": np.ones(4000)}
    assert document(constant, hill=True)["hill"] is None


def test_the_hill_plot_stands_below_the_ladders(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    table = read_samples(columns(), proxies=("rm",))
    told = [tails_document(table, "rm", hill=asked) for asked in (False, True)]
    plain, more = (save_tails(one, tmp_path / f"{i}.svg").read_text() for i, one in enumerate(told))
    assert "Hill estimate of rm" in more
    assert "Hill" not in plain
