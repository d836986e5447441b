"""The terminal report fits its width, is plain when piped and cannot be hijacked by data."""

import re

import pytest
from golden.audit_document import audit_document, without_gold

from overopt import report

DOCUMENT = audit_document()


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = report.terminal(DOCUMENT, width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_plain_text_has_no_escape_codes() -> None:
    assert "\x1b" not in report.terminal(DOCUMENT, width=80, colour=False)


def test_colours_change_nothing_but_colours() -> None:
    coloured = report.terminal(DOCUMENT, width=80, colour=True)
    assert "\x1b[" in coloured
    plain = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()]
    assert plain == report.terminal(DOCUMENT, width=80).splitlines()


def test_the_answer_comes_first_and_every_proxy_is_told() -> None:
    told = report.terminal(DOCUMENT, width=140)
    assert told.index(DOCUMENT["headline"]) < told.index("OV105")
    for proxy in DOCUMENT["proxies"]:
        assert f"\n{proxy['name']}\n" in told
        for point in proxy["operating_points"]:
            assert f"{point['gain']:+.2f}" in told


def test_of_many_proxies_the_best_are_told_and_no_stop_is_dropped() -> None:
    document = audit_document()
    best, last = document["proxies"][1], document["proxies"][0]
    stop = {"code": "OV103", "severity": "stop", "message": "the score is constant", "data": {}}
    copies = [last | {"name": f"copy{i}", "findings": [stop] * (i == 2)} for i in range(3)]
    document["proxies"] = [last, *copies, best]
    told = report.terminal(document, width=140)
    assert f"\n{best['name']}\n" in told
    assert "2 more proxies: copy1, copy2." in told
    assert "the score is constant" in told


@pytest.mark.parametrize("width", [60, 140])
def test_without_gold_there_is_no_number_for_it(width: int) -> None:
    told = report.terminal(without_gold(DOCUMENT), width=width)
    assert "None" not in told
    assert "nan" not in told
    assert "gold labels: about 40 prompts" in " ".join(told.split())


def test_escape_codes_and_markup_in_names_are_text() -> None:
    hostile = audit_document(origin="x\x1b[31mred\x07.parquet", gold_source="[bold]judge[/bold]")
    hostile["proxies"][0]["name"] = hostile["ranking"]["rows"][0]["name"] = "[link=x]rm[/link]\x1b"
    told = report.terminal(hostile, width=140)
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "[bold]judge[/bold]" in told
    assert "[link=x]rm[/link]" in told
