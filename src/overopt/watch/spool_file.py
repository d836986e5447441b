"""The files of one writer: bytes appended, rotated by size, made durable on request.

A file is locked while its writer lives, so a reader can tell a writer that is gone from one that is
quiet. After a failed or partial write the file is cut back to its last whole chunk; after a failed
fsync, which leaves unknown what is on disk, a new file is begun.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import final

from overopt.errors import BadOption

__all__ = ["SpoolFile", "checked_name", "spool_files", "writer_is_gone", "writer_of"]

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
FILE = re.compile(r"([A-Za-z0-9_-]{1,64})\.(\d{6,})\.frames")


def checked_name(name: str, what: str) -> str:
    """The name of a run or writer, which becomes part of paths; BadOption when it must not."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadOption(f"{what} {str(name)[:80]!r}: use 1 to 64 of A-Z, a-z, 0-9, _ and -")
    return name


def writer_of(file: Path) -> tuple[str, int] | None:
    """Writer and number of a spool file by its name, None for any other file."""
    match = FILE.fullmatch(file.name)
    return (match[1], int(match[2])) if match else None


def spool_files(folder: Path) -> list[Path]:
    """Spool files of a run, by writer and then in the order in which they were written."""
    named = [(writer_of(file), file) for file in folder.iterdir() if file.is_file()]
    return [file for key, file in sorted((key, file) for key, file in named if key is not None)]


def writer_is_gone(file: Path) -> bool:
    """Whether no process writes to this file any more."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


@final
class SpoolFile:
    """Where one writer's frames go; every method may raise OSError and can then be called again."""

    def __init__(self, folder: Path, writer: str, *, file_bytes: int, disk_bytes: int) -> None:
        self._folder, self._writer = folder, writer
        self._file_bytes, self._disk_bytes = file_bytes, disk_bytes
        self._fd = -1
        self._number = 0
        self._size = 0

    def open(self) -> None:
        """Begin the first file, or the next one; it is there, empty and locked, at once."""
        if self._fd >= 0:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        while self._fd < 0:
            path = self._folder / f"{self._writer}.{self._number:06d}.frames"
            self._number += 1
            try:
                self._fd = os.open(path, flags, 0o600)
            except FileExistsError:
                continue
        self._size = 0
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, data: bytes) -> bool:
        """Append whole frames; False when the writer's files fill their share of disk."""
        if self._fd < 0 or self._size >= self._file_bytes:
            if self._used() >= self._disk_bytes:
                return False
            self._next()
        try:
            written = os.write(self._fd, data)
        except OSError:
            self._cut()
            raise
        if written < len(data):
            self._cut()
            raise OSError(f"{written} of {len(data)} bytes written")
        self._size += written
        return True

    def sync(self) -> None:
        """Return once everything written is on disk."""
        if self._fd < 0:
            return
        try:
            os.fsync(self._fd)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; also in a forked child, where it leaves the parent's lock in place."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _next(self) -> None:
        """Finish the file durably and begin the next one, in this order: files end when whole."""
        self.sync()
        former, self._fd = self._fd, -1
        try:
            self.open()
        except OSError:
            self._fd = former
            raise
        if former >= 0:
            os.close(former)

    def _cut(self) -> None:
        """Drop what a failed write left; if even that fails, leave it to the reader's checksums."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self.close()

    def _used(self) -> int:
        """Bytes that this writer's files hold; those already collected are gone."""
        if not self._folder.is_dir():
            return 0
        named = [
            file for file in self._folder.iterdir() if file.name.startswith(f"{self._writer}.")
        ]
        return sum(os.stat(file).st_size for file in named)
