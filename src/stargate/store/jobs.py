"""Jobs and what became of them: orders, what is asked of the machine, and all that happened.

Nothing here is ever changed or removed, only added (triggers see to it): the state of a job is what
its happenings add up to. Whoever asks (a command line) and whoever answers (the controller) are
different processes that live at different times; an ask waits in the file until it is answered,
and answering it and writing down what came of it is one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stargate.store.database import Database

TABLES = ("orders", "asks", "answers", "happenings")
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, submitted_s REAL NOT NULL, content TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS asks (
    number INTEGER PRIMARY KEY, time_s REAL NOT NULL, kind TEXT NOT NULL, job TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS answers (ask INTEGER PRIMARY KEY REFERENCES asks(number));
CREATE TABLE IF NOT EXISTS happenings (
    number INTEGER PRIMARY KEY, time_s REAL NOT NULL, kind TEXT NOT NULL, job TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS happenings_of_a_job ON happenings (job, number);
""" + "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_never_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} are only added to'); END;\n"
    for table in TABLES
    for verb in ("UPDATE", "DELETE")
)


@dataclass(frozen=True, slots=True)
class Ask:
    """Something asked of the machine: `submit` or `cancel` a job, or `down`."""

    number: int
    time_s: float
    kind: str
    job: str


@dataclass(frozen=True, slots=True)
class Row:
    """One happening, as it was written."""

    number: int
    time_s: float
    kind: str
    job: str
    detail: Mapping[str, Any]


class JobBook:
    """The orders, asks and happenings of one machine, in one file."""

    def __init__(self, file: Path) -> None:
        self._database = Database(file, SCHEMA)

    def submit(self, name: str, content: Mapping[str, Any], now_s: float) -> str:
        """Keep an order and ask for its start; returns the job's id, the name and a number."""
        with self._database.change() as connection:
            number = connection.execute("SELECT COUNT(*) + 1 AS n FROM orders").fetchone()["n"]
            job, text = f"{name}-{number}", json.dumps(content, sort_keys=True, allow_nan=False)
            connection.execute("INSERT INTO orders VALUES (?, ?, ?)", (job, now_s, text))
            connection.execute(
                "INSERT INTO asks (time_s, kind, job) VALUES (?, 'submit', ?)", (now_s, job)
            )
        return job

    def ask(self, kind: str, job: str, now_s: float) -> int:
        """Ask for something else; returns the number of the ask."""
        with self._database.change() as connection:
            cursor = connection.execute(
                "INSERT INTO asks (time_s, kind, job) VALUES (?, ?, ?)", (now_s, kind, job)
            )
        return int(cursor.lastrowid or 0)

    def unanswered(self) -> list[Ask]:
        """What has been asked and not been dealt with, oldest first."""
        query = "SELECT * FROM asks WHERE number NOT IN (SELECT ask FROM answers) ORDER BY number"
        return [Ask(*row) for row in self._database.rows(query)]

    def order(self, job: str) -> dict[str, Any] | None:
        """What was ordered; None if there is no such job."""
        row = self._database.row("SELECT content FROM orders WHERE id = ?", job)
        return json.loads(row["content"]) if row else None

    def orders(self) -> list[tuple[str, float, dict[str, Any]]]:
        """Every order with its id and when it came, oldest first."""
        rows = self._database.rows("SELECT * FROM orders ORDER BY submitted_s, rowid")
        return [(row["id"], row["submitted_s"], json.loads(row["content"])) for row in rows]

    def write(
        self, rows: Sequence[tuple[float, str, str, Mapping[str, Any]]], answers: Sequence[int] = ()
    ) -> None:
        """Add what happened, and which asks that deals with; on disk when this returns."""
        with self._database.change() as connection:
            connection.executemany(
                "INSERT INTO happenings (time_s, kind, job, detail) VALUES (?, ?, ?, ?)",
                [
                    (time_s, kind, job, json.dumps(detail, sort_keys=True, allow_nan=False))
                    for time_s, kind, job, detail in rows
                ],
            )
            connection.executemany("INSERT INTO answers VALUES (?)", [(n,) for n in answers])

    def happenings(self, after: int = 0) -> list[Row]:
        """All that happened, in order; after a number if given."""
        rows = self._database.rows(
            "SELECT * FROM happenings WHERE number > ? ORDER BY number", after
        )
        return [
            Row(r["number"], r["time_s"], r["kind"], r["job"], json.loads(r["detail"]))
            for r in rows
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
