"""`/v1/audio/speech`: say a text in a voice; and `/v1/audio/clips`: the statements on what left."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import AsyncIterator, Generator

from fastapi import APIRouter
from fastapi.concurrency import iterate_in_threadpool
from fastapi.responses import Response, StreamingResponse

from stargate.voice.audio_files import FORMATS, require_encoder, to_pcm16
from stargate.voice.audio_streams import encoded
from stargate.voice.engine import Utterance
from stargate.voice.http.service import Anyone, Here
from stargate.voice.http.shapes import ClipObject, SpeechRequest
from stargate.voice.lookups import clip_of
from stargate.voice.speech import Release

router = APIRouter(tags=["speak"])
MEDIA = (*FORMATS.values(), "text/event-stream")
SOUND = {"content": {media: {"schema": {"type": "string"}} for media in MEDIA}}


@router.post("/speech", response_class=Response, responses={200: SOUND})
def speech(body: SpeechRequest, here: Here, who: Anyone) -> Response:
    """Say the input in a voice.

    The header `X-Clip-Id` names the clip. A WAV file is sent whole, with its content credential,
    and its signed manifest in `X-Manifest`; every other format is sent as it is made, and its
    manifest is at `/v1/audio/clips/{id}` when the last of it has left.
    """
    require_encoder(body.response_format)
    voice = body.voice if isinstance(body.voice, str) else body.voice.id
    utterance = Utterance(body.input, body.language, body.speed)
    release = here.home.gate.stream(who.tenant, voice, utterance)
    if body.response_format == "wav" and body.stream_format == "audio":
        return _whole(release, here)
    audio_format = "pcm" if body.response_format == "wav" else body.response_format
    coming = encoded(_pieces(release, here.busy), release.rate_hz, audio_format)
    sound = _begun(next(coming), coming)  # a refusal is an answer, not a broken stream
    headers = {"X-Clip-Id": release.clip_id}
    if body.stream_format == "sse":
        events = _sent(_events(sound, release.clip_id))
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    return StreamingResponse(_sent(sound), media_type=FORMATS[audio_format], headers=headers)


@router.get("/clips/{clip}")
def clip(clip: str, here: Here, who: Anyone) -> ClipObject:
    """The signed statement on a clip that left."""
    return ClipObject.of(clip_of(here.home.voices, who.tenant, clip))


def _whole(release: Release, here: Here) -> Response:
    with here.busy:
        whole = release.whole()
    headers = {"X-Clip-Id": release.clip_id, "X-Manifest": whole.manifest}
    return Response(here.home.file(whole, "wav"), media_type=FORMATS["wav"], headers=headers)


def _pieces(release: Release, busy: threading.Lock) -> Generator[bytes]:
    """The pieces as samples; a slow listener holds up no one while a piece is on its way."""
    pieces = iter(release)
    try:
        while True:
            with busy:
                piece = next(pieces, None)
            if piece is None:
                return
            yield to_pcm16(piece)
    finally:
        pieces.close()


def _begun(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        rest.close()


async def _sent(sound: Generator[bytes]) -> AsyncIterator[bytes]:
    """The sound to a listener; if they hang up, what is behind it ends, and logs what left."""
    try:
        async for chunk in iterate_in_threadpool(sound):
            yield chunk
    finally:
        threading.Thread(target=sound.close).start()  # it may wait for a piece on its way


def _events(sound: Generator[bytes], clip_id: str) -> Generator[bytes]:
    """The sound as server-sent events, as OpenAI's clients read them."""
    try:
        for chunk in sound:
            delta = {"type": "speech.audio.delta", "audio": base64.b64encode(chunk).decode()}
            yield _event(delta)
        yield _event({"type": "speech.audio.done", "clip": clip_id})
    finally:
        sound.close()


def _event(told: dict[str, str]) -> bytes:
    return f"data: {json.dumps(told)}\n\n".encode()
