"""The picture of a limit: exact gold as far as it goes, and the plateau."""

from pathlib import Path
from typing import Any

import pytest

from overopt import BestOfN, KLTilt, report
from overopt.errors import NotIdentified
from overopt.lab import independent, law_of
from overopt.lab.limits.document import limit_document, way_document
from overopt.lab.limits.limit import Limit, limit
from overopt.pressure import Pressure
from overopt.report.lab_limit_chart import limit_picture


def found(gold: str, error: str, pressure: Pressure) -> Limit:
    return limit(independent(gold=law_of(gold), error=law_of(error)), pressure)


def rows(spec: dict[str, Any], style: str) -> list[dict[str, Any]]:
    """The rows of the first layer of gold with this style."""
    panel = spec["vconcat"][0]["layer"]
    layer = next(one for one in panel if one["mark"]["style"] == style)
    found: list[dict[str, Any]] = layer.get("data", spec["data"])["values"]
    return found


def test_gold_goes_as_far_as_the_trend_with_its_plateau() -> None:
    one = found("normal", "laplace", KLTilt())
    document = limit_document(one)
    spec = limit_picture(document, way_document(one))
    drawn = rows(spec, "estimate")
    assert drawn[-1]["strength"] == 0.99
    assert drawn[-1]["gold"] == pytest.approx(0.99, abs=1e-9)
    (plateau,) = rows(spec, "model")
    assert (plateau["gold"], plateau["told"]) == (pytest.approx(1.0), "limit 1")
    told = " ".join(spec["title"]["subtitle"])
    assert "Weak: gold stays below its supremum. Gold tends to 1.000000" in told
    assert document["reason"][1:] in told


def test_a_limit_is_saved(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    one = found("normal:sd=2", "t:df=3,sd=1", BestOfN())
    document, way = limit_document(one), way_document(one)
    picture = report.save_lab_limit(document, way, tmp_path / "a.svg").read_text("utf-8")
    assert ">limit 0<" in picture
    assert ">n = 169, 4.091391<" in picture
    told = report.save_lab_limit(document, way, tmp_path / "a.json").read_text("utf-8")
    assert told == report.to_json(document) + "\n"


def test_without_exact_values_there_is_no_picture() -> None:
    one = found("normal", "t:df=3", KLTilt())
    assert one.theorem == "Theorem 1"
    with pytest.raises(NotIdentified, match="no picture of its limit: choose another pressure"):
        way_document(one)


def test_gold_that_leaves_its_spread_behind_has_an_axis_of_powers() -> None:
    one = found("t:df=10", "lognormal:sigma=0.69", BestOfN())
    way = way_document(one)
    gold = limit_picture(limit_document(one), way)["vconcat"][0]["layer"][-1]["encoding"]["y"]
    assert way["gold"][-1] > 1000 * way["moments"]["gold_sd"]
    assert gold["scale"]["type"] == "symlog"
    assert gold["axis"]["values"] == [0, 1, 10, 100, 1000]
