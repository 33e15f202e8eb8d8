"""The queue of enrolments: nothing is lost, nothing is done twice, recordings are erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stargate.store.enrolments import LOST_AFTER_S, MOST_STARTS, Enrolment, EnrolmentQueue
from stargate.store.voices import Consent, VoiceStore

FIRST = Enrolment("enrol_1", "acme", "ada", "cons_1", "tone", b"SECRET" * 50, 1.0)
SECOND = replace(FIRST, id="enrol_2", name="bob", created_s=2.0)
LATER_S = 10.0 + LOST_AFTER_S + 1


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[EnrolmentQueue]:
    queue = EnrolmentQueue(tmp_path / "voices.db")
    queue.add(FIRST)
    yield queue
    queue.close()


def now(queue: EnrolmentQueue, enrolment_id: str = "enrol_1") -> Enrolment:
    found = queue.find(enrolment_id, "acme")
    assert found is not None
    return found


def test_the_oldest_goes_first_and_to_one_worker_alone(queue: EnrolmentQueue) -> None:
    queue.add(SECOND)
    claimed = [queue.claim(f"w{i}", 10.0) for i in range(3)]
    assert [each and each.id for each in claimed] == ["enrol_1", "enrol_2", None]
    assert claimed[0] == now(queue)
    assert queue.n_waiting() == 0


def test_another_tenant_sees_nothing(queue: EnrolmentQueue) -> None:
    assert queue.find("enrol_1", "zeta") is None
    assert queue.of("zeta") == []
    assert queue.of("acme") == [FIRST]


def test_a_worker_that_stopped_beating_loses_its_claim(queue: EnrolmentQueue) -> None:
    lost = queue.claim("dead", 10.0)
    assert lost is not None
    assert queue.claim("live", 10.0 + LOST_AFTER_S) is None
    again = queue.claim("live", LATER_S)
    assert again is not None
    assert (again.worker, again.n_starts) == ("live", 2)
    assert not queue.report(lost, "tuning", 0.5, LATER_S)
    assert not queue.done(lost, "voice_9", 1.0, 1)
    assert queue.done(again, "voice_1", 1.0, 1)
    assert now(queue).voice_id == "voice_1"


def test_a_beating_worker_keeps_its_claim(queue: EnrolmentQueue) -> None:
    claimed = queue.claim("w", 10.0)
    assert claimed is not None
    assert queue.beat(claimed, 10.0 + LOST_AFTER_S)
    assert queue.claim("other", LATER_S) is None


def test_what_kills_every_worker_is_given_up_and_can_be_resumed(queue: EnrolmentQueue) -> None:
    for i in range(MOST_STARTS):
        assert queue.claim(f"w{i}", i * LATER_S) is not None
    assert queue.claim("w", MOST_STARTS * LATER_S) is None
    assert (now(queue).state, now(queue).sealed_sample) == ("failed", FIRST.sealed_sample)
    assert queue.resume("enrol_1")
    assert not queue.resume("enrol_1")
    assert queue.claim("w", MOST_STARTS * LATER_S) is not None


def test_a_worker_that_is_stopped_gives_back_what_it_began(queue: EnrolmentQueue) -> None:
    assert queue.claim("w", 10.0) is not None
    queue.release("w")
    assert (now(queue).state, now(queue).n_starts) == ("waiting", 0)


@pytest.mark.parametrize("end", ["done", "refuse", "cancel", "revoke"])
def test_the_recording_is_erased_at_every_end(
    queue: EnrolmentQueue, tmp_path: Path, end: str
) -> None:
    store = VoiceStore(tmp_path / "voices.db")
    consent = Consent("cons_1", "acme", "Ada", "en", "reading", "I", "accepted", 1.0, 99.0)
    store.add(consent)
    claimed = queue.claim("w", 10.0)
    assert claimed is not None
    ends = {
        "done": lambda: queue.done(claimed, "voice_1", 1.0, 1),
        "refuse": lambda: queue.refuse(claimed, "sample_noisy", "too noisy"),
        "cancel": lambda: queue.cancel("enrol_1"),
        "revoke": lambda: store.revoke("cons_1"),
    }
    ends[end]()
    assert now(queue).sealed_sample is None
    assert not queue.report(claimed, "tuning", 0.5, 11.0)
    store.close()
    queue.close()
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"SECRETSECRET" not in files


def test_what_is_over_cannot_be_cancelled(queue: EnrolmentQueue) -> None:
    assert queue.cancel("enrol_1")
    assert not queue.cancel("enrol_1")
