"""One SQLite file, opened by one thread at a time, with its tables laid on first use."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

BUSY_TIMEOUT_S = 10.0


class Record(Protocol):
    """A dataclass with slots, one a column."""

    __slots__: tuple[str, ...]


class Database:
    """A SQLite file. Every change happens in a transaction, all of it or none."""

    def __init__(self, file: Path, schema: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            file, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._connection.execute("PRAGMA secure_delete=ON")
        self._connection.executescript(schema)
        file.chmod(0o600)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that other processes wait for; an exception undoes it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Every row that a query finds."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row that a query finds."""
        return next(iter(self.rows(query, *values)), None)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def insert(connection: sqlite3.Connection, table: str, record: Record) -> None:
    """Put a new record into a table whose columns are its fields, in their order."""
    values = [getattr(record, name) for name in record.__slots__]
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)
