"""What goes in and out, as it stands in the API's description."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, Field

from stargate.store.audit import Entry
from stargate.store.enrolments import Enrolment
from stargate.store.voices import Clip, Consent, Voice
from stargate.voice.http.service import LONGEST_TEXT


class VoiceId(BaseModel):
    """A voice by its id."""

    id: str


class SpeechRequest(BaseModel):
    """What is to be said. `model` and `instructions` are accepted and not used."""

    input: str = Field(max_length=LONGEST_TEXT)
    voice: str | VoiceId = Field(description="a voice's name or id")
    model: str = ""
    instructions: str = ""
    language: str = "en-US"
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = Field(
        "mp3", description="wav is sent whole, with its content credential; all others as made"
    )
    speed: float = Field(1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio", "sse"] = Field(
        "audio", description="sse: events `speech.audio.delta` (base64) and `speech.audio.done`"
    )


class PhraseRequest(BaseModel):
    """Who is to consent, and to what."""

    speaker: str
    purpose: str
    language: str = "en-US"


class VoiceObject(BaseModel):
    """A voice."""

    id: str
    object: Literal["audio.voice"] = "audio.voice"
    name: str
    created_at: int
    type: Literal["audio_sample"] = "audio_sample"
    engine: str
    level: str
    consent: str
    report: dict[str, Any] = Field(description="what was measured of sample and copy")

    @classmethod
    def of(cls, voice: Voice) -> VoiceObject:
        """The store's record."""
        return cls(
            id=voice.id,
            name=voice.name,
            created_at=int(voice.created_s),
            engine=voice.engine,
            level=voice.level,
            consent=voice.consent_id,
            report=json.loads(voice.report),
        )


class VoiceList(BaseModel):
    """The tenant's voices: names, as speech servers list them, and records."""

    object: Literal["list"] = "list"
    voices: list[str]
    data: list[VoiceObject]


class ConsentObject(BaseModel):
    """A consent."""

    id: str
    object: Literal["audio.voice_consent"] = "audio.voice_consent"
    name: str
    language: str
    purpose: str
    created_at: int
    expires_at: int
    state: str = Field(description="asked, accepted, failed or revoked")

    @classmethod
    def of(cls, consent: Consent) -> ConsentObject:
        """The store's record."""
        return cls(
            id=consent.id,
            name=consent.speaker,
            language=consent.language,
            purpose=consent.purpose,
            created_at=int(consent.created_s),
            expires_at=int(consent.expires_s),
            state=consent.state,
        )


class Phrase(ConsentObject):
    """A consent that is asked for: what has to be said, until when."""

    phrase: str


class ConsentPage(BaseModel):
    """A page of consents."""

    object: Literal["list"] = "list"
    data: list[ConsentObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(BaseModel):
    """What is no more."""

    id: str
    object: str
    deleted: Literal[True] = True
    voices: list[str] = Field(default_factory=list[str], description="that went with a consent")


class EnrolmentObject(BaseModel):
    """An enrolment under way."""

    id: str
    object: Literal["audio.enrolment"] = "audio.enrolment"
    name: str
    consent: str
    engine: str
    created_at: int
    state: Literal["waiting", "running", "done", "refused", "failed", "cancelled"]
    step: str
    share: float = Field(description="how far it is, from 0 to 1")
    rule: str = Field(description="of a refusal")
    message: str
    voice: str | None = Field(description="once it is done")
    cpu_s: float = Field(description="processor time that it took, once it is done")
    peak_bytes: int = Field(description="memory that it took, once it is done")

    @classmethod
    def of(cls, enrolment: Enrolment) -> EnrolmentObject:
        """The queue's record."""
        same = ("id", "name", "engine", "step", "share", "rule", "message", "cpu_s", "peak_bytes")
        return cls.model_validate(
            {name: getattr(enrolment, name) for name in same}
            | {
                "consent": enrolment.consent_id,
                "created_at": int(enrolment.created_s),
                "state": enrolment.state,
                "voice": enrolment.voice_id or None,
            }
        )


class EnrolmentList(BaseModel):
    """The tenant's enrolments, newest first."""

    object: Literal["list"] = "list"
    data: list[EnrolmentObject]


class ClipObject(BaseModel):
    """A clip that left, and its signed statement; the sound is not kept."""

    id: str
    object: Literal["audio.clip"] = "audio.clip"
    voice: str
    duration_s: float
    created_at: int
    manifest: dict[str, Any]

    @classmethod
    def of(cls, clip: Clip) -> ClipObject:
        """The store's record."""
        return cls(
            id=clip.id,
            voice=clip.voice_id,
            duration_s=clip.duration_s,
            created_at=int(clip.created_s),
            manifest=json.loads(clip.manifest),
        )


class FindingObject(BaseModel):
    """What the looks for our signs found, and what they cannot see; as `detect --json` has it."""

    schema_version: Literal[1] = 1
    synthetic: bool
    probability: float | None = Field(description="of the watermark; null: no speech to judge")
    score: float
    speed: float
    speech_s: float = Field(description="found in the stretch that was looked at")
    manifest: dict[str, Any] | None
    content_credential: str | None
    trace: dict[str, Any] | None = Field(description="told to the clip's own tenant alone")
    limits: list[str]

    model_config = {"extra": "allow"}


class AuditEntry(BaseModel):
    """A line of the audit."""

    sequence: int
    time_s: float
    event: str
    subject: str
    detail: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> AuditEntry:
        """The log's record."""
        same = ("sequence", "time_s", "event", "subject", "hash")
        told = {name: getattr(entry, name) for name in same}
        return cls.model_validate({**told, "detail": json.loads(entry.detail)})


class AuditPage(BaseModel):
    """A page of the tenant's audit, newest first."""

    object: Literal["list"] = "list"
    data: list[AuditEntry]
    has_more: bool


class AuditVerdict(BaseModel):
    """Whether the whole chain, of all tenants, is as it was written."""

    ok: bool
    faults: list[str]
    n_entries: int
    newest_hash: str


class Account(BaseModel):
    """Whom a key stands for, and what is left to them today."""

    tenant: str
    role: Literal["speaker", "owner"]
    engine: str
    characters_used: int
    characters_per_day: int
    characters_per_request: int
    n_voices: int
    n_voices_allowed: int
    largest_upload_bytes: int
    least_speech_s: float
    longest_sample_s: float


class Fault(BaseModel):
    """What went wrong."""

    message: str
    type: Literal["invalid_request_error", "server_error"]
    code: str
    param: None = None


class FaultBody(BaseModel):
    """The one shape of every error."""

    error: Fault
