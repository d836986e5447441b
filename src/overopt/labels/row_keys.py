"""A permanent random number for every row, made from what the row is and never from where it lies.

A keyed hash of (prompt, group, candidate) gives each row its number u in [0, 1), the same in every
round, file and order of rows. Row i is labelled once u_i is below its chance pi_i; chances only
grow, so every round holds the one before it and the chance that a row was ever drawn is exactly its
last pi (permanent random numbers: Ohlsson 1995). Where there is no candidate id, text and scores
tell rows apart; rows alike in all of that are numbered in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from overopt.samples import Category, Samples

__all__ = ["RowKeys", "row_keys", "row_names"]

FloatArray = npt.NDArray[np.floating[Any]]
SEPARATOR = "\x1f"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RowKeys:
    """By row of a table, for one seed: [rows] each.

    ``number`` is the permanent random number, ``id`` the name of the row in sheets and ledgers
    (which also puts sheets into an order that shows no rank), ``second`` another such number, by
    which rows are chosen for a second reading. ``fingerprint`` is that of the rows and their
    proxies, in any order.
    """

    number: FloatArray
    id: npt.NDArray[np.str_]
    second: FloatArray
    fingerprint: str


def row_keys(samples: Samples, seed: int) -> RowKeys:
    """Keys of all rows. Gold and labels play no part, so they stay the same when labels arrive."""
    seen: dict[str, int] = {}
    digests, sums = [], [0, 0]
    scores = _score_texts(samples)
    for name, score in zip(_identities(samples, scores), scores, strict=True):
        seen[name] = again = seen.get(name, -1) + 1
        identity = f"{name}{SEPARATOR}{again}"
        digests.append(_digest(identity, seed))
        # Sums of row hashes do not depend on order; two of them make a collision implausible.
        content = _digest(f"{identity}{SEPARATOR}{score}", 0)
        sums[0] += int.from_bytes(content[:8], "little")
        sums[1] += int.from_bytes(content[8:16], "little")
    parts = np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 3)
    described = repr((sorted(samples.proxies), samples.rows, [total % 2**64 for total in sums]))
    return RowKeys(
        number=_uniform(parts[:, 0]),
        id=np.array([f"r{value:016x}" for value in parts[:, 1].tolist()]),
        second=_uniform(parts[:, 2]),
        fingerprint=hashlib.sha256(described.encode()).hexdigest(),
    )


def row_names(samples: Samples) -> Iterator[tuple[str, str, str]]:
    """Prompt, group and candidate of each row as text, empty where there is none."""
    prompts = [str(i) for i in samples.prompt_ids.tolist()]
    groups = _texts(samples.group_value, samples.rows)
    candidates = _texts(samples.candidate, samples.rows)
    return zip((prompts[i] for i in samples.prompt.tolist()), groups, candidates, strict=True)


def _texts(column: Category | None, rows: int) -> list[str]:
    if column is None:
        return [""] * rows
    names = [*column.names, ""]  # the last is read by code -1, missing
    return [names[code] for code in column.codes.tolist()]


def _identities(samples: Samples, scores: list[str]) -> Iterator[str]:
    """What tells each row apart from others of the table."""
    for row, (prompt, group, candidate) in enumerate(row_names(samples)):
        parts = [prompt, group, candidate]
        if not candidate:
            text = None if samples.text is None else samples.text[row]
            parts += [str(text), scores[row]]
        yield SEPARATOR.join(parts)


def _score_texts(samples: Samples) -> list[str]:
    """The scores of each row, exactly, as 64-bit floats: [rows]."""
    if not samples.proxies:
        return [""] * samples.rows
    columns = [np.asarray(samples.proxies[name], dtype=float) for name in sorted(samples.proxies)]
    return [repr(values) for values in zip(*(c.tolist() for c in columns), strict=True)]


def _digest(identity: str, seed: int) -> bytes:
    """24 bytes from an identity: three numbers that no rank, score or order can be read from."""
    data = identity.encode(errors="surrogatepass")
    return hashlib.blake2b(data, digest_size=24, key=str(seed).encode()).digest()


def _uniform(values: npt.NDArray[np.uint64]) -> FloatArray:
    """64-bit numbers as floats in [0, 1), 1 excluded: rows that are certain are always drawn."""
    return (values >> np.uint64(11)) / 2.0**53
