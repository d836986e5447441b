"""The libraries of the ``report`` extra, imported on request; a missing one is one line."""

from __future__ import annotations

from typing import Any

from overopt.errors import MissingDependency

__all__ = ["altair", "vl_convert"]


def altair(feature: str) -> Any:
    """The chart library; raises MissingDependency that names ``feature``."""
    try:
        import altair as library
    except ModuleNotFoundError:
        raise MissingDependency(feature, "altair", "report") from None
    return library


def vl_convert(feature: str) -> Any:
    """The renderer of Vega-Lite; raises MissingDependency that names ``feature``."""
    try:
        import vl_convert as library
    except ModuleNotFoundError:
        raise MissingDependency(feature, "vl-convert-python", "report") from None
    return library
