"""A fair turn for each writer of a SQLite file.

SQLite's own waiting sleeps longer the longer it has waited, up to 100 ms, so that whoever came
first is served last. Here writers queue for a lock on a file beside the database, which the
system gives in the order of asking; only the first of the queue tries for SQLite's write lock,
often, and lets the next one step forward once it has it. A process that dies leaves the queue.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: all that wait try for SQLite's lock at once
    fcntl = None  # type: ignore[assignment]

BUSY_SECONDS = 30
_RETRY_SECONDS = 0.0003


def lock_for_writing(cursor: Any, database: Path | None) -> bool:
    """Begin a transaction that holds the write lock; return False if there is no getting it.

    ``database`` is the file, None in memory.
    """
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        with _head_of_the_queue(database):
            return _try_often(cursor, "BEGIN IMMEDIATE")
    finally:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers and one writer not block each other; the file keeps it.

    SQLite does not wait here if another process opens the new file at the same moment.
    """
    statement = "PRAGMA journal_mode=WAL"
    if not _try_often(connection, statement):
        connection.execute(statement)  # fails, as sqlite3's errors do


def hold_file(descriptor: int) -> None:
    """Wait until no other process holds an open file, and hold it until it is closed."""
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def _head_of_the_queue(database: Path | None) -> Iterator[None]:
    place = None if database is None else _open(database.with_name(f"{database.name}-turns"))
    if place is None:
        yield
        return
    try:
        hold_file(place)
        yield
    finally:
        os.close(place)  # and let the next one step forward


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None  # a folder that may only be read, a full disk: SQLite says so better


def _try_often(cursor: Any, statement: str) -> bool:
    deadline = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < deadline:
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                return False
            time.sleep(_RETRY_SECONDS)
        else:
            return True
    return False
