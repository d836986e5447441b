"""The page is one file that asks for nothing, hides nothing and cannot be taken over by data."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from golden.audit_document import audit_document, simulated, without_gold

from overopt import report

pytest.importorskip("vl_convert")
DOCUMENT = audit_document()


class Page(HTMLParser):
    """Elements, attributes, visible text and the contents of scripts, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._raw = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._raw = tag if tag in {"script", "style"} else ""
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if self._raw == "script":
            self.scripts[-1] += data
        elif not self._raw:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def specs(self) -> list[Any]:
        kinds = [attributes for tag, attributes in self.tags if tag == "script"]
        pairs = zip(kinds, self.scripts, strict=True)
        return [json.loads(text) for kind, text in pairs if kind.get("type") == "application/json"]


PAGE = Page(report.html(DOCUMENT))


def test_the_headline_is_the_first_thing_said() -> None:
    tags = [tag for tag, _ in PAGE.tags]
    assert tags.count("h1") == 1
    before = PAGE.text[: PAGE.text.index(DOCUMENT["headline"])]
    assert len(before) < 120


def test_the_page_asks_nothing_of_any_network() -> None:
    links = [a.get(k) or "" for _, a in PAGE.tags for k in ("src", "href", "action", "srcset")]
    assert all(link == "" or link.startswith("#") for link in links)
    policies = [a["content"] for _, a in PAGE.tags if "http-equiv" in a]
    assert policies
    assert str(policies[0]).startswith("default-src 'none'")
    assert "unsafe-eval" not in str(policies[0])


def test_every_link_within_the_page_has_its_target() -> None:
    targets = {attributes.get("id") for _, attributes in PAGE.tags}
    links = {str(a["href"])[1:] for tag, a in PAGE.tags if tag == "a"}
    assert links
    assert links <= targets


def test_every_proxy_has_its_charts_tables_and_settings() -> None:
    for proxy in DOCUMENT["proxies"]:
        for point in proxy["operating_points"]:
            assert point["sentence"] in PAGE.text
        assert proxy["worth"]["comparable"]["sentence"] in PAGE.text
        assert proxy["trainer"]["formula"] in PAGE.text
        assert proxy["tails"]["proxy"]["sentence"] in PAGE.text
        assert proxy["tails"]["error"]["sentence"] in PAGE.text
        assert proxy["trainer"]["caveat"] in PAGE.text
    assert DOCUMENT["proxies"][1]["passes"]["sentence"] in PAGE.text
    assert DOCUMENT["ranking"]["comparison"]["sentence"] in PAGE.text
    # Per proxy three curves and two of worth; one of passes, one ladder of tails, one ranking,
    # and the two themes.
    assert len(PAGE.specs) == 2 * 5 + 1 + 1 + 1 + 1


def test_a_ladder_is_drawn_from_three_rungs_on_and_its_sentence_told_once() -> None:
    document = audit_document()
    tail = document["proxies"][0]["tails"]["proxy"]
    text = json.dumps(PAGE.specs)
    assert "tail of " in text
    assert tail["sentence"][:30] not in text
    del tail["rungs"][2:]
    page = Page(report.html(document))
    assert "tail of " not in json.dumps(page.specs)
    assert tail["sentence"] in page.text
    assert "The numbers at each depth" in page.text


def test_the_ranking_says_at_which_level_each_proxy_is_told_below() -> None:
    assert "Each proxy by itself is told below at 95 %" in PAGE.text


def test_findings_say_what_to_do_and_which_rows() -> None:
    assert DOCUMENT["findings"][0]["message"] in PAGE.text
    assert "3, 17, 40 … (48 in all)" in PAGE.text
    assert "overopt finding OV105" in PAGE.text


def test_the_numbers_behind_the_first_chart_are_in_its_table() -> None:
    curve = DOCUMENT["proxies"][0]["curves"][0]
    for value in curve["gold"]:
        assert f"{value:.2f}".replace("-", "−") in PAGE.text


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"


def test_text_from_the_data_stays_text() -> None:
    document = audit_document(origin=HOSTILE, gold_source=HOSTILE)
    document["gold"] = document["headline"] = HOSTILE
    proxy = document["proxies"][0]
    proxy["name"] = document["ranking"]["rows"][1]["name"] = HOSTILE
    proxy["headline"]["sentence"] = HOSTILE
    finding = {"code": HOSTILE, "severity": "stop", "message": HOSTILE, "data": {"rows": [HOSTILE]}}
    document["findings"].append(finding)
    page = Page(report.html(document))
    assert [tag for tag, _ in page.tags].count("script") == len(PAGE.scripts)
    assert "img" not in {tag for tag, _ in page.tags}
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    assert HOSTILE in page.text
    assert len(page.specs) == len(PAGE.specs)


def one_prompt(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a table with one prompt: estimates, no intervals."""
    bounds = {"lower", "upper", "band_lower", "band_upper", "gain_lower", "gain_upper"}
    bounds |= {"slope_lower", "slope_upper"}

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: ([None] * len(item) if isinstance(item, list) else None)
                if key in bounds
                else stripped(item)
                for key, item in value.items()
            }
        return [stripped(item) for item in value] if isinstance(value, list) else value

    return dict(stripped(document), prompts=1)


@pytest.mark.parametrize(
    "document",
    [
        without_gold(DOCUMENT),
        one_prompt(DOCUMENT),
        DOCUMENT | {"proxies": DOCUMENT["proxies"][:1], "ranking": None},
        audit_document(simulated(prompts=5, candidates=300)),
    ],
    ids=["no gold", "one prompt", "one proxy", "300 candidates"],
)
def test_a_page_is_made_whatever_is_missing(document: dict[str, Any]) -> None:
    page = Page(report.html(document))
    assert document["headline"] in page.text
    assert "None" not in page.text
    assert "nan" not in page.text.split()


def test_a_notebook_shows_the_picture_and_the_text() -> None:
    fragment = report.notebook(DOCUMENT)
    assert fragment.count("<svg") == 1
    assert DOCUMENT["proxies"][0]["trainer"]["sentence"][:40] in " ".join(fragment.split())


def test_the_document_saved_as_json_makes_the_same_page(tmp_path: Path) -> None:
    saved = report.save(DOCUMENT, tmp_path / "a.json")
    page = report.save(DOCUMENT, tmp_path / "a.html")
    assert page.read_text() == report.html(json.loads(saved.read_text()))
