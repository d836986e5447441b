"""A count that all processes of a machine share: how many samples of a run were scored so far.

Reward functions that get one sample at a time, in several processes, are not told the training
step. The place of a sample among all of them tells it, where a step is a fixed number of samples.
Each counted sample is one byte appended to a file in memory, which the system does in one piece.
"""

from __future__ import annotations

import os
import tempfile
import threading
from hashlib import blake2b
from pathlib import Path
from typing import final

__all__ = ["SharedCount"]

MEMORY = Path("/dev/shm")


@final
class SharedCount:
    """The count of one name on this machine; it begins at 0 with the machine."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        if folder is None:
            folder = MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())
        digest = blake2b(name.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
        self.path = folder / f"overopt-{os.getuid()}-{digest}.count"
        self._fd, self._pid = -1, -1
        self._lock = threading.Lock()

    def after(self, samples: int) -> int:
        """Count so many more; the count with them."""
        with self._lock:
            if self._pid != os.getpid():  # a forked child shares the place in its parent's file
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
                self._fd, self._pid = os.open(self.path, flags, 0o600), os.getpid()
            os.write(self._fd, b"\0" * samples)
            return os.lseek(self._fd, 0, os.SEEK_CUR)
