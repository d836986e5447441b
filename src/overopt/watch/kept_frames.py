"""Batches whose frames are still in the store, piece by piece."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby

from overopt.watch.assembly import Piece
from overopt.watch.frame import unpacked

__all__ = ["kept_pieces"]


def kept_pieces(
    db: sqlite3.Connection, run: str, first: int, last: int
) -> Iterator[tuple[int, list[Piece]]]:
    """Pieces of the batches with these numbers, both ends included; those rolled away are not."""
    query = (
        "SELECT batch, id, writer, seq, body FROM frames WHERE run = ? AND batch BETWEEN ? AND ?"
        " ORDER BY batch, writer, seq"
    )
    rows = db.execute(query, (run, first, last))
    for number, found in groupby(rows, key=lambda row: int(row[0])):
        yield (
            number,
            [
                Piece(id=i, writer=writer, seq=seq, scored=unpacked(body))
                for _, i, writer, seq, body in found
            ],
        )
