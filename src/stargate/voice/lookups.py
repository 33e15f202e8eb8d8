"""A tenant's own consent, voice or clip, or a refusal: what is another's does not exist."""

from __future__ import annotations

from typing import TypeVar

from stargate.store.voices import Clip, Consent, Voice, VoiceStore
from stargate.voice.refusals import RefusedError

Thing = TypeVar("Thing")


def consent_of(voices: VoiceStore, tenant: str, consent_id: str) -> Consent:
    """The consent, whatever its state."""
    return _found("consent", consent_id, voices.consent(consent_id, tenant))


def voice_of(voices: VoiceStore, tenant: str, voice: str) -> Voice:
    """The voice, by its id or name."""
    return _found("voice", voice, voices.voice(voice, tenant))


def clip_of(voices: VoiceStore, tenant: str, clip_id: str) -> Clip:
    """The record of a clip that left."""
    return _found("clip", clip_id, voices.clip(clip_id, tenant))


def _found(what: str, name: str, found: Thing | None) -> Thing:
    if found is None:
        raise RefusedError(f"no_such_{what}", f"no {what} {name}")
    return found
