"""Consents, voices, clips and the list of voices that must not be made.

Columns named `sealed_` hold encrypted bytes. Revoking a consent deletes the voices that rest on
it in the same transaction; SQLite overwrites what it deletes (secure_delete).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from stargate.store import drafts, enrolments
from stargate.store.database import Database, insert

SCHEMA = """
CREATE TABLE IF NOT EXISTS consents (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, speaker TEXT NOT NULL, language TEXT NOT NULL,
    purpose TEXT NOT NULL, phrase TEXT NOT NULL, state TEXT NOT NULL, created_s REAL NOT NULL,
    expires_s REAL NOT NULL, recording_sha256 TEXT UNIQUE, sealed_embeddings BLOB
);
CREATE TABLE IF NOT EXISTS voices (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL,
    consent_id TEXT NOT NULL REFERENCES consents(id), engine TEXT NOT NULL, level TEXT NOT NULL,
    sealed_profile BLOB NOT NULL, report TEXT NOT NULL, created_s REAL NOT NULL,
    UNIQUE (tenant, name)
);
CREATE TABLE IF NOT EXISTS clips (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, voice_id TEXT NOT NULL,
    n_characters INTEGER NOT NULL, duration_s REAL NOT NULL, sha256 TEXT NOT NULL,
    fingerprint BLOB NOT NULL, manifest TEXT NOT NULL, created_s REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS charges (
    clip_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, n_characters INTEGER NOT NULL,
    created_s REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS no_go (
    id TEXT PRIMARY KEY, label TEXT NOT NULL, sealed_embeddings BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Consent:
    """One agreement: asked (a phrase was given out), accepted, or revoked."""

    id: str
    tenant: str
    speaker: str
    language: str
    purpose: str
    phrase: str
    state: str
    created_s: float
    expires_s: float
    recording_sha256: str | None = None
    sealed_embeddings: bytes | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """One enrolled voice; the profile is sealed."""

    id: str
    tenant: str
    name: str
    consent_id: str
    engine: str
    level: str
    sealed_profile: bytes
    report: str
    created_s: float


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip that left: what finds it again and leads to its voice, tenant and request."""

    id: str
    tenant: str
    voice_id: str
    n_characters: int
    duration_s: float
    sha256: str
    fingerprint: bytes
    manifest: str
    created_s: float


@dataclass(frozen=True, slots=True)
class Charge:
    """What of a tenant's daily characters a clip takes, from before it is made."""

    clip_id: str
    tenant: str
    n_characters: int
    created_s: float


@dataclass(frozen=True, slots=True)
class NoGo:
    """A voice that must not be made: embeddings alone, sealed."""

    id: str
    label: str
    sealed_embeddings: bytes


class VoiceStore:
    """The tables, by what is asked of them."""

    def __init__(self, file: Path) -> None:
        self._database = Database(file, SCHEMA + drafts.SCHEMA + enrolments.SCHEMA)
        self.drafts = drafts.DraftStore(self._database)

    def add(self, record: Consent | Voice | Clip | NoGo) -> None:
        """Keep a new record."""
        with self._database.change() as connection:
            insert(connection, _TABLES[type(record)], record)

    def consent(self, consent_id: str, tenant: str) -> Consent | None:
        """A tenant's consent."""
        row = self._database.row(
            "SELECT * FROM consents WHERE id = ? AND tenant = ?", consent_id, tenant
        )
        return Consent(*row) if row else None

    def consents(self, tenant: str) -> list[Consent]:
        """A tenant's consents, newest first."""
        query = "SELECT * FROM consents WHERE tenant = ? ORDER BY created_s DESC, id"
        return [Consent(*row) for row in self._database.rows(query, tenant)]

    def accept(
        self, consent_id: str, recording_sha256: str, sealed_embeddings: bytes, expires_s: float
    ) -> bool:
        """Mark a consent accepted if it was asked and the recording is new; whether that held."""
        try:
            with self._database.change() as connection:
                cursor = connection.execute(
                    "UPDATE consents SET state = 'accepted', recording_sha256 = ?, "
                    "sealed_embeddings = ?, expires_s = ? WHERE id = ? AND state = 'asked'",
                    (recording_sha256, sealed_embeddings, expires_s, consent_id),
                )
                return cursor.rowcount == 1
        except sqlite3.IntegrityError:
            return False

    def close_challenge(self, consent_id: str) -> None:
        """A phrase that was answered wrongly cannot be answered again."""
        with self._database.change() as connection:
            connection.execute(
                "UPDATE consents SET state = 'failed' WHERE id = ? AND state = 'asked'",
                (consent_id,),
            )

    def revoke(self, consent_id: str) -> list[str]:
        """Revoke a consent, delete its voices and what is known of the person; their ids.

        Enrolments that wait or run end with it; their recordings and drafts are erased.
        """
        with self._database.change() as connection:
            rows = connection.execute(
                "SELECT id FROM voices WHERE consent_id = ?", (consent_id,)
            ).fetchall()
            for table in ("voices", "drafts"):
                connection.execute(f"DELETE FROM {table} WHERE consent_id = ?", (consent_id,))
            connection.execute(
                "UPDATE consents SET state = 'revoked', sealed_embeddings = NULL WHERE id = ?",
                (consent_id,),
            )
            connection.execute(
                "UPDATE enrolments SET sealed_sample = NULL, state = 'cancelled', "
                "step = 'the consent was revoked' "
                "WHERE consent_id = ? AND state IN ('waiting', 'running', 'failed')",
                (consent_id,),
            )
            return [row["id"] for row in rows]

    def voice(self, name_or_id: str, tenant: str) -> Voice | None:
        """A tenant's voice by its id or its name."""
        row = self._database.row(
            "SELECT * FROM voices WHERE tenant = ? AND (id = ? OR name = ?)",
            *(tenant, name_or_id, name_or_id),
        )
        return Voice(*row) if row else None

    def voices(self, tenant: str) -> list[Voice]:
        """A tenant's voices, oldest first."""
        query = "SELECT * FROM voices WHERE tenant = ? ORDER BY created_s, id"
        return [Voice(*row) for row in self._database.rows(query, tenant)]

    def delete_voice(self, voice_id: str) -> None:
        """Forget a voice."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM voices WHERE id = ?", (voice_id,))

    def clips(self) -> list[Clip]:
        """Every clip that left, newest first."""
        return [
            Clip(*row)
            for row in self._database.rows("SELECT * FROM clips ORDER BY created_s DESC, id")
        ]

    def clip(self, clip_id: str, tenant: str) -> Clip | None:
        """A tenant's clip."""
        row = self._database.row("SELECT * FROM clips WHERE id = ? AND tenant = ?", clip_id, tenant)
        return Clip(*row) if row else None

    def characters_since(self, tenant: str, since_s: float) -> int:
        """How many characters a tenant was charged since a time, for what is being said too."""
        row = self._database.row(
            "SELECT COALESCE(SUM(n_characters), 0) AS n FROM charges "
            "WHERE tenant = ? AND created_s >= ?",
            *(tenant, since_s),
        )
        return int(row["n"]) if row else 0

    def charge(self, charge: Charge, since_s: float, limit: int) -> int:
        """Charge for a clip before it is made, unless that exceeds the limit; what was used before.

        Requests that come at once are charged one after the other, so together they keep to it.
        What was charged before that time counts no more and is erased.
        """
        with self._database.change() as connection:
            connection.execute("DELETE FROM charges WHERE created_s < ?", (since_s,))
            used = self.characters_since(charge.tenant, since_s)
            if used + charge.n_characters <= limit:
                insert(connection, "charges", charge)
        return used

    def take_back_charge(self, clip_id: str) -> None:
        """Of a clip of which nothing left."""
        with self._database.change() as connection:
            connection.execute("DELETE FROM charges WHERE clip_id = ?", (clip_id,))

    def no_go(self) -> list[NoGo]:
        """The voices that must not be made."""
        return [NoGo(*row) for row in self._database.rows("SELECT * FROM no_go ORDER BY id")]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


_TABLES: dict[type, str] = {Consent: "consents", Voice: "voices", Clip: "clips", NoGo: "no_go"}
