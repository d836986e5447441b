"""The terminal report, word for word, narrow and wide.

After a wanted change of layout, read the new text and keep it:
``python tests/golden/test_terminal_text.py``.
"""

from pathlib import Path

import pytest
from golden.audit_document import audit_document

from overopt import report

FOLDER = Path(__file__).parent
WIDTHS = (60, 140)


def kept(width: int) -> Path:
    return FOLDER / f"terminal-{width}.txt"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_text_is_the_one_that_was_read_and_kept(width: int) -> None:
    assert report.terminal(audit_document(), width=width) == kept(width).read_text("utf-8")


if __name__ == "__main__":
    for each in WIDTHS:
        kept(each).write_text(report.terminal(audit_document(), width=each), "utf-8")
