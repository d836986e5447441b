"""Frames: what one reward call showed, packed into bytes that a crash can cut but not falsify.

A frame is a head (magic, length, kind, checksums, sequence number) and a body. The head has a
checksum of its own, so that a damaged length is never believed. Bodies are little-endian arrays
and UTF-8 text, or strict JSON for the small kinds; nothing is ever unpickled. A reader that meets
damage looks for the next head, says how many bytes it left out, and goes on.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal, final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from overopt.watch.values import KindVector

__all__ = [
    "FRAME_BYTES",
    "Damage",
    "Frame",
    "FrameKind",
    "Scored",
    "frame",
    "frames_in",
    "kept_text",
    "packed",
    "text_name",
    "unpacked",
]

FloatVector = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.int64]
FrameKind = Literal["scored", "label", "ask", "drops", "end"]

FRAME_BYTES = 8 << 20  # no frame is longer; a longer length is damage
MOST_COMPONENTS = 256
NAME_BYTES = 200
TEXT_CHARACTERS = 8 << 10

MAGIC = b"\xf5OVF"  # the first byte never occurs in UTF-8
HEAD = struct.Struct("<4sIBxxxIQ")  # magic, length, kind, checksum of the body, sequence number
CHECK = struct.Struct("<I")
HEAD_BYTES = HEAD.size + CHECK.size
FRAME_KINDS: tuple[FrameKind, ...] = ("scored", "label", "ask", "drops", "end")

SHAPE = struct.Struct("<qdIIHB")  # step, time, rows, prompts, components, which optional parts
HAS_GOLD, HAS_KL, HAS_KINDS, HAS_PROMPTS, HAS_COMPLETIONS = 1, 2, 4, 8, 16


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """Samples of one reward call: the fields of a Batch, and what only the store needs.

    ``kinds`` [rows] says what each proxy was (``values.KINDS``), None when all are finite.
    ``prompts`` [prompts] and ``completions`` [rows] are texts, None unless they are to be kept.
    ``time`` is the writer's clock in seconds: a remark, never an order.
    """

    step: int
    time: float
    proxy: FloatVector
    group: IntVector
    prompt_ids: tuple[str, ...]
    kinds: KindVector | None = None
    gold: FloatVector | None = None
    kl: FloatVector | None = None
    components: Mapping[str, FloatVector] = field(default_factory=dict)
    prompts: tuple[str, ...] | None = None
    completions: tuple[str, ...] | None = None


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """A sound frame of a file: its bytes without the head, and the place after it."""

    kind: FrameKind
    seq: int
    body: bytes
    end: int


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """Bytes ``start`` to ``end`` of a file that are no frame."""

    start: int
    end: int


def frame(kind: FrameKind, seq: int, body: bytes) -> bytes:
    """The frame of a body, ready to be written."""
    head = HEAD.pack(MAGIC, len(body), FRAME_KINDS.index(kind), crc32(body), seq)
    return b"".join((head, CHECK.pack(crc32(head)), body))


def packed(scored: Scored) -> bytes:
    """Body of a frame of samples. Components beyond 256 are left out."""
    components = dict(list(scored.components.items())[:MOST_COMPONENTS])
    optional = (scored.gold, scored.kl, scored.kinds, scored.prompts, scored.completions)
    flags = sum(1 << i for i, part in enumerate(optional) if part is not None)
    counts = (len(scored.proxy), len(scored.prompt_ids), len(components))
    vectors = [each for each in (scored.gold, scored.kl) if each is not None]
    parts = [SHAPE.pack(scored.step, scored.time, *counts, flags), _doubles(scored.proxy)]
    parts.append(scored.group.astype("<u4").tobytes())
    parts.extend(_doubles(each) for each in vectors)
    if scored.kinds is not None:
        parts.append(scored.kinds.tobytes())
    parts.extend(_doubles(values) for values in components.values())
    parts.append(_texts([*scored.prompt_ids, *components]))
    parts.extend(_texts(each) for each in (scored.prompts, scored.completions) if each is not None)
    return b"".join(parts)


def unpacked(body: bytes) -> Scored:
    """Samples of a body that ``packed`` made; ValueError when it is too short for its counts."""
    if len(body) < SHAPE.size:
        raise ValueError(f"{len(body)} bytes")
    step, time, rows, prompts, components, flags = SHAPE.unpack_from(body)
    reader = _Reader(body, SHAPE.size)
    proxy, group = reader.doubles(rows), reader.vector("<u4", rows).astype(np.int64)
    gold = reader.doubles(rows) if flags & HAS_GOLD else None
    kl = reader.doubles(rows) if flags & HAS_KL else None
    kinds = reader.vector("u1", rows).astype(np.uint8) if flags & HAS_KINDS else None
    values = [reader.doubles(rows) for _ in range(components)]
    names = reader.texts(prompts + components)
    if rows and group.max() >= prompts:
        raise ValueError(f"prompt {group.max()} of {prompts}")
    return Scored(
        step=step,
        time=time,
        proxy=proxy,
        group=group,
        prompt_ids=names[:prompts],
        kinds=kinds,
        gold=gold,
        kl=kl,
        components=dict(zip(names[prompts:], values, strict=True)),
        prompts=reader.texts(prompts) if flags & HAS_PROMPTS else None,
        completions=reader.texts(rows) if flags & HAS_COMPLETIONS else None,
    )


def frames_in(data: bytes, start: int, *, complete: bool) -> Iterator[Frame | Damage]:
    """Frames of ``data``, which begins at byte ``start`` of its file, and damage between them.

    A frame that is cut at the end is left for later, unless ``complete`` says that nothing will
    follow: then it is damage too.
    """
    at = 0
    while at < len(data):
        found = _frame_at(data, at)
        if isinstance(found, Frame):
            yield Frame(kind=found.kind, seq=found.seq, body=found.body, end=start + found.end)
            at = found.end
            continue
        if found == "cut" and not complete:
            return
        after = _next_head(data, at + 1, complete)
        yield Damage(start=start + at, end=start + after)
        at = after


def text_name(text: str) -> str:
    """A short name for a text, which does not give the text away at a glance."""
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def kept_text(text: Any) -> str:
    """The text, cut after 8 Ki characters with the length and hash of the whole."""
    whole = text if isinstance(text, str) else _spelled(text)
    if len(whole) <= TEXT_CHARACTERS:
        return whole
    return f"{whole[:TEXT_CHARACTERS]} [cut: {len(whole)} characters, {text_name(whole)}]"


def _spelled(value: Any) -> str:
    """Conversations and other structures as text."""
    try:
        return json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _doubles(values: FloatVector) -> bytes:
    return np.ascontiguousarray(values, "<f8").tobytes()


def _texts(texts: Sequence[str]) -> bytes:
    """Lengths, then the texts. What UTF-8 cannot hold is spelled out."""
    encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
    return struct.pack(f"<{len(encoded)}I", *map(len, encoded)) + b"".join(encoded)


class _Reader:
    """Consecutive parts of a body."""

    def __init__(self, body: bytes, at: int) -> None:
        self._body, self._at = body, at

    def vector(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self._body, kind, count, self._at)
        self._at += values.nbytes
        return values

    def doubles(self, count: int) -> FloatVector:
        return self.vector("<f8", count).astype(np.float64)

    def texts(self, count: int) -> tuple[str, ...]:
        lengths = self.vector("<u4", count).tolist()
        texts = []
        for length in lengths:
            piece = self._body[self._at : self._at + length]
            if len(piece) < length:
                raise ValueError("text is cut")
            texts.append(piece.decode("utf-8", "replace"))
            self._at += length
        return tuple(texts)


def _frame_at(data: bytes, at: int) -> Frame | Literal["cut", "damaged"]:
    """The frame that begins at ``at``; its ``end`` counts within ``data``."""
    if len(data) - at < HEAD_BYTES:
        begins = data[at : at + len(MAGIC)]
        return "cut" if MAGIC.startswith(begins) else "damaged"
    head = data[at : at + HEAD.size]
    (check,) = CHECK.unpack_from(data, at + HEAD.size)
    magic, length, number, body_check, seq = HEAD.unpack(head)
    if magic != MAGIC or crc32(head) != check or length > FRAME_BYTES:
        return "damaged"
    begin = at + HEAD_BYTES
    if begin + length > len(data):
        return "cut"
    body = data[begin : begin + length]
    if crc32(body) != body_check or number >= len(FRAME_KINDS):
        return "damaged"
    return Frame(kind=FRAME_KINDS[number], seq=seq, body=body, end=begin + length)


def _next_head(data: bytes, at: int, complete: bool) -> int:
    """Where the next sound or cut frame begins: the end of the data when there is none."""
    while True:
        at = data.find(MAGIC, at)
        if at < 0:
            return len(data) if complete else _tail(data)
        found = _frame_at(data, at)
        if isinstance(found, Frame) or (found == "cut" and not complete):
            return at
        at += 1


def _tail(data: bytes) -> int:
    """Where a magic that is cut at the end of the data begins; its length when there is none."""
    for kept in range(len(MAGIC) - 1, 0, -1):
        if data.endswith(MAGIC[:kept]):
            return len(data) - kept
    return len(data)
