"""The audit shows every edit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from stargate.store.audit import AuditLog

KEY = b"k" * 32


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    ticks = count()
    log = AuditLog(tmp_path / "audit.db", KEY, lambda: float(next(ticks)))
    for i in range(5):
        log.append("spoken", "acme" if i % 2 else "zeta", f"clip_{i}", {"n": i})
    yield log
    log.close()


def edit(tmp_path: Path, statement: str) -> None:
    """What someone with the file but without the key can do: drop the triggers and write."""
    connection = sqlite3.connect(tmp_path / "audit.db", isolation_level=None)
    connection.execute("DROP TRIGGER IF EXISTS audit_never_changes")
    connection.execute("DROP TRIGGER IF EXISTS audit_never_shrinks")
    connection.execute(statement)
    connection.close()


def test_an_untouched_log_verifies_and_reads_back(log: AuditLog) -> None:
    assert log.verify() == []
    assert [entry.subject for entry in log.entries("acme")] == ["clip_1", "clip_3"]


@pytest.mark.parametrize("column", ["time_s", "event", "tenant", "subject", "detail", "hash"])
def test_an_edit_of_any_column_is_found(log: AuditLog, tmp_path: Path, column: str) -> None:
    value = "99.0" if column == "time_s" else "'forged'"
    edit(tmp_path, f"UPDATE audit SET {column} = {value} WHERE sequence = 3")
    assert "entry 3 is not what was written" in log.verify()


def test_a_removed_entry_is_found(log: AuditLog, tmp_path: Path) -> None:
    edit(tmp_path, "DELETE FROM audit WHERE sequence = 2")
    assert "entries 2 to 2 are missing" in log.verify()


def test_a_log_cut_short_is_found(log: AuditLog, tmp_path: Path) -> None:
    edit(tmp_path, "DELETE FROM audit WHERE sequence >= 4")
    assert log.verify() == ["the newest entry is not number 5, which was written last"]


def test_an_emptied_log_and_a_lost_head_are_found(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "audit.head").rename(tmp_path / "gone")
    assert log.verify() == ["the file audit.head is missing"]
    (tmp_path / "gone").rename(tmp_path / "audit.head")
    edit(tmp_path, "DELETE FROM audit")
    assert log.verify()


def test_an_entry_written_without_the_key_is_found(log: AuditLog, tmp_path: Path) -> None:
    forger = AuditLog(tmp_path / "audit.db", b"another key", lambda: 9.0)
    forger.append("spoken", "acme", "clip_9")
    forger.close()
    assert log.verify() == ["entry 6 is not what was written"]


def test_the_database_itself_refuses_to_change_an_entry(log: AuditLog, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "audit.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE audit SET event = 'x'")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM audit")
    connection.close()
    assert log.verify() == []


def test_two_writers_of_one_log_keep_one_chain(log: AuditLog, tmp_path: Path) -> None:
    second = AuditLog(tmp_path / "audit.db", KEY, lambda: 7.0)
    second.append("spoken", "acme", "clip_5")
    log.append("spoken", "acme", "clip_6")
    second.close()
    assert log.verify() == []
    assert [entry.sequence for entry in log.entries()] == list(range(1, 8))
