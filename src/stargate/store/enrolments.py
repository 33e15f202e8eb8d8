"""Enrolments as a queue that outlives every process: who waits, who works on what, how far it is.

A worker claims an enrolment, reports progress, and beats while it lives. One that stopped beating
loses its claim, and the enrolment starts again elsewhere: the recording is kept, sealed, until
the enrolment is done, refused or cancelled, and only until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stargate.store.database import Database, insert

SCHEMA = """
CREATE TABLE IF NOT EXISTS enrolments (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, consent_id TEXT NOT NULL,
    engine TEXT NOT NULL, sealed_sample BLOB, created_s REAL NOT NULL, state TEXT NOT NULL,
    step TEXT NOT NULL, share REAL NOT NULL, rule TEXT NOT NULL, message TEXT NOT NULL,
    voice_id TEXT NOT NULL, worker TEXT NOT NULL, n_starts INTEGER NOT NULL, beat_s REAL NOT NULL,
    cpu_s REAL NOT NULL, peak_bytes INTEGER NOT NULL
);
"""
OPEN = ("waiting", "running")
LOST_AFTER_S = 30.0
MOST_STARTS = 3
"""An enrolment that has taken this many workers with it is not tried again."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment. `state`: waiting, running, done, refused, failed or cancelled.

    `share` is how far it is, 0 to 1; `cpu_s` and `peak_bytes` are what it took, once done.
    """

    id: str
    tenant: str
    name: str
    consent_id: str
    engine: str
    sealed_sample: bytes | None
    created_s: float
    state: str = "waiting"
    step: str = "waiting for a worker"
    share: float = 0.0
    rule: str = ""
    message: str = ""
    voice_id: str = ""
    worker: str = ""
    n_starts: int = 0
    beat_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0


class EnrolmentQueue:
    """The queue, in the file of the voices."""

    def __init__(self, file: Path) -> None:
        self._database = Database(file, SCHEMA)

    def add(self, enrolment: Enrolment) -> None:
        """Put one at the end."""
        with self._database.change() as connection:
            insert(connection, "enrolments", enrolment)

    def find(self, enrolment_id: str, tenant: str) -> Enrolment | None:
        """A tenant's enrolment."""
        row = self._database.row(
            "SELECT * FROM enrolments WHERE id = ? AND tenant = ?", enrolment_id, tenant
        )
        return Enrolment(*row) if row else None

    def of(self, tenant: str) -> list[Enrolment]:
        """A tenant's enrolments, newest first."""
        query = "SELECT * FROM enrolments WHERE tenant = ? ORDER BY created_s DESC, id"
        return [Enrolment(*row) for row in self._database.rows(query, tenant)]

    def n_waiting(self) -> int:
        """How many could be claimed now by a worker."""
        row = self._database.row("SELECT COUNT(*) AS n FROM enrolments WHERE state = 'waiting'")
        return int(row["n"]) if row else 0

    def empty(self) -> bool:
        """Whether none waits and none is worked on."""
        return self._database.row(f"SELECT 1 FROM enrolments WHERE state IN {OPEN}") is None

    def workers(self) -> set[str]:
        """The names of those that work on one."""
        rows = self._database.rows("SELECT worker FROM enrolments WHERE state = 'running'")
        return {row["worker"] for row in rows}

    def claim(self, worker: str, now_s: float) -> Enrolment | None:
        """The oldest that waits, now this worker's; None if none does."""
        self.give_back_lost(now_s)
        with self._database.change() as connection:
            row = connection.execute(
                "UPDATE enrolments SET state = 'running', worker = ?, beat_s = ?, "
                "n_starts = n_starts + 1, step = 'starting', share = 0 WHERE id = "
                "(SELECT id FROM enrolments WHERE state = 'waiting' ORDER BY created_s, id LIMIT 1)"
                " RETURNING *",
                (worker, now_s),
            ).fetchone()
        return Enrolment(*row) if row else None

    def report(self, enrolment: Enrolment, step: str, share: float, now_s: float) -> bool:
        """Say how far a worker is; False if the enrolment is no longer the worker's."""
        return self._of_worker(enrolment, "step = ?, share = ?, beat_s = ?", step, share, now_s)

    def beat(self, enrolment: Enrolment, now_s: float) -> bool:
        """Say that a worker lives; False if the enrolment is no longer the worker's."""
        return self._of_worker(enrolment, "beat_s = ?", now_s)

    def done(self, enrolment: Enrolment, voice_id: str, cpu_s: float, peak_bytes: int) -> bool:
        """The voice is there; the recording is erased."""
        return self._of_worker(
            enrolment,
            "state = 'done', step = 'done', share = 1, sealed_sample = NULL, voice_id = ?, "
            "cpu_s = ?, peak_bytes = ?",
            *(voice_id, cpu_s, peak_bytes),
        )

    def refuse(self, enrolment: Enrolment, rule: str, message: str) -> bool:
        """A safeguard said no; the recording is erased."""
        change = "state = 'refused', step = 'refused', sealed_sample = NULL, rule = ?, message = ?"
        return self._of_worker(enrolment, change, rule, message)

    def fail(self, enrolment: Enrolment, message: str) -> bool:
        """The machine failed; the recording is kept, so that it can be tried again."""
        change = "state = 'failed', step = 'failed', rule = 'failed', message = ?"
        return self._of_worker(enrolment, change, message)

    def cancel(self, enrolment_id: str) -> bool:
        """End an enrolment and erase the recording; False if it was over already."""
        with self._database.change() as connection:
            cursor = connection.execute(
                "UPDATE enrolments SET state = 'cancelled', step = 'cancelled', sealed_sample = "
                "NULL WHERE id = ? AND state IN ('waiting', 'running', 'failed')",
                (enrolment_id,),
            )
        return cursor.rowcount == 1

    def resume(self, enrolment_id: str) -> bool:
        """Try one that failed again; False if it did not fail."""
        with self._database.change() as connection:
            cursor = connection.execute(
                "UPDATE enrolments SET state = 'waiting', step = 'waiting for a worker', rule = '',"
                " message = '', n_starts = 0 WHERE id = ? AND state = 'failed'",
                (enrolment_id,),
            )
        return cursor.rowcount == 1

    def release(self, worker: str) -> None:
        """Give back what a worker that was stopped had begun; it is no fault of the enrolment."""
        with self._database.change() as connection:
            connection.execute(
                "UPDATE enrolments SET state = 'waiting', step = 'interrupted; waiting for a "
                "worker', share = 0, n_starts = n_starts - 1 "
                "WHERE state = 'running' AND worker = ?",
                (worker,),
            )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def give_back_lost(self, now_s: float) -> None:
        """What a dead worker had begun waits again, unless it has killed too many of them."""
        lost = "state = 'running' AND beat_s < ?"
        with self._database.change() as connection:
            connection.execute(
                "UPDATE enrolments SET state = 'failed', step = 'failed', rule = 'failed', message "
                f"= 'the worker died each time; is there memory for it?' WHERE {lost} "
                "AND n_starts >= ?",
                (now_s - LOST_AFTER_S, MOST_STARTS),
            )
            connection.execute(
                "UPDATE enrolments SET state = 'waiting', share = 0, step = 'interrupted; waiting "
                f"for a worker' WHERE {lost}",
                (now_s - LOST_AFTER_S,),
            )

    def _of_worker(self, enrolment: Enrolment, change: str, *values: object) -> bool:
        """Change an enrolment if it still runs under this very claim."""
        with self._database.change() as connection:
            cursor = connection.execute(
                f"UPDATE enrolments SET {change} WHERE id = ? AND state = 'running' "
                "AND worker = ? AND n_starts = ?",
                (*values, enrolment.id, enrolment.worker, enrolment.n_starts),
            )
        return cursor.rowcount == 1
