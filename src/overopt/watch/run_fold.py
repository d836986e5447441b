"""One run inside the collector: frames become batches, batches draws, draws and answers a state.

What is kept in memory is exactly what the store holds after a commit; after a failed one it is
forgotten and read back, which is also what a restart does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from overopt.watch.assembly import Assembly, Piece, batch_of
from overopt.watch.batch import Batch
from overopt.watch.detectors.detector import Amber
from overopt.watch.draw import Draw
from overopt.watch.frame import Damage, Frame, unpacked
from overopt.watch.kept_frames import kept_pieces
from overopt.watch.saved_state import state_text
from overopt.watch.seen import Seen
from overopt.watch.store import rows_of
from overopt.watch.summary import batch_summary
from overopt.watch.tail import Found
from overopt.watch.watching import RaisedAlarm, WatchedState, Watching

__all__ = ["RunFold"]

MOST_ASKED = 500  # rows drawn for one person at once


_SET_STATUS = (  # texts are kept until a row is labelled
    "UPDATE draws SET status = ?, prompt = NULL, completion = NULL WHERE run = ? AND number = ?"
)
_INSERT_BATCH = (
    "INSERT INTO batches (run, number, key, step, rows, prompts, non_finite, proxy, proxy_sd,"
    " proxy_low, proxy_median, proxy_high, gold, gold_rows, kl, components, time)"
    f" VALUES ({', '.join('?' * 17)})"
)


@final
@dataclass(kw_only=True, eq=False)
class Writer:
    """What is known of one writer: numbers seen, frames and rows taken, drops it has told."""

    seen: Seen
    frames: int = 0
    rows: int = 0
    duplicates: int = 0
    dropped: str = "{}"
    changed: bool = True


@final
class RunFold:
    """State of one run between commits; made by ``RunFold.read`` from the store."""

    def __init__(self, run: str, monitor: Watching) -> None:
        self.run, self.monitor = run, monitor
        self.state: WatchedState = monitor.start()
        self.assembly = Assembly()
        self.writers: dict[str, Writer] = {}
        self.offsets: dict[str, int] = {}
        self.finished: list[str] = []
        self.batches = self.rows = self.kept_rows = self.asked = 0
        self.step: int | None = None
        self.time: float | None = None
        self.answered: set[int] = set()
        self.told: set[tuple[str, str, int]] = set()
        self.changed = False

    @classmethod
    def read(cls, db: sqlite3.Connection, run: str, monitor: Watching) -> RunFold:
        """The run as the store holds it, or a new one."""
        fold = cls(run, monitor)
        found = rows_of(db, "SELECT * FROM runs WHERE run = ?", (run,))
        if not found:
            fold.save(db)
            return fold
        (row,) = found
        fold.state = monitor.read(row["state"])
        fold.batches, fold.rows, fold.step = row["batches"], row["rows"], row["step"]
        fold.time, fold.asked = row["time"], row["asked"]
        query = "SELECT coalesce(sum(rows), 0) FROM parts WHERE run = ?"
        fold.kept_rows = fold.rows - db.execute(query, (run,)).fetchone()[0]
        query = "SELECT id, writer, seq, body FROM frames WHERE run = ? AND batch IS NULL"
        pieces = [
            Piece(id=i, writer=writer, seq=seq, scored=unpacked(body))
            for i, writer, seq, body in db.execute(query, (run,))
        ]
        fold.assembly = Assembly.restored(json.loads(row["assembly"]), pieces)
        for each in rows_of(db, "SELECT * FROM writers WHERE run = ?", (run,)):
            fold.writers[each["writer"]] = Writer(
                seen=Seen(json.loads(each["seen"])),
                frames=each["frames"],
                rows=each["rows"],
                duplicates=each["duplicates"],
                dropped=each["dropped"],
                changed=False,
            )
        fold.offsets = dict(db.execute("SELECT file, offset FROM files WHERE run = ?", (run,)))
        query = "SELECT tier, name, step FROM alarms WHERE run = ?"
        fold.told = set(db.execute(query, (run,)))
        query = "SELECT number FROM labels WHERE run = ? AND used = 1 AND number >= ?"
        found_numbers = db.execute(query, (run, fold.state.consumed))
        fold.answered = {number for (number,) in found_numbers}
        return fold

    def save(self, db: sqlite3.Connection) -> None:
        """Write everything but what was written when it happened."""
        self._give_up(db)
        self._save_alarms(db)
        for name, writer in self.writers.items():
            if writer.changed:
                self._save_writer(db, name, writer)
        self.changed = False
        db.execute("DELETE FROM files WHERE run = ?", (self.run,))
        db.executemany(
            "INSERT INTO files VALUES (?, ?, ?)",
            [(self.run, file, offset) for file, offset in self.offsets.items()],
        )
        db.execute(
            "INSERT INTO runs (run, state, document, assembly, batches, rows, step, drawn,"
            " consumed, asked, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (run) DO UPDATE SET"
            " state = excluded.state, document = excluded.document, assembly = excluded.assembly,"
            " batches = excluded.batches, rows = excluded.rows, step = excluded.step,"
            " drawn = excluded.drawn, consumed = excluded.consumed, asked = excluded.asked,"
            " time = excluded.time",
            (
                self.run,
                self.monitor.text(self.state),
                json.dumps(self.monitor.document(self.run, self.state), allow_nan=False),
                json.dumps(self.assembly.saved()),
                self.batches,
                self.rows,
                self.step,
                self.state.drawn,
                self.state.consumed,
                self.asked,
                self.time,
            ),
        )

    # -- what the spool brings

    def join(self, writer: str) -> None:
        """Know of a writer before its first frame."""
        if writer not in self.writers:
            self.writers[writer] = Writer(seen=Seen())
            self.assembly.join(writer)

    def take(self, db: sqlite3.Connection, found: Found) -> None:
        """Fold one finding of the spool."""
        self.changed = True
        writer, item = self.writers[found.writer], found.item
        self.offsets[found.file.name] = found.offset
        if isinstance(item, Damage):
            place = f"{found.file.name}:{item.start}"
            self.event(db, "damaged_bytes", place, item.end - item.start)
        elif item is None:
            self.finished.append(found.file.name)
            self._close(db, self.assembly.end(found.writer) if found.gone else [])
        elif item.kind == "end":
            self._close(db, self.assembly.end(found.writer))
        elif item.kind == "drops":
            writer.dropped, writer.changed = item.body.decode("utf-8", "replace"), True
        else:
            self._take_numbered(db, found.writer, writer, item)

    def event(self, db: sqlite3.Connection, what: str, place: str, count: int = 1) -> None:
        """Count something that went wrong, with where it did."""
        db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, what, place)"
            " DO UPDATE SET count = count + excluded.count",
            (self.run, what, place, count, self.step),
        )

    def _take_numbered(
        self, db: sqlite3.Connection, name: str, writer: Writer, item: Frame
    ) -> None:
        """A frame that must be taken once, however often it comes."""
        writer.changed = True
        if not writer.seen.add(item.seq):
            writer.duplicates += 1
            return
        writer.frames += 1
        try:
            if item.kind == "scored":
                self._take_scored(db, name, writer, item)
            elif item.kind == "label":
                self._close(db, self.assembly.excuse(name))
                self._take_label(db, json.loads(item.body))
            elif item.kind == "ask":
                self._close(db, self.assembly.excuse(name))
                self._take_ask(db, json.loads(item.body))
        except (ValueError, KeyError, TypeError) as error:
            self.event(db, "unreadable_frame", f"{name}:{item.seq} {error}"[:200])

    def _take_scored(self, db: sqlite3.Connection, name: str, writer: Writer, item: Frame) -> None:
        scored = unpacked(item.body)
        writer.rows += len(scored.proxy)
        cursor = db.execute(
            "INSERT INTO frames (run, writer, seq, body) VALUES (?, ?, ?, ?)",
            (self.run, name, item.seq, item.body),
        )
        piece = Piece(id=cursor.lastrowid or 0, writer=name, seq=item.seq, scored=scored)
        self._close(db, self.assembly.add(piece))

    # -- batches

    def _close(self, db: sqlite3.Connection, steps: Sequence[Sequence[Piece]]) -> None:
        for pieces in steps:
            self._fold(db, pieces)

    def _fold(self, db: sqlite3.Connection, pieces: Sequence[Piece]) -> None:
        """One closed step through the monitor, and into the store."""
        batch = batch_of(self.run, pieces)
        self.state, draws = self.monitor.observe(self.state, batch)
        self.step, self.time = batch.step, pieces[-1].scored.time
        texts = _texts(pieces)
        for draw in draws:
            self._store_draw(db, batch, draw, texts)
        db.executemany(
            "UPDATE frames SET batch = ? WHERE id = ?",
            [(self.batches, piece.id) for piece in pieces],
        )
        summary = batch_summary(batch, [piece.scored.kinds for piece in pieces])
        db.execute(_INSERT_BATCH, (self.run, self.batches, *summary, self.time))
        self.batches += 1
        self.rows += batch.rows
        self.kept_rows += batch.rows
        if batch.gold is not None:
            for draw in draws:
                gold = float(batch.gold[draw.row])
                if np.isfinite(gold):
                    self.answer(db, draw.number, gold, "log")
        self._save_alarms(db)  # now, for an amber signal may be off again by the next commit

    def _store_draw(
        self, db: sqlite3.Connection, batch: Batch, draw: Draw, texts: Sequence[Any] | None
    ) -> None:
        prompt, completion = texts[draw.row] if texts else (None, None)
        db.execute(
            "INSERT INTO draws (run, number, batch, step, row, prob, label_prob, proxy, draw,"
            " prompt_id, prompt, completion, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
            (
                self.run,
                draw.number,
                draw.batch,
                draw.step,
                draw.row,
                draw.prob,
                draw.label_prob,
                draw.proxy,
                state_text(draw),
                batch.prompt_ids[batch.group[draw.row]],
                prompt,
                completion,
            ),
        )

    # -- labels

    def _take_ask(self, db: sqlite3.Connection, content: Mapping[str, Any]) -> None:
        """Draw for somebody who sits down now, from kept batches that nobody sat down to yet."""
        rows = min(max(int(content["rows"]), 1), MOST_ASKED)
        kept = [pieces for _, pieces in kept_pieces(db, self.run, self.asked, self.batches)]
        batches = {batch.key: batch for batch in (batch_of(self.run, pieces) for pieces in kept)}
        texts = {key: _texts(pieces) for key, pieces in zip(batches, kept, strict=True)}
        self.state, draws = self.monitor.sat_down(self.state, list(batches.values()), rows)
        for draw in draws:
            self._store_draw(db, batches[draw.batch], draw, texts[draw.batch])
        self.asked = self.batches

    def _take_label(self, db: sqlite3.Connection, content: Mapping[str, Any]) -> None:
        gold = content["gold"]
        number = int(content["number"])
        source, person = str(content["source"])[:200], content.get("person")
        self.answer(db, number, None if gold is None else float(gold), source, person)

    def answer(
        self,
        db: sqlite3.Connection,
        number: int,
        gold: float | None,
        source: str,
        person: str | None = None,
    ) -> None:
        """Gold of a draw, None for a final refusal; a second or late answer is kept but unused."""
        self.changed = True
        if not 0 <= number < self.state.drawn:
            self.event(db, "label_of_no_draw", str(number))
            return
        if gold is not None and not np.isfinite(gold):
            self.event(db, "label_not_finite", str(number))
            return
        used = number >= self.state.consumed and number not in self.answered
        db.execute(
            "INSERT INTO labels (run, number, gold, source, person, used)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (self.run, number, gold, source, person, used),
        )
        if not used:
            self.event(db, "label_not_used", source)
            return
        status = "refused" if gold is None else "labelled"
        db.execute(_SET_STATUS, (status, self.run, number))
        self.answered.add(number)
        self.state = self.monitor.labelled(self.state, [(number, gold)])

    def _give_up(self, db: sqlite3.Connection) -> None:
        """Mark draws that the monitor has folded as refused because they took too long."""
        consumed = self.state.consumed
        self.answered = {number for number in self.answered if number >= consumed}
        late = db.execute(
            "UPDATE draws SET status = 'given_up'"
            " WHERE run = ? AND status = 'waiting' AND number < ?",
            (self.run, consumed),
        )
        if late.rowcount > 0:
            self.event(db, "label_given_up", "window", late.rowcount)

    # -- the rest of a save

    def _save_alarms(self, db: sqlite3.Connection) -> None:
        for alarm in self.state.alarms:
            self._save_alarm(db, ("red", alarm.signal, alarm.step), alarm)
        for amber in self.state.ambers:
            self._save_alarm(db, ("amber", amber.name, amber.step), amber)

    def _save_alarm(
        self, db: sqlite3.Connection, key: tuple[str, str, int], alarm: RaisedAlarm | Amber
    ) -> None:
        if key not in self.told:
            self.told.add(key)
            values = (self.run, *key, self.batches, state_text(alarm))
            db.execute("INSERT INTO alarms VALUES (?, ?, ?, ?, ?, ?)", values)

    def _save_writer(self, db: sqlite3.Connection, name: str, writer: Writer) -> None:
        db.execute(
            "INSERT OR REPLACE INTO writers"
            " (run, writer, seen, frames, rows, lost, duplicates, dropped)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.run,
                name,
                json.dumps(writer.seen.intervals),
                writer.frames,
                writer.rows,
                writer.seen.missing,
                writer.duplicates,
                writer.dropped,
            ),
        )
        writer.changed = False


def _texts(pieces: Sequence[Piece]) -> list[tuple[str | None, str | None]] | None:
    """Prompt and completion [rows] of a batch; None when no piece has texts."""
    if all(p.scored.prompts is None and p.scored.completions is None for p in pieces):
        return None
    texts: list[tuple[str | None, str | None]] = []
    for scored in (piece.scored for piece in pieces):
        prompts = scored.prompts or (None,) * len(scored.prompt_ids)
        completions = scored.completions or (None,) * len(scored.proxy)
        texts += zip((prompts[group] for group in scored.group), completions, strict=True)
    return texts
