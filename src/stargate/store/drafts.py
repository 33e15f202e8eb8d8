"""What unfinished enrolments have learnt so far, sealed, so that they can go on where they were.

A draft ends with the enrolment, and with the consent that it rests on: none is kept of a consent
that is not accepted. One that no one came back to is erased when a later one is kept.
"""

from __future__ import annotations

from stargate.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS drafts (
    key TEXT PRIMARY KEY, consent_id TEXT NOT NULL, sealed_state BLOB NOT NULL,
    kept_s REAL NOT NULL
);
"""
KEPT_S = 7 * 86_400.0


class DraftStore:
    """The drafts, in the file of the voices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, key: str) -> bytes | None:
        """The draft under a key."""
        row = self._database.row("SELECT sealed_state FROM drafts WHERE key = ?", key)
        return bytes(row["sealed_state"]) if row else None

    def write(self, key: str, consent_id: str, sealed_state: bytes, now_s: float) -> None:
        """Keep a draft in the place of the one before, if its consent still stands."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM drafts WHERE kept_s < ?", (now_s - KEPT_S,))
            connection.execute(
                "INSERT OR REPLACE INTO drafts SELECT ?, id, ?, ? FROM consents "
                "WHERE id = ? AND state = 'accepted'",
                (key, sealed_state, now_s, consent_id),
            )

    def drop(self, key: str) -> None:
        """Erase a draft."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM drafts WHERE key = ?", (key,))

    def drop_of(self, consent_id: str) -> None:
        """Erase the drafts that rest on a consent."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM drafts WHERE consent_id = ?", (consent_id,))
