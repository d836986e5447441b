"""The store: one SQLite file, written by one process and read by any number.

Everything that one turn of the collector learns is committed in one transaction, so the file always
shows a moment of the run: offsets, states, draws and alarms that belong together. The writer holds
a lease for as long as it lives; readers open read-only and cannot damage anything.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from overopt.errors import StoreError
from overopt.watch.schema import APPLICATION, MIGRATIONS

__all__ = ["DATABASE", "Lease", "Store", "opened_for_reading", "rows_of"]

DATABASE = "watch.db"
LEASE = "watch.lease"
BUSY_SECONDS = 5.0


@final
class Lease:
    """The right to write a store, held by one process until it ends.

    A lock that the system lets go with the process decides; what the file says is for the reader
    of the message.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lease; StoreError when another process holds it."""
        self._path = folder / LEASE
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._fd)
            raise StoreError(
                f"{folder} is being written by {holder or 'another process'}: "
                "stop that collector, or use another folder"
            ) from None
        self.beat()

    def beat(self) -> None:
        """Renew what the file says about its holder."""
        text = f"process {os.getpid()} on {socket.gethostname()}, last seen {time.ctime()}\n"
        os.pwrite(self._fd, text.encode().ljust(200), 0)
        os.utime(self._path)

    def release(self) -> None:
        """Let another process write."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@final
class Store:
    """The store of a folder, opened for writing.

    With ``durable`` a commit is on disk when it returns; without, the machine's (not the process's)
    death may take the last commits.

    Raises
    ------
    StoreError
        When another process writes to it, when it was written by a newer overopt, or when it is
        damaged.
    """

    def __init__(self, folder: str | Path, *, durable: bool = True) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lease = Lease(self.folder)
        try:
            self._connection = _connected(self.folder / DATABASE, durable)
        except BaseException:
            self.lease.release()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection whose writes are all kept, or none of them if the block raises."""
        with _told(self.folder / DATABASE):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.rollback()
                raise
            try:
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query, as dicts."""
        return rows_of(self._connection, query, values)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let another process write."""
        self._connection.close()
        self.lease.release()


def opened_for_reading(folder: str | Path) -> sqlite3.Connection:
    """A read-only connection to the store of a folder; it never writes, nor blocks the writer.

    Raises
    ------
    StoreError
        When there is no store, or a newer overopt wrote it.
    """
    path = Path(folder) / DATABASE
    if not path.is_file():
        raise StoreError(f"{path} does not exist: start a watch in this folder, or check the path")
    with _told(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA query_only = 1")
            _check_version(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def rows_of(
    connection: sqlite3.Connection, query: str, values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    """Rows of a query, as dicts by column name; StoreError when they cannot be read."""
    with _told("the store"):
        cursor = connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def _connected(path: Path, durable: bool) -> sqlite3.Connection:
    """The file, created or brought forward, in write-ahead mode and readable by its owner only."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    with _told(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            version = _check_version(connection, path)
            _check_structure(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            _migrate(connection, path, version)
        except BaseException:
            connection.close()
            raise
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    """Version of the file's schema; StoreError when it is not ours or newer than ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION:
        raise StoreError(f"{path} is a database of another program: use another folder")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} has schema {version}, this overopt knows {len(MIGRATIONS)}: "
            "use the newer overopt that wrote it; the file was not changed"
        )
    return int(version)


def _check_structure(connection: sqlite3.Connection, path: Path) -> None:
    """StoreError when the file is damaged, before anything is written to it."""
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise StoreError(f"{path} is damaged ({answer}): see overopt watch doctor")


def _migrate(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Bring the schema forward, each step whole or not at all, an old file copied aside first."""
    if 0 < version < len(MIGRATIONS):
        copy = path.with_name(f"{path.name}.schema{version}")
        copy.unlink(missing_ok=True)
        connection.execute("VACUUM INTO ?", (str(copy),))
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(
            f"BEGIN; {script}; PRAGMA application_id = {APPLICATION};"
            f"PRAGMA user_version = {number}; COMMIT;"
        )


@contextmanager
def _told(path: Path | str) -> Iterator[None]:
    """SQLite's errors as one line of ours."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # messages that quote damaged bytes
        raise StoreError(f"{path}: {error}; see overopt watch doctor") from error
