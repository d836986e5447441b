"""A picture with its text written to a file, in the format that the file's name asks for."""

from __future__ import annotations

from pathlib import Path

from overopt.errors import BadOption
from overopt.report.gold_chart import Spec
from overopt.report.libraries import vl_convert
from overopt.report.page import picture_page
from overopt.report.strict_json import to_json
from overopt.report.theme import theme
from overopt.report.words import Document

__all__ = ["save_picture"]


def save_picture(document: Document, path: str | Path, spec: Spec, title: str, text: str) -> Path:
    """Write ``spec`` as .png, .svg or, with ``text``, .html; or the document as .json.

    Raises BadOption for another suffix, MissingDependency where a picture needs the ``report``
    extra, OSError where the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix == ".json":
        target.write_text(to_json(document) + "\n", encoding="utf-8")
    elif suffix == ".html":
        target.write_text(picture_page(spec, title, text), encoding="utf-8")
    elif suffix == ".svg":
        drawing = vl_convert("saving a picture").vegalite_to_svg(spec | {"config": theme()})
        target.write_text(str(drawing), encoding="utf-8")
    elif suffix == ".png":
        renderer = vl_convert("saving a picture")
        target.write_bytes(bytes(renderer.vegalite_to_png(spec | {"config": theme()}, scale=2)))
    else:
        raise BadOption(f"cannot save {target}: its name must end in .png, .svg, .html or .json")
    return target
