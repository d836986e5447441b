"""Where text goes: results to standard output, everything said about them to standard error."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable

__all__ = ["Progress", "colourful", "complain", "emit", "tell", "terminal_width"]

PATIENCE = 2.0  # seconds of work before progress is worth a line
LONGEST_LINE = 2000


def emit(text: str) -> None:
    """Write to standard output; a reader that has gone (``| head``) is no error."""
    try:
        sys.stdout.write(_encodable(text))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at exit, which would complain: give it somewhere to flush to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _encodable(text: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, errors="replace").decode(encoding)


def complain(message: str) -> None:
    """One line on standard error, without control characters, however long the message."""
    from overopt.report.words import one_line

    sys.stderr.write(f"overopt: {one_line(message, LONGEST_LINE)}\n")


def tell(text: str) -> None:
    """Several lines on standard error, each without control characters."""
    from overopt.report.words import one_line

    for line in text.splitlines():
        sys.stderr.write(f"{one_line(line, LONGEST_LINE)}\n")


def colourful() -> bool:
    """Whether standard output is a terminal whose user has not asked for plain text."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def terminal_width() -> int:
    """Columns of the terminal, or of COLUMNS; 100 where there is neither."""
    return shutil.get_terminal_size((100, 24)).columns


class Progress:
    """A line on standard error that is rewritten in place, once work has lasted a while.

    Silent where standard error is not a terminal. Close it to wipe the line.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._visible = sys.stderr.isatty()
        self._written = 0

    def __call__(self, stage: str, share: float) -> None:
        """Show ``stage`` and the share of the work, 0 to 1, that is done."""
        if not self._visible or self._clock() - self._started < PATIENCE:
            return
        line = f"{stage} {share:4.0%}"
        sys.stderr.write("\r" + line.ljust(self._written))
        sys.stderr.flush()
        self._written = len(line)

    def close(self) -> None:
        """Wipe the line."""
        if self._written:
            sys.stderr.write("\r" + " " * self._written + "\r")
            sys.stderr.flush()
            self._written = 0
