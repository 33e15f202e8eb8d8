"""The gate over HTTP, in the shape of OpenAI's audio API, so that its clients work unchanged.

`/v1/audio/speech`, `/v1/audio/voices`, `/v1/audio/voice_consents`; and, since consent here is to a
phrase that no recording can hold already, `/v1/audio/voice_consents/phrases` to ask for one, and
`/v1/audio/detections`. Every error is `{"error": {"message", "type", "code"}}`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, File, Form, Header, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, Field

from stargate.errors import StargateError
from stargate.store.voices import Consent
from stargate.voice.audio_files import FORMATS, decode, to_pcm16
from stargate.voice.engine import Sample, Utterance
from stargate.voice.home import Home
from stargate.voice.keys import Holder, KeyRing, RateLimit
from stargate.voice.refusals import RefusedError
from stargate.voice.speech import Release

LARGEST_UPLOAD_BYTES = 10 * 2**20
LONGEST_TEXT = 4096
STATUS = {
    "no_such_voice": 404,
    "no_such_consent": 404,
    "quota": 429,
    "rate": 429,
    "no_key": 401,
    "role": 403,
}
"""Of refusals by rule; every other refusal is 403, what is malformed 400."""
MALFORMED = {
    "recording_unreadable",
    "nothing_to_say",
    "text_too_long",
    "bad_text",
    "unknown_engine",
}


class VoiceId(BaseModel):
    """A voice by its id."""

    id: str


class SpeechRequest(BaseModel):
    """What `/v1/audio/speech` takes. `model` and `instructions` are accepted and not used."""

    input: str = Field(max_length=LONGEST_TEXT)
    voice: str | VoiceId
    model: str = ""
    instructions: str = ""
    language: str = "en-US"
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio"] = "audio"


class PhraseRequest(BaseModel):
    """Who is to consent, and to what."""

    speaker: str
    purpose: str
    language: str = "en-US"


@dataclass(frozen=True, slots=True)
class Service:
    """What the endpoints work on. `busy` lets one synthesis run at a time: the machine is a CPU."""

    home: Home
    ring: KeyRing
    limit: RateLimit
    engine: str
    busy: threading.Lock = field(default_factory=threading.Lock)


router = APIRouter(prefix="/v1/audio")


def make_app(service: Service) -> FastAPI:
    """The application over a home; voices are enrolled with the service's engine."""
    app = FastAPI(title="Stargate voice", docs_url=None, redoc_url=None)
    app.state.service = service
    app.include_router(router)
    _install_errors(app)
    return app


def _service(request: Request) -> Service:
    return request.app.state.service


Here = Annotated[Service, Depends(_service)]


def _holder(here: Here, authorization: Annotated[str, Header()] = "") -> Holder:
    found = here.ring.holder(authorization.removeprefix("Bearer "))
    if found is None:
        raise RefusedError("no_key", "a valid key is needed: Authorization: Bearer sk-...")
    if wait_s := here.limit.wait_s(found.tenant):
        raise RefusedError("rate", f"too many requests; try again in {wait_s:.0f} s")
    return found


Anyone = Annotated[Holder, Depends(_holder)]


def _owner(found: Anyone) -> Holder:
    if found.role != "owner":
        raise RefusedError("role", "this key may speak and list, nothing else")
    return found


Owner = Annotated[Holder, Depends(_owner)]


@router.post("/speech")
def speech(body: SpeechRequest, here: Here, who: Anyone) -> Response:
    """Say the input in a voice; raw samples are streamed, other formats sent whole."""
    voice = body.voice if isinstance(body.voice, str) else body.voice.id
    release = here.home.gate.stream(
        who.tenant, voice, Utterance(body.input, body.language, body.speed)
    )
    headers = {"X-Clip-Id": release.clip_id}
    if body.response_format == "pcm":
        stream = _locked(release, here.busy)
        first = next(stream)  # so that a refusal is an answer, not a broken stream
        return StreamingResponse(_rest(first, stream), media_type="audio/pcm", headers=headers)
    with here.busy:
        whole = release.whole()
    headers["X-Manifest"] = whole.manifest
    data = here.home.file(whole, body.response_format)
    return Response(data, media_type=FORMATS[body.response_format], headers=headers)


@router.get("/voices")
def voices(here: Here, who: Anyone) -> dict[str, object]:
    """The tenant's voices: names, as speech servers list them, and records."""
    found = here.home.voices.voices(who.tenant)
    return {
        "voices": [voice.name for voice in found],
        "data": [
            {**_voice(v.id, v.name, v.created_s), "report": json.loads(v.report)} for v in found
        ],
    }


@router.post("/voices")
def create_voice(
    here: Here,
    who: Owner,
    name: Annotated[str, Form()],
    consent: Annotated[str, Form()],
    audio_sample: Annotated[UploadFile, File()],
    type: Annotated[Literal["audio_sample"], Form()] = "audio_sample",  # noqa: A002, ARG001
) -> dict[str, object]:
    """Enrol a voice from a sample and a consent."""
    sample = _sample(audio_sample)
    with here.busy:
        voice = here.home.gate.enroll(who.tenant, name, consent, sample, here.engine)
    return _voice(voice.id, voice.name, voice.created_s)


@router.delete("/voices/{voice}")
def delete_voice(here: Here, who: Owner, voice: str) -> dict[str, object]:
    """Forget a voice."""
    deleted = here.home.gate.delete_voice(who.tenant, voice)
    return {"id": deleted, "object": "audio.voice.deleted", "deleted": True}


@router.post("/voice_consents/phrases")
def ask(here: Here, who: Owner, body: PhraseRequest) -> dict[str, object]:
    """Ask for a phrase that the person has to say."""
    asked = here.home.gate.ask_consent(who.tenant, body.speaker, body.purpose, body.language)
    return {**_consent(asked), "phrase": asked.phrase, "expires_at": int(asked.expires_s)}


@router.post("/voice_consents")
def give(
    here: Here,
    who: Owner,
    name: Annotated[str, Form()],
    language: Annotated[str, Form()],
    recording: Annotated[UploadFile, File()],
    phrase: Annotated[str, Form()] = "",
) -> dict[str, object]:
    """Answer a phrase with a recording of it."""
    if not phrase:
        raise RefusedError(
            "no_phrase",
            f"{name} ({language}) has to answer a phrase: ask for one at "
            "/v1/audio/voice_consents/phrases and send its id as `phrase`",
        )
    with here.busy:
        return _consent(here.home.gate.give_consent(who.tenant, phrase, _sample(recording)))


@router.get("/voice_consents")
def consents(here: Here, who: Owner, limit: int = 20, after: str = "") -> dict[str, object]:
    """The tenant's consents, newest first, by page."""
    found = here.home.voices.consents(who.tenant)
    ids = [consent.id for consent in found]
    start = ids.index(after) + 1 if after in ids else 0
    page = found[start : start + max(1, min(limit, 100))]
    return {
        "object": "list",
        "data": [_consent(consent) for consent in page],
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
        "has_more": start + len(page) < len(found),
    }


@router.get("/voice_consents/{consent_id}")
def consent(here: Here, who: Owner, consent_id: str) -> dict[str, object]:
    """One consent."""
    found = here.home.voices.consent(consent_id, who.tenant)
    if found is None:
        raise RefusedError("no_such_consent", f"no consent {consent_id}")
    return _consent(found)


@router.delete("/voice_consents/{consent_id}")
def revoke(here: Here, who: Owner, consent_id: str) -> dict[str, object]:
    """Withdraw a consent and delete its voices."""
    here.home.gate.revoke(who.tenant, consent_id)
    return {"id": consent_id, "object": "audio.voice_consent", "deleted": True}


@router.post("/detections")
def detections(
    here: Here,
    who: Anyone,
    recording: Annotated[UploadFile, File()],
    manifest: Annotated[str | None, Form()] = None,
) -> dict[str, object]:
    """Look for signs that a recording was made here."""
    finding = asdict(here.home.detect(_bytes(recording), manifest))
    trace = finding["trace"]
    if trace is not None and trace["tenant"] != who.tenant:
        finding["trace"] = None  # whose clip it is, is told to its own tenant alone
    return {"schema_version": 1, **finding}


def serve(
    home: Home, ring: KeyRing, host: str, port: int, engine: str, n_per_minute: float
) -> None:
    """Answer until interrupted."""
    import uvicorn

    assert home.gate  # loaded now, so that a missing safeguard is named before the first request
    service = Service(home, ring, RateLimit(n_per_minute, time.monotonic), engine)
    uvicorn.run(make_app(service), host=host, port=port, log_level="warning")


def _install_errors(app: FastAPI) -> None:
    def answer(status: int, code: str, message: str) -> JSONResponse:
        kind = "invalid_request_error" if status < 500 else "server_error"
        error = {"message": message, "type": kind, "code": code, "param": None}
        return JSONResponse({"error": error}, status)

    def refused(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StargateError)
        if isinstance(error, RefusedError):
            status = 400 if error.rule in MALFORMED else STATUS.get(error.rule, 403)
            return answer(status, error.rule, str(error))
        return answer(503, "unavailable", str(error))

    def malformed(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return answer(400, "malformed", told)

    app.add_exception_handler(StargateError, refused)
    app.add_exception_handler(RequestValidationError, malformed)


def _sample(upload: UploadFile) -> Sample:
    return Sample(*decode(_bytes(upload)))


def _bytes(upload: UploadFile) -> bytes:
    data = upload.file.read(LARGEST_UPLOAD_BYTES + 1)
    if len(data) > LARGEST_UPLOAD_BYTES:
        raise RefusedError("recording_unreadable", "a recording may have at most 10 MiB")
    return data


def _locked(release: Release, busy: threading.Lock) -> Generator[bytes]:
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


def _rest(first: bytes, stream: Generator[bytes]) -> Generator[bytes]:
    yield first
    yield from stream


def _voice(voice_id: str, name: str, created_s: float) -> dict[str, object]:
    made = {"id": voice_id, "object": "audio.voice", "name": name}
    return {**made, "created_at": int(created_s), "type": "audio_sample"}


def _consent(consent: Consent) -> dict[str, object]:
    return {
        "id": consent.id,
        "object": "audio.voice_consent",
        "name": consent.speaker,
        "language": consent.language,
        "created_at": int(consent.created_s),
        "state": consent.state,
    }
