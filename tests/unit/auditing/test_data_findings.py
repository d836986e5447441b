"""The findings lined up: a sound table, the shared tables, the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tables import PROMPTS, SIZE, about_table, codes, noise, of, sources, table

from overopt.auditing.data_findings import proxy_findings, proxy_pair_findings, scale_of
from overopt.errors import BadOption
from overopt.findings import CATALOGUE, Severity, catalogue_page
from overopt.samples import Samples, read_samples

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "../shared/data"


@pytest.fixture
def sound() -> Samples:
    """Forty prompts of eight: a proxy that says something, an unrelated one, gold for all."""
    quality, text = noise(1), [f"answer {i}" for i in range(PROMPTS * SIZE)]
    return table(
        a=quality + noise(2),
        b=noise(3),
        gold=quality,
        text=np.array(text, dtype=object),
        source=sources([f"system {i}" for i in range(SIZE)]),
    )


def test_a_sound_table_raises_nothing(sound: Samples) -> None:
    assert about_table(sound) == []
    assert proxy_findings(sound, "a") == []
    assert proxy_findings(sound, "b") == []
    assert proxy_pair_findings(sound) == []


def test_an_unknown_proxy_is_a_bad_option(sound: Samples) -> None:
    for question in (proxy_findings, scale_of):
        with pytest.raises(BadOption, match="'rm'"):
            question(sound, "rm")


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared tables are not here")
class TestRealTables:
    """What the checks must say, and must not say, about tables with several proxies."""

    @staticmethod
    def load(name: str) -> Samples:
        return read_samples(DATA / f"{name}.parquet")

    def test_the_source_built_from_the_reference_is_named(self) -> None:
        one = of("OV107", proxy_findings(self.load("newsroom"), "proxy_chrf"))
        assert (one.severity, one.data["source"]) == (Severity.CAUTION, "fragments")
        assert one.data["gold_gap"]["upper"] < 0

    @pytest.mark.parametrize("name", ["newsroom", "realsumm", "summeval"])
    def test_length_and_its_negative_are_the_only_twins(self, name: str) -> None:
        (one,) = proxy_pair_findings(self.load(name))
        assert one.data["proxies"] == ["proxy_length", "proxy_neg_length"]
        assert one.data["direction"] == "decreasing"

    @pytest.mark.parametrize(
        ("name", "flipped"),
        [
            ("judge_bon24", []),
            ("newsroom", ["proxy_neg_length"]),
            ("realsumm", ["proxy_neg_length"]),
            ("summeval", ["proxy_repeat2"]),
        ],
    )
    def test_only_scores_that_gold_falls_with_look_flipped(
        self, name: str, flipped: list[str]
    ) -> None:
        samples = self.load(name)
        rings = [p for p in samples.proxies if "OV109" in codes(proxy_findings(samples, p))]
        assert rings == flipped

    @pytest.mark.parametrize("name", ["judge_bon24", "newsroom", "realsumm", "summeval"])
    def test_nothing_stops_an_audit_of_them(self, name: str) -> None:
        samples = self.load(name)
        found = about_table(samples) + proxy_pair_findings(samples)
        found += [one for p in samples.proxies for one in proxy_findings(samples, p)]
        assert [one for one in found if one.severity == Severity.STOP] == []

    def test_a_judge_on_a_coarse_scale_ties_at_the_top(self) -> None:
        found = proxy_findings(self.load("judge_bon24"), "proxy_judge")
        assert codes(found) == ["OV104", "OV105"]
        assert about_table(self.load("judge_bon24")) == []


class TestCatalogue:
    def test_every_code_that_a_check_raises_is_explained(self) -> None:
        folder = ROOT / "src/overopt/auditing"
        text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
        raised = set(re.findall(r'"(OV\d{3})"', text))
        assert {code for code in raised if code.startswith("OV1")} == {
            code for code in CATALOGUE if code.startswith("OV1")
        }
        assert raised <= set(CATALOGUE)

    def test_codes_are_in_order_and_entries_complete(self) -> None:
        assert list(CATALOGUE) == sorted(CATALOGUE)
        for code, entry in CATALOGUE.items():
            assert (entry.code, entry.anchor) == (code, code.lower())
            assert entry.meaning.endswith(".")
            assert entry.remedy.endswith(".")

    def test_the_page_in_the_docs_is_the_catalogue(self) -> None:
        page = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
        assert page == catalogue_page(), "write docs/findings.md again from catalogue_page()"
