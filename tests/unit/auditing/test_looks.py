"""Decisions on growing labels: the level they hold at, what they say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rollouts import DECIDED, Columns, labelled, point_of, rollouts

from overopt import audit

QUICK: dict[str, Any] = {"proxies": ["rm"], "gold": "human", "pressures": ["best_of_n"]}
SAID = "Decided at look 2 of these labels, where decisions hold at 98.8 %"


def some() -> Columns:
    return labelled(rollouts(shape=DECIDED["saturated"]), "uniform")


def merged(folder: Path, **record: Any) -> Path:
    metadata = {"overopt.labels": json.dumps({"schema": "overopt.labels/1", **record})}
    table = pa.table(dict(some())).replace_schema_metadata(metadata)
    pq.write_table(table, folder / "merged.parquet")
    return folder / "merged.parquet"


def found(table: Any, **options: Any) -> dict[str, Any]:
    return audit(table, **QUICK, labels_drawn="uniform", **options).to_dict()


def test_a_later_look_decides_at_its_own_level_and_leaves_the_curve_alone() -> None:
    plain, second = found(some()), found(some(), looks=2)
    assert (plain["looks"], plain["decision_level"]) == (0, 0.95)
    assert (second["looks"], second["decision_level"]) == (2, pytest.approx(1 - 0.05 / 4))
    by_hand = point_of(found(some(), level=second["decision_level"]), "best_of_n")
    point = point_of(second, "best_of_n")
    for name in ("decision", "strength", "gain_lower", "gain_upper"):
        assert point[name] == by_hand[name]
    assert second["proxies"][0]["curves"] == plain["proxies"][0]["curves"]
    assert SAID in second["headline"]
    assert "look" not in plain["headline"]


def test_merged_labels_tell_their_looks_unless_told_otherwise(tmp_path: Path) -> None:
    path = merged(tmp_path, looks=2, gold="human")
    assert found(path)["looks"] == 2
    assert SAID in found(path)["headline"]
    assert found(path, looks=0)["decision_level"] == 0.95
    assert found(path, looks=5)["looks"] == 5


def test_the_ranking_of_proxies_holds_at_the_same_level() -> None:
    both = {**QUICK, "proxies": ["rm", "judge"]}
    document = audit(rollouts(), **both, looks=3).to_dict()
    level = 1 - 0.05 / 8
    assert document["decision_level"] == pytest.approx(level)
    assert document["ranking"]["level_each"] == pytest.approx(1 - (1 - level) / 2)
    by_hand = audit(rollouts(), **both, level=level).to_dict()
    assert document["ranking"] == by_hand["ranking"]
    assert "Decided at look 3" in document["headline"]
