"""Documents written to files, each in the format that the file's name asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from overopt.errors import BadOption
from overopt.report import charts, page
from overopt.report.channels import Spec
from overopt.report.libraries import vl_convert
from overopt.report.strict_json import to_json
from overopt.report.theme import theme
from overopt.report.words import Document

__all__ = ["FORMATS", "save", "save_picture"]

FORMATS = (".html", ".json", ".png", ".svg")


def save(audit: Document, path: str | Path) -> Path:
    """Write ``audit`` to ``path``; its suffix, one of FORMATS, chooses the format.

    Raises BadOption for another suffix, MissingDependency where pictures or pages need the
    ``report`` extra, OSError where the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in FORMATS:
        raise BadOption(f"cannot save {target}: its name must end in one of {', '.join(FORMATS)}")
    return _written(audit, target, lambda: page.html(audit), lambda: charts.picture(audit))


def save_picture(document: Document, path: str | Path, spec: Spec, title: str, text: str) -> Path:
    """Write ``spec`` as .png, .svg or, with ``text``, .html; or the document as .json.

    Raises BadOption for another suffix, MissingDependency where a picture needs the ``report``
    extra, OSError where the file cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in FORMATS:
        raise BadOption(f"cannot save {target}: its name must end in .png, .svg, .html or .json")
    return _written(
        document,
        target,
        lambda: page.picture_page(spec, title, text),
        lambda: spec | {"config": theme()},
    )


def _written(
    document: Document, target: Path, html: Callable[[], str], picture: Callable[[], Spec]
) -> Path:
    """The document as JSON, its page or its picture, by the suffix; only what is asked is made."""
    content = _content(document, target.suffix.lower(), html, picture)
    target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return target


def _content(
    document: Document, suffix: str, html: Callable[[], str], picture: Callable[[], Spec]
) -> str | bytes:
    if suffix == ".json":
        return to_json(document) + "\n"
    if suffix == ".html":
        return html()
    spec = picture()
    renderer = vl_convert("saving a picture")
    if suffix == ".svg":
        return str(renderer.vegalite_to_svg(spec))
    return bytes(renderer.vegalite_to_png(spec, scale=2))
