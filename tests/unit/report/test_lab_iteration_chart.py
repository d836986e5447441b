"""The map of iteration: every run at every strength that is shown, marked where error wins."""

import math
from pathlib import Path

import pytest

from overopt import report
from overopt.lab.iteration import Landscape
from overopt.lab.iteration_map import iteration_document
from overopt.report.lab_iteration_chart import iteration_picture
from overopt.report.strict_json import defined

GIVEN = {"every": [4.0, math.inf], "labels": [128.0, 2048.0, math.inf]}
MAP = iteration_document(Landscape(), to=64, **GIVEN)


def test_each_panel_holds_every_run_at_its_strength() -> None:
    panels = iteration_picture(MAP)["concat"]
    titles = [panel["title"]["text"] for panel in panels]
    assert titles == [f"at strength {2**k}" for k in range(1, 7)]
    for k, panel in enumerate(panels, start=1):
        rows = panel["data"]["values"]
        assert [row["gold"] for row in rows] == [run["gold"][k] for run in MAP["runs"]]
        assert [(row["labels"], row["every"]) for row in rows[-2:]] == [
            ("endless", "4"),
            ("endless", "never"),
        ]


def test_a_star_marks_error_above_the_gold_gained() -> None:
    cells = [row["told"] for row in iteration_picture(MAP)["concat"][-1]["data"]["values"]]
    assert cells == ["6.98*", "-65.09*", "9.85", "-40.07*", "9.99", "-38.40*"]


def test_gold_beyond_floating_point_is_an_empty_cell() -> None:
    wild = iteration_document(Landscape(curvature=1e3), to=1e5, every=[1.0], labels=[1e5])
    row = iteration_picture(wild)["concat"][-1]["data"]["values"][0]
    assert (row["gold"], row["told"]) == (None, "–*")
    defined(iteration_picture(wild))


@pytest.mark.parametrize("suffix", ["svg", "html", "json"])
def test_the_map_is_saved(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("vl_convert")
    content = report.save_lab_iteration(MAP, tmp_path / f"a.{suffix}").read_text("utf-8")
    assert content.startswith({"svg": "<svg", "html": "<!doctype", "json": "{"}[suffix])
    if suffix == "svg":
        assert content.count(">strength between fits<") == 6
        assert ">6.98*<" in content
