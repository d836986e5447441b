"""Pictures of exact curves show the document's numbers, its peak and its limit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from overopt import BestOfN, KLTilt, report
from overopt.errors import BadOption
from overopt.lab import independent, law_of
from overopt.lab.document import curve_document
from overopt.pressure import Pressure
from overopt.report.lab_chart import lab_picture


def document(
    gold: str, error: str, pressure: Pressure | None = None, to: float = 4096.0
) -> dict[str, Any]:
    joint, chosen = independent(gold=law_of(gold), error=law_of(error)), pressure or BestOfN()
    strengths = [0.0, to / 4, to / 2, to] if chosen.no_pressure == 0 else 4.0 ** np.arange(7)
    return curve_document(joint.curve(chosen, strengths))


HEAVY = document("normal:sd=2", "t:df=3,sd=1")


def layers(spec: dict[str, Any], style: str) -> list[list[dict[str, Any]]]:
    """The rows of every layer of the gold panel with this style."""
    panel = spec["vconcat"][0]["layer"]
    shown = [one for one in panel if one["mark"]["style"] == style and "opacity" not in one["mark"]]
    return [one.get("data", spec.get("data"))["values"] for one in shown]


def test_gold_is_drawn_at_every_strength_and_through_its_turns() -> None:
    (drawn,) = layers(lab_picture(HEAVY), "estimate")
    expected = dict(zip(HEAVY["strength"], HEAVY["gold"], strict=True))
    expected |= {turn["strength"]: turn["gold"] for turn in HEAVY["extrema"]}
    assert len(drawn) == 8
    assert [(row["strength"], row["gold"]) for row in drawn] == sorted(expected.items())


def test_peak_and_limit_are_marked() -> None:
    spec = lab_picture(HEAVY)
    (peak,) = layers(spec, "choice-dot")
    assert (peak[0]["strength"], peak[0]["told"]) == (169, "n = 169, 4.091391")
    (limit,) = layers(spec, "model")
    assert limit[0] == {"gold": 0.0, "told": "limit 0"}
    assert spec["title"]["text"] == "gold normal:sd=2, error t:df=3,sd=1, independent"


@pytest.mark.parametrize(
    ("gold", "limits"),
    [
        ("normal", []),
        ("beta:a=2,b=5", [1.0]),
        ("0.99999*beta:a=2,b=5 + 0.00001*beta:a=2,b=5,shift=9", []),
    ],
    ids=["unbounded", "near", "far"],
)
def test_only_a_limit_that_is_known_and_near_is_drawn(gold: str, limits: list[float]) -> None:
    found = document(gold, "normal:sd=0.05")
    found["peak"] = None
    drawn = layers(lab_picture(found), "model")
    assert [rows[0]["gold"] for rows in drawn] == limits
    assert layers(lab_picture(found), "choice-dot") == []


def test_no_pressure_alone_is_a_picture_without_points() -> None:
    """A logarithmic axis cannot show strength 0; it still has two ends."""
    law = independent(gold=law_of("normal"), error=law_of("normal"))
    only = curve_document(law.curve(KLTilt(), [0.0]))
    spec = lab_picture(only)
    assert layers(spec, "estimate") == [[]]
    assert spec["vconcat"][1]["encoding"]["x"]["scale"]["domain"] == [1.0, 2.0]


def test_a_proxy_without_a_mean_has_no_panel() -> None:
    spec = lab_picture(document("normal:sd=2", "levy"))
    assert len(spec["vconcat"]) == 1
    assert spec["vconcat"][0]["layer"][0]["encoding"]["y"]["title"] == "mean gold"


@pytest.mark.parametrize("suffix", ["svg", "png", "html", "json"])
def test_a_curve_is_saved(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("vl_convert")
    found = document("normal", "laplace", KLTilt(), 0.9)
    content = report.save_lab_curve(found, tmp_path / f"a.{suffix}").read_bytes()
    start = {"svg": b"<svg", "png": b"\x89PNG", "html": b"<!doctype", "json": b"{"}[suffix]
    assert content.startswith(start)
    if suffix == "svg":
        assert b"1 / beta, with KL from the reference" in content
        assert b"limit 1" in content


def test_hostile_names_are_text_in_the_page(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    found = HEAVY | {"law": {"kind": "independent", "gold": "</script><b>x"}}
    page = report.save_lab_curve(found, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<b>x" not in page
    assert page.count("\\u003cb\\u003ex") == 1


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"a\.pdf: its name must end in \.png"):
        report.save_lab_curve(HEAVY, tmp_path / "a.pdf")
