"""The picture of a limit: exact gold on its way, and the plateau where there is one."""

from __future__ import annotations

import textwrap
from pathlib import Path

from overopt.report.channels import Spec
from overopt.report.lab_chart import exact_chart
from overopt.report.lab_limit_text import lab_limit, limit_verdict
from overopt.report.lab_text import law_text
from overopt.report.saving import save_picture
from overopt.report.strict_json import defined
from overopt.report.words import Document, one_line

__all__ = ["limit_picture", "save_lab_limit"]


def save_lab_limit(document: Document, way: Document, path: Path) -> Path:
    """Write the picture of a limit, or its document as .json; raises as ``save``.

    ``way`` is the document of the exact curve as far as it goes.
    """
    text, title = lab_limit(document, width=100), law_text(document["law"])
    return save_picture(document, path, limit_picture(document, way), title, text)


def limit_picture(document: Document, way: Document) -> Spec:
    """The curve under its law, the verdict and the theorem."""
    answer = " ".join([f"{document['label']}.", *limit_verdict(document)])
    subtitle = textwrap.wrap(one_line(answer, 1000), 100)
    title = {"text": one_line(law_text(document["law"]), 200), "subtitle": subtitle}
    return {"title": title} | exact_chart(defined(way))
