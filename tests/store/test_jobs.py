"""The book of jobs: added to, never changed; what is asked waits until it is answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from stargate.store.jobs import TABLES, JobBook


@pytest.fixture
def book(tmp_path: Path) -> Iterator[JobBook]:
    made = JobBook(tmp_path / "jobs.db")
    yield made
    made.close()


def test_an_order_asks_for_its_start_and_is_kept_as_given(book: JobBook) -> None:
    job = book.submit("train", {"argv": ["true"]}, 5.0)
    assert job == "train-1"
    assert book.order(job) == {"argv": ["true"]}
    assert [(ask.kind, ask.job) for ask in book.unanswered()] == [("submit", "train-1")]


def test_an_ask_waits_until_what_came_of_it_is_written(book: JobBook) -> None:
    number = book.ask("cancel", "train-1", 5.0)
    assert [ask.number for ask in book.unanswered()] == [number]
    book.write([(6.0, "cancel", "train-1", {})], [number])
    assert book.unanswered() == []
    assert [(row.kind, row.job) for row in book.happenings()] == [("cancel", "train-1")]


def test_an_answer_to_nothing_leaves_nothing_written(book: JobBook) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        book.write([(6.0, "cancel", "x", {})], [99])
    assert book.happenings() == []


def test_happenings_come_back_in_their_order(book: JobBook) -> None:
    book.write([(1.0, "a", "", {"n": [1, 2]}), (1.0, "b", "", {})])
    book.write([(0.5, "c", "", {})])
    assert [row.kind for row in book.happenings()] == ["a", "b", "c"]
    assert book.happenings()[0].detail == {"n": [1, 2]}
    assert [row.kind for row in book.happenings(after=2)] == ["c"]


def test_what_another_process_writes_is_seen(book: JobBook, tmp_path: Path) -> None:
    other = JobBook(tmp_path / "jobs.db")
    other.submit("late", {}, 1.0)
    assert [job for job, _, _ in book.orders()] == ["late-1"]
    other.close()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_nothing_can_be_changed_or_removed(
    book: JobBook, tmp_path: Path, table: str, change: str
) -> None:
    number = book.ask("down", "", 1.0)
    book.write([(1.0, "a", "", {})], [number])
    book.submit("train", {}, 1.0)
    raw = sqlite3.connect(tmp_path / "jobs.db")
    with pytest.raises(sqlite3.IntegrityError, match="only added to"):
        raw.execute(change.format(table))
    raw.close()
