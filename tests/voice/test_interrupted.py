"""Enrolments that were stopped go on where they were; what they learnt is sealed, or erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from stargate.store.enrolments import EnrolmentQueue
from stargate.voice.draft import NO_DRAFT, Draft
from stargate.voice.engine import Engine, Progress, Sample
from stargate.voice.enrolments import cancel, of, submit, work_off_next
from stargate.voice.gate import Gate
from stargate.voice.permit import Permit, PermitOffice, Redeem
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import RefusedError
from stargate.voice.tone import ToneEngine

if TYPE_CHECKING:
    from conftest import House

    Speaker = Callable[..., Sample]


class SlowLearner(ToneEngine):
    """Learns a hum in three steps and can be stopped by each."""

    def __init__(self, redeem: Redeem, after: Callable[[int], None]) -> None:
        super().__init__(redeem)
        self._after = after
        self.steps: list[int] = []

    def enroll(
        self, sample: Sample, permit: Permit, progress: Progress, draft: Draft = NO_DRAFT
    ) -> VoiceProfile:
        for step in range(len(draft.read()), 3):
            self.steps.append(step)
            draft.write(b"x" * (step + 1))
            self._after(step)
        return super().enroll(sample, permit, progress)


def slow_gate(house: House, after: Callable[[int], None]) -> tuple[Gate, SlowLearner]:
    """A gate with an engine that calls `after` after each step."""
    made: list[SlowLearner] = []

    def engines(office: PermitOffice) -> dict[str, Engine]:
        made.append(SlowLearner(office.redeem, after))
        return {"tone": made[0]}

    gate = Gate(replace(house.parts, engines=engines))
    return gate, made[0]


def stopped_with(fault: BaseException) -> Callable[[int], None]:
    def after(step: int) -> None:
        if step == 1:
            raise fault

    return after


def drafts(house: House) -> list[bytes]:
    return [
        row["sealed_state"] for row in house.parts.voices._database.rows("SELECT * FROM drafts")
    ]


def test_an_enrolment_that_was_interrupted_goes_on_and_leaves_no_draft(
    house: House, speaker: Speaker
) -> None:
    consent, sample = house.consent(), speaker(110.0)
    gate, _ = slow_gate(house, stopped_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        gate.enroll("acme", "ada", consent, sample, "tone")
    assert drafts(house) == [house.parts.vault.seal(b"xx")]
    gate, learner = slow_gate(house, lambda _step: None)
    gate.enroll("acme", "ada", consent, sample, "tone")
    assert learner.steps == [2]
    assert drafts(house) == []


def test_another_recording_or_consent_begins_anew(house: House, speaker: Speaker) -> None:
    consent = house.consent()
    gate, _ = slow_gate(house, stopped_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        gate.enroll("acme", "ada", consent, speaker(110.0), "tone")
    for i, (other, sample) in enumerate(
        [(consent, speaker(110.0, seed=5)), (house.consent(seed=2), speaker(110.0))]
    ):
        gate, learner = slow_gate(house, lambda _step: None)
        gate.enroll("acme", f"ada {i}", other, sample, "tone")
        assert learner.steps == [0, 1, 2]


def test_what_was_learnt_is_erased_when_an_enrolment_is_refused_or_its_consent_revoked(
    house: House, speaker: Speaker
) -> None:
    consent, sample = house.consent(), speaker(110.0)
    gate, _ = slow_gate(house, stopped_with(RefusedError("cancelled", "it was cancelled")))
    with pytest.raises(RefusedError, match="cancelled"):
        gate.enroll("acme", "ada", consent, sample, "tone")
    assert drafts(house) == []
    gate, _ = slow_gate(house, stopped_with(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        gate.enroll("acme", "ada", consent, sample, "tone")
    house.gate.revoke("acme", consent)
    assert drafts(house) == []


def test_a_consent_that_is_revoked_while_a_voice_is_learnt_keeps_no_draft(
    house: House, speaker: Speaker
) -> None:
    consent = house.consent()

    def after(step: int) -> None:
        if step == 0:
            house.gate.revoke("acme", consent)
        assert len(drafts(house)) == 0

    gate, _ = slow_gate(house, after)
    with pytest.raises(RefusedError, match="is revoked"):
        gate.enroll("acme", "ada", consent, speaker(110.0), "tone")
    assert house.parts.voices.voices("acme") == []


def rooms_of(house: House, gate: Gate, folder: Path) -> Any:
    parts, queue = house.parts, EnrolmentQueue(folder / "voices.db")
    return SimpleNamespace(
        gate=gate, voices=parts.voices, audit=parts.audit, vault=parts.vault, enrolments=queue
    )


@pytest.fixture
def begun(house: House, speaker: Speaker, tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """Rooms in which a first worker was interrupted, and the id of its job."""
    gate, _ = slow_gate(house, stopped_with(KeyboardInterrupt()))
    rooms = rooms_of(house, gate, tmp_path)
    job = submit(rooms, "acme", "ada", house.consent(), speaker(110.0), "tone")
    with pytest.raises(KeyboardInterrupt):
        work_off_next(rooms, "first")
    assert drafts(house) != []
    yield rooms, job.id
    rooms.enrolments.close()


def test_a_worker_that_takes_up_what_another_began_goes_on_with_it(
    house: House, begun: tuple[Any, str]
) -> None:
    rooms, job_id = begun
    rooms.enrolments.release("first")
    rooms.gate, learner = slow_gate(house, lambda _step: None)
    work_off_next(rooms, "second")
    assert of(rooms, "acme", job_id).state == "done"
    assert learner.steps == [2]
    assert drafts(house) == []


def test_an_enrolment_that_is_cancelled_leaves_nothing_of_what_was_learnt(
    house: House, begun: tuple[Any, str]
) -> None:
    rooms, job_id = begun
    cancel(rooms, "acme", job_id)
    assert drafts(house) == []
    assert of(rooms, "acme", job_id).sealed_sample is None
