"""What can go wrong, as one tree: each message says what, where and what to do."""

from __future__ import annotations

__all__ = [
    "BadOption",
    "BadSamples",
    "MissingDependency",
    "NotIdentified",
    "OveroptError",
    "StoreError",
]


class OveroptError(Exception):
    """Root of every error that overopt raises on purpose; its text is one readable line."""


class BadSamples(OveroptError):
    """The table cannot be used as it is: a column is missing, a value has the wrong type, ..."""


class BadOption(OveroptError):
    """An option has a value that makes no sense, or two options contradict each other."""


class NotIdentified(OveroptError):
    """The data, however many, cannot answer the question under the stated assumptions."""


class MissingDependency(OveroptError):
    """An optional library is needed for this feature and is not installed."""

    def __init__(self, feature: str, library: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs {library}, which is not installed: "
            f'run  pip install "overopt[{extra}]"'
        )


class StoreError(OveroptError):
    """The store cannot be opened, read or written."""
