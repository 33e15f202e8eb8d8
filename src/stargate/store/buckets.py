"""Levels of buckets, by name, that several processes fill and empty together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stargate.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, level REAL NOT NULL, time_s REAL NOT NULL
);
"""
Level = tuple[float, float]
"""How full a bucket is, and when that was."""


class BucketStore:
    """The buckets in one file."""

    def __init__(self, file: Path) -> None:
        self._database = Database(file, SCHEMA)

    def change(self, name: str, change: Callable[[Level | None], Level]) -> None:
        """Replace a level by what `change` makes of it; no other process comes in between."""
        with self._database.change() as connection:
            row = connection.execute(
                "SELECT level, time_s FROM buckets WHERE name = ?", (name,)
            ).fetchone()
            level = change((row["level"], row["time_s"]) if row else None)
            connection.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?)", (name, *level))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
