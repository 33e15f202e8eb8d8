"""The audit: what was done, asked and refused, in a chain that shows any edit.

Each entry carries h_i = HMAC-SHA256(key, h_(i-1) | i | time | event | tenant | subject | detail).
Changing, removing or inserting an entry breaks every hash after it, and without the key no new
ones can be computed. Cutting off the end leaves a good chain, so the newest hash is also kept in
a file beside the database. Triggers refuse UPDATE and DELETE; whoever goes around them is found
by `verify`. Someone who holds the key, the database and the file can rewrite everything: keep a
copy of the newest hash elsewhere if that someone may be the operator.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stargate.store.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    sequence INTEGER PRIMARY KEY,
    time_s REAL NOT NULL,
    event TEXT NOT NULL,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS audit_never_changes BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_never_shrinks BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit. `subject` is what it is about: a consent, a voice, a clip."""

    sequence: int
    time_s: float
    event: str
    tenant: str
    subject: str
    detail: str
    hash: str


class AuditLog:
    """Appends to the chain and checks it."""

    def __init__(self, file: Path, key: bytes, now_s: Callable[[], float]) -> None:
        self._database = Database(file, SCHEMA)
        self._head_file = file.with_suffix(".head")
        self._key = key
        self._now_s = now_s

    def append(
        self, event: str, tenant: str, subject: str, detail: Mapping[str, object] | None = None
    ) -> Entry:
        """Write one entry; when this returns, it is on disk."""
        with self._database.change() as connection:
            last = connection.execute(
                "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
            sequence, previous = (last["sequence"] + 1, last["hash"]) if last else (1, START)
            text = json.dumps(detail or {}, sort_keys=True, ensure_ascii=False)
            entry = Entry(sequence, self._now_s(), event, tenant, subject, text, "")
            sealed = replace(entry, hash=self._hash(previous, entry))
            connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", _fields(sealed))
            self._keep_head(sealed)
        return sealed

    def entries(self, tenant: str | None = None) -> list[Entry]:
        """Every entry, oldest first; of one tenant if given."""
        where = "" if tenant is None else " WHERE tenant = ?"
        values = () if tenant is None else (tenant,)
        rows = self._database.rows(f"SELECT * FROM audit{where} ORDER BY sequence", *values)
        return [_entry(row) for row in rows]

    def verify(self) -> list[str]:
        """What is wrong with the chain, in words; empty if every entry is as it was written."""
        faults: list[str] = []
        previous, expected = START, 1
        for entry in self.entries():
            if entry.sequence != expected:
                faults.append(f"entries {expected} to {entry.sequence - 1} are missing")
            if not hmac.compare_digest(self._hash(previous, entry), entry.hash):
                faults.append(f"entry {entry.sequence} is not what was written")
            previous, expected = entry.hash, entry.sequence + 1
        head = self._head_file.read_text().split() if self._head_file.exists() else []
        if expected > 1 and not head:
            faults.append(f"the file {self._head_file.name} is missing")
        elif head and head != [str(expected - 1), previous]:
            faults.append(f"the newest entry is not number {head[0]}, which was written last")
        return faults

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _hash(self, previous: str, entry: Entry) -> str:
        message = json.dumps([previous, *_fields(entry)[:-1]], ensure_ascii=False)
        return hmac.new(self._key, message.encode(), hashlib.sha256).hexdigest()

    def _keep_head(self, entry: Entry) -> None:
        partial = self._head_file.with_suffix(".head.partial")
        partial.write_text(f"{entry.sequence} {entry.hash}\n")
        partial.replace(self._head_file)


def _fields(entry: Entry) -> tuple[object, ...]:
    return tuple(asdict(entry).values())


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(*tuple(row))
