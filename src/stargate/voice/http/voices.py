"""`/v1/audio/voices`: enrol at once, list, look at, forget."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, UploadFile

from stargate.voice.http.service import Anyone, Here, Owner
from stargate.voice.http.shapes import Deleted, VoiceList, VoiceObject
from stargate.voice.http.uploads import sample_of
from stargate.voice.lookups import voice_of

router = APIRouter(prefix="/voices", tags=["voices"])


@router.get("")
def voices(here: Here, who: Anyone) -> VoiceList:
    """The tenant's voices."""
    found = here.home.voices.voices(who.tenant)
    return VoiceList(voices=[v.name for v in found], data=[VoiceObject.of(v) for v in found])


@router.post("")
def create_voice(
    here: Here,
    who: Owner,
    name: Annotated[str, Form()],
    consent: Annotated[str, Form()],
    audio_sample: Annotated[UploadFile, File()],
    type: Annotated[Literal["audio_sample"], Form()] = "audio_sample",  # noqa: A002, ARG001
) -> VoiceObject:
    """Enrol a voice from a sample and a consent, and wait for it; see `enrolments` for not."""
    sample = sample_of(audio_sample, here, who, "voice_enrolled")
    with here.busy:
        return VoiceObject.of(here.home.gate.enroll(who.tenant, name, consent, sample, here.engine))


@router.get("/{voice}")
def voice(voice: str, here: Here, who: Anyone) -> VoiceObject:
    """A voice by its id or name, with its quality report."""
    return VoiceObject.of(voice_of(here.home.voices, who.tenant, voice))


@router.delete("/{voice}")
def delete_voice(here: Here, who: Owner, voice: str) -> Deleted:
    """Forget a voice; its consent stays."""
    return Deleted(id=here.home.gate.delete_voice(who.tenant, voice), object="audio.voice.deleted")
