"""Charts compile, show the document's numbers and nothing that the document does not say."""

from pathlib import Path
from typing import Any

import pytest
from golden.audit_document import audit_document, simulated, without_gold
from hypothesis import given, strategies as st

from overopt import report
from overopt.errors import BadOption
from overopt.report import charts
from overopt.report.gold_chart import curve_chart, gold_domain

pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")
DOCUMENT = audit_document()
PRESSURES = ("best_of_n", "threshold", "kl_tilt")


def data_of(spec: Any) -> list[dict[str, Any]]:
    """Every inline row of a specification, in order of appearance."""
    if isinstance(spec, list):
        return [row for part in spec for row in data_of(part)]
    if not isinstance(spec, dict):
        return []
    own = spec.get("data")
    rows = list(own["values"]) if isinstance(own, dict) and "values" in own else []
    return rows + [row for key, part in spec.items() if key != "data" for row in data_of(part)]


def curve_of(document: dict[str, Any], pressure: str) -> dict[str, Any]:
    return next(c for c in document["proxies"][0]["curves"] if c["pressure"] == pressure)


@pytest.mark.parametrize("pressure", PRESSURES)
@pytest.mark.parametrize("document", [DOCUMENT, without_gold(DOCUMENT)], ids=["gold", "no gold"])
def test_a_figure_compiles_for_every_pressure(document: dict[str, Any], pressure: str) -> None:
    spec = report.figure(document, "rm", pressure).to_dict()
    assert vl_convert.vegalite_to_svg(spec).startswith("<svg")


@pytest.mark.parametrize("pressure", PRESSURES)
def test_the_drawn_numbers_are_the_documents(pressure: str) -> None:
    curve = curve_of(DOCUMENT, pressure)
    drawn = data_of(curve_chart(DOCUMENT, curve, None))
    for field in ("gold", "lower", "upper", "band_lower", "band_upper", "proxy"):
        told = {s: v for s, v in zip(curve["strength"], curve[field], strict=True) if s > 0}
        assert {row["strength"]: row[field] for row in drawn if "band_lower" in row} == told


@given(st.lists(st.booleans(), min_size=9, max_size=9))
def test_the_veil_covers_exactly_what_is_not_to_be_trusted(grey: list[bool]) -> None:
    curve = curve_of(DOCUMENT, "kl_tilt") | {"grey": [False, *grey]}
    drawn = data_of(curve_chart(DOCUMENT, curve, None))
    veils = [(row["from"], row["to"]) for row in drawn if "to" in row]
    positive = curve["strength"][1:]
    assert [any(low <= s <= high for low, high in veils) for s in positive] == grey


def test_a_model_is_drawn_dashed_beyond_the_last_strength() -> None:
    curve = curve_of(DOCUMENT, "best_of_n")
    model = {"strength": [16.0, 40.0, 100.0], "gold": [0.45, 0.5, 0.48]}
    model |= {"lower": [0.3, 0.2, None], "upper": [0.6, 0.8, None]}
    spec = curve_chart(DOCUMENT, curve, None, model=model)
    scales = [panel["encoding"]["x"]["scale"] for panel in spec["vconcat"] if "encoding" in panel]
    assert [scale["domain"] for scale in scales] == [[1.0, 100.0]]
    dashed = [layer for layer in spec["vconcat"][0]["layer"] if layer["mark"]["style"] == "model"]
    assert [row["gold"] for row in data_of(dashed)] == model["gold"]
    assert vl_convert.vegalite_to_svg(spec).startswith("<svg")


def test_the_gold_axis_holds_every_trusted_band() -> None:
    curve = curve_of(DOCUMENT, "best_of_n")
    low, high = gold_domain([curve]) or (0.0, 0.0)
    assert low < min(curve["band_lower"])
    assert high > max(curve["band_upper"])
    assert gold_domain([curve_of(without_gold(DOCUMENT), "best_of_n")]) is None


def test_a_long_curve_is_thinned_and_keeps_its_operating_point() -> None:
    document = audit_document(simulated(prompts=6, candidates=400))
    curve, point = (
        curve_of(document, "best_of_n"),
        dict(document["proxies"][0]["operating_points"][0]),
    )
    point["strength"] = 397.0
    strengths = {
        row["strength"]
        for row in data_of(curve_chart(document, curve, point))
        if "band_lower" in row
    }
    assert {1.0, 397.0, 400.0} <= strengths
    assert len(strengths) < 200


def test_hostile_names_are_drawn_as_text() -> None:
    name = '"],x[0]=alert(1)//</script><b>\\'
    document = audit_document()
    document["proxies"][0]["name"] = document["ranking"]["rows"][1]["name"] = name
    svg = vl_convert.vegalite_to_svg(charts.ranking_chart(document["ranking"]))
    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert vl_convert.vegalite_to_svg(report.figure(document, name, "best_of_n").to_dict())


def test_an_unknown_proxy_or_pressure_names_those_there_are() -> None:
    with pytest.raises(BadOption, match="no name 'rn'; it has: rm, unit_tests"):
        report.figure(DOCUMENT, "rn", "best_of_n")
    with pytest.raises(BadOption, match="no pressure 'bon'; it has: best_of_n"):
        report.figure(DOCUMENT, "rm", "bon")


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<svg")])
@pytest.mark.parametrize("proxies", [1, 2])
def test_pictures_are_saved_by_suffix(
    tmp_path: Path, suffix: str, start: bytes, proxies: int
) -> None:
    document = DOCUMENT | {"proxies": DOCUMENT["proxies"][:proxies]}
    saved = report.save(document, tmp_path / f"curve{suffix}")
    assert saved.read_bytes().startswith(start)


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"one of \.html, \.json, \.png, \.svg"):
        report.save(DOCUMENT, tmp_path / "curve.pdf")
