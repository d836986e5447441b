"""Frames of the spool of one run in the order in which they are to be folded.

Each writer's files are read in the order in which they were written, from where they were left.
Between writers the frame of the earliest step comes first, so a reader that catches up with many
writers meets them side by side, as they worked.
"""

from __future__ import annotations

import heapq
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import final

from overopt.watch.frame import FRAME_BYTES, SHAPE, Damage, Frame, frames_in
from overopt.watch.spool_file import writer_is_gone, writer_of

__all__ = ["Found", "spooled"]

READ_BYTES = 1 << 20


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A frame, or damage, of a writer's file; after it the file has been read up to ``offset``.

    With neither, the file has been read to its end, nothing will be added, and it can be removed;
    ``gone``: and its writer works no more.
    """

    writer: str
    file: Path
    offset: int
    item: Frame | Damage | None
    gone: bool = False


def spooled(files: Iterable[Path], offsets: Mapping[str, int]) -> Iterator[Found]:
    """What the files hold beyond their ``offsets`` (by file name), writers merged by step."""
    named = [(found, file) for file in files if (found := writer_of(file)) is not None]
    by_writer = groupby(sorted(named), key=lambda pair: pair[0][0])
    writers = {
        writer: _of_writer(writer, [file for _, file in pairs], offsets)
        for writer, pairs in by_writer
    }
    heap: list[tuple[float, str, Found]] = []
    for writer in writers:
        _push(heap, writer, writers[writer])
    while heap:
        _, writer, earliest = heapq.heappop(heap)
        yield earliest
        _push(heap, writer, writers[writer])


def _push(heap: list[tuple[float, str, Found]], writer: str, source: Iterator[Found]) -> None:
    found = next(source, None)
    if found is not None:
        heapq.heappush(heap, (_step(found.item), writer, found))


def _step(item: Frame | Damage | None) -> float:
    """Step of a frame of samples; everything else is taken as soon as it is met."""
    if not isinstance(item, Frame) or item.kind != "scored" or len(item.body) < SHAPE.size:
        return float("-inf")
    (step,) = struct.unpack_from("<q", item.body)
    return float(step)


def _of_writer(writer: str, files: list[Path], offsets: Mapping[str, int]) -> Iterator[Found]:
    for place, file in enumerate(files):
        followed = place + 1 < len(files)
        # Asked before reading: a writer that goes away while we read is noticed the next time.
        complete = followed or writer_is_gone(file)
        offset = offsets.get(file.name, 0)
        for item in _of_file(file, offset, complete):
            offset = item.end
            yield Found(writer=writer, file=file, offset=offset, item=item)
        if complete:
            yield Found(writer=writer, file=file, offset=offset, item=None, gone=not followed)


def _of_file(file: Path, offset: int, complete: bool) -> Iterator[Frame | Damage]:
    """Frames and damage of a file from ``offset`` on."""
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        size = READ_BYTES
        while data := os.pread(fd, size, offset):
            last = len(data) < size
            start = offset
            for item in frames_in(data, start, complete=complete and last):
                offset = item.end
                yield item
            if last:
                return
            # A frame longer than what was read: read more, up to the longest there is.
            size = READ_BYTES if offset > start else min(2 * size, FRAME_BYTES + READ_BYTES)
    finally:
        os.close(fd)
