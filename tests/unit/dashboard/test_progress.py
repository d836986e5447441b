"""Points of the charts: averages over stretches, and gold by blocks of labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from exploited_run import exploited_run
from watched_store import TellingMonitor, watched

from overopt.dashboard.progress import (
    _weighted_mean,
    components_over_steps,
    gold_blocks,
    proxies_over_steps,
)
from overopt.dashboard.store_view import StoreView
from overopt.dashboard.top_samples import top_samples
from overopt.errors import StoreError

HOSTILE = "a\"b.c[0]'); DROP TABLE runs; --"


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> StoreView:
    folder = tmp_path_factory.mktemp("store")
    return StoreView(watched(folder, TellingMonitor(every=1), steps=70, component=HOSTILE))


def test_stretches_average_what_the_batches_say(view: StoreView) -> None:
    points = proxies_over_steps(view, "exp7", 70)
    stored = view.rows("SELECT * FROM batches ORDER BY number")
    assert [point["step"] for point in points] == [row["step"] for row in stored]
    assert [point["proxy"] for point in points] == pytest.approx([row["proxy"] for row in stored])
    first = stored[0]
    tail = (first["proxy_high"] - first["proxy_median"]) / first["proxy_sd"]
    assert points[0]["tail"] == pytest.approx(tail)


def test_a_long_run_becomes_few_points(view: StoreView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overopt.dashboard.progress.MOST_POINTS", 7)
    points = proxies_over_steps(view, "exp7", 70)
    assert [(point["first"], point["last"]) for point in points] == [
        (start, start + 9) for start in range(0, 70, 10)
    ]
    (mean,) = (row["mean"] for row in view.rows("SELECT avg(proxy) AS mean FROM batches"))
    assert np.mean([point["proxy"] for point in points]) == pytest.approx(mean)
    assert sum(point["rows"] for point in points) == 70 * 16


def test_components_keep_their_names_whatever_they_are(view: StoreView) -> None:
    points = components_over_steps(view, "exp7", 70)
    assert {point["name"] for point in points} == {HOSTILE}
    assert points[0]["value"] == pytest.approx(200, abs=15)


def test_gold_falls_block_by_block(view: StoreView) -> None:
    blocks = gold_blocks(view, "exp7", (0.0, 1.0))
    assert [block["labels"] for block in blocks] == [35, 35]
    assert blocks[0]["gold"] > blocks[1]["gold"]
    assert all(0 <= block["lower"] <= block["gold"] <= block["upper"] <= 1 for block in blocks)
    scaled = gold_blocks(view, "exp7", (-1.0, 1.0))
    assert scaled[0]["gold"] == pytest.approx(blocks[0]["gold"])
    assert gold_blocks(view, "nobody", (0.0, 1.0)) == []


def test_a_label_weighs_one_over_its_chance() -> None:
    gold, weight = np.array([1.0, 0.0, 1.0]), np.array([1.0, 3.0, 1.0])
    mean, lower, upper = _weighted_mean(gold, weight, np.array([0, 1, 2]))
    assert mean == pytest.approx(0.4)
    assert 0 <= lower < 0.4 < upper <= 1
    agreeing = _weighted_mean(np.ones(8), np.ones(8), np.arange(8))
    assert agreeing[0] == agreeing[2] == 1
    assert 0.6 < agreeing[1] < 0.8  # eight labels that agree do not prove much
    one_prompt = _weighted_mean(np.ones(8), np.ones(8), np.zeros(8, np.int64))
    assert one_prompt[1] < agreeing[1]  # and of one prompt, hardly anything


def test_the_highest_scores_are_found_among_the_newest(view: StoreView) -> None:
    found = top_samples(view, "exp7", 5)
    assert found["rows"] == 70 * 16
    proxies = [sample["proxy"] for sample in found["samples"]]
    (highest,) = (row["top"] for row in view.rows("SELECT max(proxy_high) AS top FROM batches"))
    assert proxies == sorted(proxies, reverse=True)
    assert proxies[0] == highest
    assert found["samples"][0]["completion"].startswith("an answer")


def test_who_labels_is_not_told_the_score(view: StoreView) -> None:
    waiting = StoreView(view.folder).rows("SELECT count(*) AS n FROM draws")
    assert waiting == [{"n": 70}]
    assert view.waiting("exp7", 5) == []  # all are labelled
    assert view.label_counts("exp7") == {"labelled": 70}


def test_a_store_that_is_not_there_yet_says_so(tmp_path: Path) -> None:
    empty = StoreView(tmp_path)
    assert empty.version() is None
    with pytest.raises(StoreError, match="does not exist: start a watch"):
        empty.runs()
    watched(tmp_path, TellingMonitor(), steps=4, labelled=[])
    assert [run["run"] for run in empty.runs()] == ["exp7"]
    assert empty.version() is not None
    assert set(empty.waiting("exp7", 5)[0]) == {
        "number",
        "step",
        "prompt_id",
        "prompt",
        "completion",
    }


def test_blocks_weigh_labels_by_the_chances_of_their_draws(tmp_path: Path) -> None:
    view = StoreView(exploited_run(tmp_path, steps=10, onset=2, labels=4))
    query = "SELECT prob, gold FROM draws JOIN labels USING (run, number) ORDER BY number"
    rows = view.rows(query)
    (block,) = gold_blocks(view, "grpo-7b", (0.0, 1.0))
    assert block["labels"] == len(rows) < 50
    weight = np.array([1 / (64 * row["prob"]) for row in rows])
    assert weight.max() > 2 * weight.min()
    mean = weight @ np.array([row["gold"] for row in rows]) / weight.sum()
    assert block["gold"] == pytest.approx(mean)
