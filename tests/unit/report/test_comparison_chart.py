"""The curve with and without what a mechanism blames: the document's numbers, drawn and told."""

from __future__ import annotations

from typing import Any

import numpy as np
import planted
import pytest

from overopt import audit, report
from overopt.report.comparison_chart import comparison_chart

vl_convert = pytest.importorskip("vl_convert")


@pytest.fixture(scope="module", params=[planted.exploited, planted.ruled_by_length])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    samples = request.param(np.random.default_rng(1))
    return audit(samples, pressures=["best_of_n"]).to_dict()


def compared(document: dict[str, Any]) -> dict[str, Any]:
    mechanisms = document["proxies"][0]["mechanisms"]
    return next(one for one in mechanisms if "comparison" in one["data"])


def test_the_drawn_gains_are_the_documents(document: dict[str, Any]) -> None:
    one = compared(document)
    spec = comparison_chart(one)
    lines = [layer for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    for suffix, layer in zip(("", "_changed"), lines, strict=True):
        rows = layer["data"]["values"]
        for name in ("gain", "lower", "upper"):
            assert [row[name] for row in rows] == one["data"]["comparison"][f"{name}{suffix}"]
    assert vl_convert.vegalite_to_svg(spec).startswith("<svg")


def test_page_and_terminal_name_what_is_left_out(document: dict[str, Any]) -> None:
    data = compared(document)["data"]
    name = data["name"] if "name" in data else f"the share of {data['feature']}"
    assert f"without {name}" in report.html(document)
    assert f"without {name}" in report.terminal(document, width=140)
