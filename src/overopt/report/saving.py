"""An audit document written to a file, in the format that the file's name asks for."""

from __future__ import annotations

from pathlib import Path

from overopt.errors import BadOption
from overopt.report import charts, page
from overopt.report.libraries import vl_convert
from overopt.report.strict_json import to_json
from overopt.report.words import Document

__all__ = ["FORMATS", "save"]

FORMATS = (".html", ".json", ".png", ".svg")


def save(audit: Document, path: str | Path) -> Path:
    """Write ``audit`` to ``path``; its suffix, one of FORMATS, chooses the format.

    Raises BadOption for another suffix, MissingDependency where pictures or pages need the
    ``report`` extra, OSError where the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        raise BadOption(f"cannot save {target}: its name must end in one of {', '.join(FORMATS)}")
    content = _content(audit, suffix)
    target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return target


def _content(audit: Document, suffix: str) -> str | bytes:
    if suffix == ".json":
        return to_json(audit) + "\n"
    if suffix == ".html":
        return page.html(audit)
    spec = charts.picture(audit)
    renderer = vl_convert("saving a picture")
    if suffix == ".svg":
        return str(renderer.vegalite_to_svg(spec))
    return bytes(renderer.vegalite_to_png(spec, scale=2))
