"""Without the ``report`` extra the terminal and JSON still work, and the page says what to do."""

import json
from pathlib import Path

import pytest
from golden.audit_document import audit_document

from overopt import report
from overopt.errors import MissingDependency

DOCUMENT = audit_document()
INSTALL = r'pip install "overopt\[report\]"'


@pytest.fixture(params=["altair", "vl_convert"])
def absent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    from overopt.report.page import vega_bundle

    vega_bundle.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, request.param, None)
    return str(request.param)


@pytest.mark.usefixtures("absent")
def test_pages_and_pictures_name_the_extra(tmp_path: Path) -> None:
    with pytest.raises(MissingDependency, match=INSTALL):
        report.html(DOCUMENT)
    with pytest.raises(MissingDependency, match=INSTALL):
        report.save(DOCUMENT, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("absent")
def test_terminal_and_json_need_no_extra() -> None:
    assert DOCUMENT["headline"] in report.terminal(DOCUMENT, width=140)
    assert json.loads(report.to_json(DOCUMENT)) == DOCUMENT
