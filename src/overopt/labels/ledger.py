"""The ledger of draws: which rows were drawn with which chance, and which labels came back.

One JSON file (``overopt.ledger/1``) holds all that is needed to say, at any later time, with what
chance any row of the table was ever drawn: the seed of the permanent random numbers, and for each
round the recipe of its chances, which looks at proxies only. Labels are kept too, with the merge
that brought them: merges that bring labels are looks at the data.

The file is written whole or not at all, and sealed with a hash: an edited ledger is refused,
because a changed chance would bias every later estimate unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, final

from overopt.errors import BadSamples

__all__ = ["SCHEMA", "DrawnRow", "Label", "Ledger", "Round", "Target", "read_ledger"]

SCHEMA = "overopt.ledger/1"


@final
@dataclass(frozen=True, kw_only=True)
class Target:
    """A curve that labels were bought for: one proxy under one pressure at some strengths."""

    proxy: str
    pressure: str
    strengths: tuple[float, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Round:
    """Recipe of one round: chances for ``total`` labels spread over the targets.

    ``budget`` labels were to be added to those of earlier rounds; ``uniform_share`` of the total is
    spread evenly; ``repeats`` is the share of drawn rows for which a second reading was asked.
    """

    budget: float
    total: float
    uniform_share: float
    repeats: float
    targets: tuple[Target, ...]


@final
@dataclass(frozen=True, kw_only=True)
class DrawnRow:
    """A row that was drawn: in which round (from 1), and its chance of being drawn by then."""

    id: str
    round: int
    prob: float
    prompt_id: str
    group: str | None
    candidate_id: str | None
    row: int


@final
@dataclass(frozen=True, kw_only=True)
class Label:
    """One reading of one row by one annotator ("" where not named), and the merge it came with."""

    id: str
    annotator: str
    gold: float
    merge: int


@final
@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All draws and labels of one table.

    ``kind`` is what a label is: "value", a number for one row; "pair", a comparison of two, has its
    place in the format and is not read yet. ``columns`` and ``by`` say how the table is read.
    ``aside`` are labels of rows that were never drawn: kept, not used.
    """

    seed: int
    fingerprint: str
    table_rows: int
    proxies: tuple[str, ...]
    columns: dict[str, str] = field(default_factory=dict)
    by: str | None = None
    gold: str = "gold"
    gold_source: str | None = None
    kind: str = "value"
    rounds: tuple[Round, ...] = ()
    drawn: tuple[DrawnRow, ...] = ()
    labels: tuple[Label, ...] = ()
    aside: tuple[Label, ...] = ()

    @property
    def looks(self) -> int:
        """How many merges brought labels that are used."""
        return len({label.merge for label in self.labels})

    @property
    def rounds_begun(self) -> int:
        """The last round of which a label came back; rounds still out have told nothing yet."""
        known = {label.id for label in self.labels}
        return max((row.round for row in self.drawn if row.id in known), default=0)

    @property
    def outstanding(self) -> tuple[DrawnRow, ...]:
        """Rows that were drawn and have no label yet."""
        known = {label.id for label in self.labels}
        return tuple(row for row in self.drawn if row.id not in known)

    def write(self, path: Path) -> None:
        """Replace the file at ``path`` in one step."""
        content = {"schema": SCHEMA, **asdict(self)}
        content["seal"] = _seal(content)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(content, file, indent=1, ensure_ascii=True, allow_nan=False)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file; BadSamples when it is none, of another version, or was edited."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content.get("schema")
    except OSError as error:
        raise BadSamples(f"cannot read the ledger {path}: {error.strerror}") from None
    except (ValueError, AttributeError, RecursionError):
        raise BadSamples(f"{path} is not a ledger: give the file that labels plan wrote") from None
    if found != SCHEMA:
        raise BadSamples(f"{path} is not a ledger: its schema is {found!r}, not {SCHEMA!r}")
    if content.pop("seal", None) != _seal(content):
        raise BadSamples(
            f"the ledger {path} was changed after it was written, so its chances cannot be "
            "trusted: restore it from a copy, or plan anew with another ledger"
        )
    try:
        ledger = _from_dict(content)
    except (KeyError, TypeError) as error:
        raise BadSamples(f"the ledger {path} is not complete: {error}") from None
    if ledger.kind != "value":
        raise BadSamples(f"the ledger {path} is of {ledger.kind} labels: this version reads values")
    return ledger


def _from_dict(content: dict[str, Any]) -> Ledger:
    known = {key: value for key, value in content.items() if key != "schema"}
    rounds = tuple(
        replace(Round(**each), targets=tuple(_target(**target) for target in each["targets"]))
        for each in known["rounds"]
    )
    return Ledger(
        **{
            **known,
            "proxies": tuple(known["proxies"]),
            "rounds": rounds,
            "drawn": tuple(DrawnRow(**row) for row in known["drawn"]),
            "labels": tuple(Label(**label) for label in known["labels"]),
            "aside": tuple(Label(**label) for label in known["aside"]),
        }
    )


def _target(proxy: str, pressure: str, strengths: list[float]) -> Target:
    return Target(proxy=proxy, pressure=pressure, strengths=tuple(strengths))


def _seal(content: dict[str, Any]) -> str:
    """Hash of the content, whatever its layout in the file."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
