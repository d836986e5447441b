"""Tables of the store, as migrations that only go forward.

``PRAGMA user_version`` counts the migrations that a file has seen. An older file is copied aside
and brought forward; a newer one is refused and left as it is.

| table | one row for |
|---|---|
| runs | a run: state of its monitor, what that says, half-assembled steps, how far labels went |
| writers | a process that wrote to a run: its place, what it dropped |
| files | a spool file: the byte up to which it has been taken in |
| frames | a frame whose samples are not rolled into a part yet; ``batch`` NULL: step still open |
| batches | a batch, in summary: what a page draws |
| draws | a sample drawn for a label, with its chance, written before the label is asked for |
| labels | an answer: gold, or NULL for a final refusal; ``used`` 1 when tests consumed it |
| alarms | a signal that fired, and at which batch the store learnt of it |
| events | what went wrong, counted: gaps, drops, damage, late frames, labels given up |
| parts | a Parquet file of samples |
"""

from __future__ import annotations

__all__ = ["APPLICATION", "MIGRATIONS"]

APPLICATION = 0x4F564F50  # "OVOP", the file's application_id

MIGRATIONS = (
    """
    CREATE TABLE runs (
        run TEXT PRIMARY KEY,
        options TEXT NOT NULL DEFAULT '{}',
        state TEXT NOT NULL,
        document TEXT NOT NULL,
        assembly TEXT NOT NULL,
        batches INTEGER NOT NULL DEFAULT 0,
        rows INTEGER NOT NULL DEFAULT 0,
        step INTEGER,
        drawn INTEGER NOT NULL DEFAULT 0,
        consumed INTEGER NOT NULL DEFAULT 0,
        asked INTEGER NOT NULL DEFAULT 0,
        time REAL
    ) WITHOUT ROWID;
    CREATE TABLE writers (
        run TEXT NOT NULL,
        writer TEXT NOT NULL,
        seen TEXT NOT NULL DEFAULT '[]',
        frames INTEGER NOT NULL DEFAULT 0,
        rows INTEGER NOT NULL DEFAULT 0,
        lost INTEGER NOT NULL DEFAULT 0,
        duplicates INTEGER NOT NULL DEFAULT 0,
        dropped TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (run, writer)
    ) WITHOUT ROWID;
    CREATE TABLE files (
        run TEXT NOT NULL,
        file TEXT NOT NULL,
        offset INTEGER NOT NULL,
        PRIMARY KEY (run, file)
    ) WITHOUT ROWID;
    CREATE TABLE frames (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        writer TEXT NOT NULL,
        seq INTEGER NOT NULL,
        batch INTEGER,
        body BLOB NOT NULL,
        UNIQUE (run, writer, seq)
    );
    CREATE INDEX frames_of_batch ON frames (run, batch);
    CREATE TABLE batches (
        run TEXT NOT NULL,
        number INTEGER NOT NULL,
        key TEXT NOT NULL,
        step INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        prompts INTEGER NOT NULL,
        non_finite TEXT NOT NULL,
        proxy REAL,
        proxy_sd REAL,
        proxy_low REAL,
        proxy_median REAL,
        proxy_high REAL,
        gold REAL,
        gold_rows INTEGER NOT NULL,
        kl REAL,
        components TEXT NOT NULL,
        time REAL NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID;
    CREATE TABLE draws (
        run TEXT NOT NULL,
        number INTEGER NOT NULL,
        batch TEXT NOT NULL,
        step INTEGER NOT NULL,
        row INTEGER NOT NULL,
        prob REAL NOT NULL,
        label_prob REAL NOT NULL,
        proxy REAL NOT NULL,
        draw TEXT NOT NULL,
        prompt_id TEXT NOT NULL,
        prompt TEXT,
        completion TEXT,
        status TEXT NOT NULL CHECK (status IN ('waiting', 'labelled', 'refused', 'given_up')),
        tries INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID;
    CREATE INDEX draws_waiting ON draws (run, number) WHERE status = 'waiting';
    CREATE INDEX draws_of_batch ON draws (run, batch);
    CREATE TABLE labels (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        number INTEGER NOT NULL,
        gold REAL,
        source TEXT NOT NULL,
        person TEXT,
        used INTEGER NOT NULL
    );
    CREATE INDEX labels_of_draw ON labels (run, number);
    CREATE TABLE alarms (
        run TEXT NOT NULL,
        tier TEXT NOT NULL CHECK (tier IN ('red', 'amber')),
        name TEXT NOT NULL,
        step INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (run, tier, name, step)
    ) WITHOUT ROWID;
    CREATE TABLE events (
        run TEXT NOT NULL,
        what TEXT NOT NULL,
        place TEXT NOT NULL,
        count INTEGER NOT NULL,
        first_step INTEGER,
        PRIMARY KEY (run, what, place)
    ) WITHOUT ROWID;
    CREATE TABLE parts (
        run TEXT NOT NULL,
        number INTEGER NOT NULL,
        file TEXT NOT NULL,
        rows INTEGER NOT NULL,
        first_batch INTEGER NOT NULL,
        last_batch INTEGER NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID;
    """,
)
"""Scripts that take the schema from one version to the next; never edited once released."""
