"""Without the ``report`` extra the terminal and JSON still work, and the page says what to do."""

import json
import sys
from pathlib import Path

import pytest
from golden.audit_document import audit_document

from overopt import report
from overopt.errors import MissingDependency

DOCUMENT = audit_document()
INSTALL = r'pip install "overopt\[report\]"'


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    from overopt.report.page import vega_bundle

    vega_bundle.cache_clear()
    for library in ("altair", "vl_convert"):
        monkeypatch.setitem(sys.modules, library, None)


@pytest.mark.usefixtures("bare")
def test_pages_pictures_and_figures_name_the_extra(tmp_path: Path) -> None:
    with pytest.raises(MissingDependency, match=INSTALL):
        report.html(DOCUMENT)
    with pytest.raises(MissingDependency, match=INSTALL):
        report.save(DOCUMENT, tmp_path / "a.png")
    with pytest.raises(MissingDependency, match=INSTALL):
        report.figure(DOCUMENT, "rm", "best_of_n")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("bare")
def test_terminal_and_json_need_no_extra() -> None:
    assert DOCUMENT["headline"] in report.terminal(DOCUMENT, width=140)
    assert json.loads(report.to_json(DOCUMENT)) == DOCUMENT
