"""Consents and the voices that rest on them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from stargate.store.voices import Charge, Clip, Consent, NoGo, Voice, VoiceStore

CONSENT = Consent("cons_1", "acme", "Ada", "en-US", "reading", "I agree", "asked", 1.0, 100.0)
VOICE = Voice("voice_1", "acme", "ada", "cons_1", "tone", "tone", b"SECRET" * 50, "{}", 2.0)
CLIP = Clip("clip_1", "acme", "voice_1", 40, 2.5, "ff", b"print", "{}", 10.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VoiceStore]:
    store = VoiceStore(tmp_path / "voices.db")
    store.add(CONSENT)
    yield store
    store.close()


def test_records_read_back_and_belong_to_their_tenant(store: VoiceStore) -> None:
    store.add(VOICE)
    assert store.consent("cons_1", "acme") == CONSENT
    assert store.consent("cons_1", "zeta") is None
    assert store.voice("ada", "acme") == store.voice("voice_1", "acme") == VOICE
    assert store.voice("ada", "zeta") is None
    assert store.voices("acme") == [VOICE]


def test_a_phrase_is_answered_once(store: VoiceStore) -> None:
    assert store.accept("cons_1", "aa", b"x", 500.0)
    assert not store.accept("cons_1", "bb", b"x", 500.0)


def test_a_failed_phrase_cannot_be_answered_again(store: VoiceStore) -> None:
    store.close_challenge("cons_1")
    assert not store.accept("cons_1", "aa", b"x", 500.0)


def test_one_recording_serves_one_consent(store: VoiceStore) -> None:
    store.add(replace(CONSENT, id="cons_2"))
    assert store.accept("cons_1", "aa", b"x", 500.0)
    assert not store.accept("cons_2", "aa", b"x", 500.0)
    assert [c.state for c in store.consents("acme")] == ["accepted", "asked"]


def test_revoking_deletes_the_voices_and_leaves_no_bytes_of_them(
    store: VoiceStore, tmp_path: Path
) -> None:
    store.accept("cons_1", "aa", b"EMBEDDINGS" * 50, 500.0)
    store.add(VOICE)
    assert store.revoke("cons_1") == ["voice_1"]
    assert store.voices("acme") == []
    consent = store.consent("cons_1", "acme")
    assert consent is not None
    assert (consent.state, consent.sealed_embeddings) == ("revoked", None)
    store.close()  # which folds the write-ahead log into the file
    assert b"SECRET" not in (tmp_path / "voices.db").read_bytes()
    assert b"EMBEDDINGS" not in (tmp_path / "voices.db").read_bytes()


def test_characters_are_counted_per_tenant_and_time(store: VoiceStore) -> None:
    charges = [("clip_1", "acme", 10.0), ("clip_2", "acme", 20.0), ("clip_3", "zeta", 20.0)]
    for clip_id, tenant, created_s in charges:
        store.charge(Charge(clip_id, tenant, 40, created_s), 0.0, 1000)
    assert store.characters_since("acme", 15.0) == 40
    assert store.characters_since("acme", 0.0) == 80


def test_a_clip_is_charged_before_it_is_made_and_no_further_than_the_limit(
    store: VoiceStore,
) -> None:
    charge = Charge("clip_1", "acme", 40, 10.0)
    assert store.charge(charge, 0.0, 79) == 0
    assert store.charge(replace(charge, clip_id="clip_2"), 0.0, 79) == 40
    assert store.characters_since("acme", 0.0) == 40
    store.take_back_charge("clip_1")
    assert store.charge(replace(charge, clip_id="clip_2"), 0.0, 79) == 0


def test_what_was_charged_before_the_day_is_erased_with_the_next_charge(store: VoiceStore) -> None:
    store.charge(Charge("old", "zeta", 40, 9.0), 0.0, 79)
    store.charge(Charge("new", "acme", 40, 20.0), 10.0, 79)
    assert store.characters_since("zeta", 0.0) == 0
    assert store.characters_since("acme", 0.0) == 40


def test_requests_at_once_keep_to_the_limit_together(store: VoiceStore, tmp_path: Path) -> None:
    """From several connections, as replicas have them."""
    others = [VoiceStore(tmp_path / "voices.db") for _ in range(4)]

    def ask(i: int) -> None:
        others[i % 4].charge(Charge(f"clip_{i}", "acme", 10, 1.0), 0.0, 95)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(40)))
    assert store.characters_since("acme", 0.0) == 90
    for other in others:
        other.close()


def test_clips_are_listed_newest_first(store: VoiceStore) -> None:
    store.add(CLIP)
    store.add(replace(CLIP, id="clip_2", created_s=20.0))
    store.add(replace(CLIP, id="clip_3", tenant="zeta", created_s=20.0))
    assert [clip.id for clip in store.clips()] == ["clip_2", "clip_3", "clip_1"]


def test_the_list_of_forbidden_voices_holds_sealed_embeddings_alone(store: VoiceStore) -> None:
    store.add(NoGo("nogo_1", "a head of state", b"sealed"))
    assert store.no_go() == [NoGo("nogo_1", "a head of state", b"sealed")]
