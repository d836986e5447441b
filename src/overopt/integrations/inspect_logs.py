"""Logs of evaluations by inspect (``.eval`` or ``.json``; read in inspect_ai 0.3.285).

An evaluation is one step of the run that its task is: the number ``step`` of its metadata, else
the second at which it was created. Samples of one id over epochs are the candidates of a prompt.
Scorers are the scores; ``gold`` in a score's metadata is gold where no scorer is named as such.
Letters count as inspect counts them: C 1, P one half, I and N 0. ``.eval`` files are ZIP archives
whose ``summaries.json`` holds every score, written when the evaluation ends.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from os import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO, final
from zlib import crc32

from overopt.errors import BadSamples
from overopt.integrations.file_rows import Ending, FileMark, Record, whole_records
from overopt.integrations.follower import Follower
from overopt.integrations.row import Fields

__all__ = ["InspectLogs"]

SUFFIXES = (".eval", ".json")
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "no": 0.0}
ZSTANDARD = 93  # ZIP's number for the compression that inspect uses
LOCAL_HEAD = struct.Struct("<26xHH")  # of a member: lengths of its name and of what follows that
MOST_BYTES = 1 << 30  # unpacked, of one member of an archive
FAULTS = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    NotImplementedError,  # another compression
    struct.error,
    zipfile.BadZipFile,
)
OWN = ("prompt_id", "step", "run", "gold", "length")


@final
class InspectLogs(Follower):
    """A folder of logs, or one log."""

    name = "inspect"
    whole_files = True

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """By the suffix ``.eval``, or by what a log in JSON begins with."""
        return any(p.suffix == ".eval" or _is_log(p) for p in cls(path).files())

    def files(self) -> list[Path]:
        """Logs in order of their names, which begin with the time."""
        if not self.path.is_dir():
            return [self.path] if self.path.suffix in SUFFIXES and self.path.is_file() else []
        return sorted(p for p in self.path.iterdir() if p.suffix in SUFFIXES and p.is_file())

    def records(self, file: Path, mark: FileMark, ending: Ending) -> Iterator[Record]:
        """Samples of a log that has ended."""
        return whole_records(mark, lambda: _samples(file), ending)

    def scores(self, fields: Fields) -> Sequence[str]:
        """The scorers."""
        return [name for name in fields if name not in OWN]


def _is_log(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096)
    return b'"version"' in head and b'"eval"' in head and b'"task"' in head


def _samples(path: Path) -> list[Mapping[str, Any]]:
    """One record for each sample of a log, or BadSamples when it has not ended or is damaged."""
    try:
        header, samples = _archive(path) if path.suffix == ".eval" else _document(path)
        spec = header["eval"]
        metadata = spec.get("metadata") or {}
        own = {"step": metadata.get("step", _second(spec["created"])), "run": str(spec["task"])}
        return [_fields(sample, own) for sample in samples]
    except FAULTS as error:
        said = isinstance(error, ValueError | OSError | zipfile.BadZipFile)
        what = str(error) if said else repr(error)
        raise BadSamples(f"is no whole log of an evaluation: {what}") from None


def _archive(path: Path) -> tuple[dict[str, Any], list[Any]]:
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        members = ("header.json", "summaries.json")
        header, samples = (json.loads(_member(file, archive, name)) for name in members)
        return header, samples


def _member(file: BinaryIO, archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's content; the ZIP library of Python 3.11 knows no Zstandard, Arrow does."""
    import pyarrow as pa

    member = archive.getinfo(name)
    if member.file_size > MOST_BYTES:
        raise ValueError(f"{name} is larger than {MOST_BYTES >> 20} MiB")
    if member.compress_type != ZSTANDARD:
        return archive.read(name)
    file.seek(member.header_offset)
    head = file.read(LOCAL_HEAD.size)
    file.seek(sum(LOCAL_HEAD.unpack(head)), SEEK_CUR)
    packed = pa.py_buffer(file.read(member.compress_size))
    with pa.input_stream(packed, compression="zstd") as stream:
        content = bytes(stream.read(member.file_size))
    if crc32(content) != member.CRC:
        raise ValueError(f"{name} is damaged")
    return content


def _document(path: Path) -> tuple[dict[str, Any], list[Any]]:
    log = json.loads(path.read_bytes())
    if log["status"] == "started":
        raise ValueError("it has not ended")
    return log, log.get("samples") or []


def _fields(sample: Mapping[str, Any], own: Mapping[str, Any]) -> Fields:
    """Scores by name beside the names of task, step and sample."""
    fields = {**own, "prompt_id": str(sample["id"])}
    for scorer, score in (sample.get("scores") or {}).items():
        value = score["value"]
        values = (
            {f"{scorer}.{key}": each for key, each in value.items()}
            if isinstance(value, Mapping)
            else {scorer: value}
        )
        fields.update(
            {
                name: LETTERS.get(each, each) if isinstance(each, str) else each
                for name, each in values.items()
            }
        )
        gold = (score.get("metadata") or {}).get("gold")
        if gold is not None and "gold" not in fields:
            fields["gold"] = gold
    usage = sample.get("model_usage") or {}
    if usage:
        fields["length"] = sum(each.get("output_tokens") or 0 for each in usage.values())
    return fields


def _second(created: str) -> int:
    return int(datetime.fromisoformat(created).timestamp())
