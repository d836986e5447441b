"""Pictures of experiments: the document's lines, circles and levels on readable axes."""

from pathlib import Path
from typing import Any

import pytest

from overopt import report
from overopt.errors import BadOption
from overopt.lab.theorems.catalogue import experiment_named
from overopt.lab.theorems.experiment import experiment_document
from overopt.report.lab_theorem_chart import theorem_picture

HEAVY = experiment_document(experiment_named("1"))
ENDS = experiment_document(experiment_named("heavy-ends"))


def layer(panel: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The rows of the first layer whose mark is of this kind."""
    found = next(one for one in panel["layer"] if one["mark"]["type"] == kind)
    rows: list[dict[str, Any]] = found["data"]["values"]
    return rows


def test_lines_circles_and_levels_are_the_documents() -> None:
    mean, kl = theorem_picture(HEAVY)["hconcat"]
    for panel, told in ((mean, HEAVY["panels"][0]), (kl, HEAVY["panels"][1])):
        drawn = [(row["name"], row["x"], row["y"]) for row in layer(panel, "line")]
        assert drawn == [
            (line["name"], x, y)
            for line in told["lines"]
            for x, y in zip(line["x"], line["y"], strict=True)
        ]
        assert len(layer(panel, "point")) == 12
    assert layer(mean, "rule") == [{"y": 1.5}]
    assert kl["layer"][0]["mark"]["type"] == "line"  # nothing that it tends to


def test_axes_tell_powers_of_ten() -> None:
    mean, kl = (panel["layer"][-1]["encoding"] for panel in theorem_picture(HEAVY)["hconcat"])
    assert mean["x"]["axis"]["values"] == [1e2, 1e4, 1e6, 1e8]
    assert mean["y"]["axis"]["values"] == [2, 5, 10, 20, 50]
    assert '"1e-5"' in kl["y"]["axis"]["labelExpr"]
    ends = theorem_picture(ENDS)["hconcat"][0]["layer"][-1]["encoding"]
    assert ends["x"]["axis"]["values"] == [-10, -1, 0, 1, 10, 100]


def test_panels_of_the_same_lines_share_a_legend() -> None:
    assert theorem_picture(HEAVY)["resolve"]["scale"]["color"] == "shared"
    other = HEAVY | {"panels": [HEAVY["panels"][0], ENDS["panels"][0]]}
    assert theorem_picture(other)["resolve"]["scale"]["color"] == "independent"


@pytest.mark.parametrize("suffix", ["svg", "png", "html", "json"])
def test_an_experiment_is_saved(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("vl_convert")
    content = report.save_lab_theorem(HEAVY, tmp_path / f"a.{suffix}").read_bytes()
    start = {"svg": b"<svg", "png": b"\x89PNG", "html": b"<!doctype", "json": b"{"}[suffix]
    assert content.startswith(start)
    if suffix == "svg":
        assert b">Theorem 1: A heavy proxy is cheap<" in content
        assert content.count(b">mass 1 / t above t<") == 1


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"a\.pdf: its name must end in \.png"):
        report.save_lab_theorem(HEAVY, tmp_path / "a.pdf")
