"""What unfinished enrolments have learnt: kept with the consent, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stargate.store.drafts import KEPT_S
from stargate.store.voices import Consent, VoiceStore

CONSENT = Consent("cons_1", "acme", "Ada", "en-US", "reading", "I agree", "asked", 1.0, 100.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VoiceStore]:
    store = VoiceStore(tmp_path / "voices.db")
    store.add(CONSENT)
    store.accept("cons_1", "aa", b"x", 500.0)
    yield store
    store.close()


def test_the_newest_state_is_kept_until_it_is_dropped(store: VoiceStore) -> None:
    assert store.drafts.read("key") is None
    for state in (b"one", b"two"):
        store.drafts.write("key", "cons_1", state, 10.0)
    assert store.drafts.read("key") == b"two"
    store.drafts.drop("key")
    assert store.drafts.read("key") is None


def test_revoking_erases_the_drafts_and_none_is_kept_afterwards(
    store: VoiceStore, tmp_path: Path
) -> None:
    store.drafts.write("key", "cons_1", b"LEARNT" * 50, 10.0)
    store.revoke("cons_1")
    assert store.drafts.read("key") is None
    store.drafts.write("key", "cons_1", b"LEARNT" * 50, 11.0)  # by a worker that knows not yet
    assert store.drafts.read("key") is None
    store.close()
    assert b"LEARNT" not in (tmp_path / "voices.db").read_bytes()


def test_one_that_no_one_came_back_to_is_erased(store: VoiceStore) -> None:
    store.drafts.write("old", "cons_1", b"old", 0.0)
    store.drafts.write("new", "cons_1", b"new", KEPT_S - 1.0)
    assert store.drafts.read("old") == b"old"
    store.drafts.write("new", "cons_1", b"new", KEPT_S + 1.0)
    assert store.drafts.read("old") is None
