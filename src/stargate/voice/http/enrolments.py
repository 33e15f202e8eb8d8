"""`/v1/audio/enrolments`: enrol in the background, and follow, cancel or resume it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import StreamingResponse

from stargate.store.enrolments import OPEN
from stargate.voice import enrolments as jobs
from stargate.voice.http.service import Here, Owner, Service
from stargate.voice.http.shapes import EnrolmentList, EnrolmentObject
from stargate.voice.http.uploads import sample_of

router = APIRouter(prefix="/enrolments", tags=["voices"])
LOOK_EVERY_S = 0.25
TELL_EVERY_S = 15.0
"""Something is sent at least this often, so that no one on the way hangs up."""


@router.post("", status_code=202)
def submit(
    here: Here,
    who: Owner,
    name: Annotated[str, Form()],
    consent: Annotated[str, Form()],
    audio_sample: Annotated[UploadFile, File()],
) -> EnrolmentObject:
    """Put an enrolment into the queue. The recording is kept sealed until it ends."""
    sample = sample_of(audio_sample, here, who, "enrolment_asked")
    return EnrolmentObject.of(
        jobs.submit(here.home, who.tenant, name, consent, sample, here.engine)
    )


@router.get("")
def enrolments(here: Here, who: Owner) -> EnrolmentList:
    """The tenant's enrolments, newest first."""
    found = here.home.enrolments.of(who.tenant)
    return EnrolmentList(data=[EnrolmentObject.of(each) for each in found])


@router.get("/{enrolment}")
def enrolment(enrolment: str, here: Here, who: Owner) -> EnrolmentObject:
    """How far an enrolment is."""
    return EnrolmentObject.of(jobs.of(here.home, who.tenant, enrolment))


@router.get(
    "/{enrolment}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
def events(enrolment: str, here: Here, who: Owner) -> StreamingResponse:
    """Server-sent events: the enrolment each time that it has changed, until it ends."""
    jobs.of(here.home, who.tenant, enrolment)  # none, or another's: an answer, not a stream
    told = _changes(here, who.tenant, enrolment)
    return StreamingResponse(told, media_type="text/event-stream")


@router.post("/{enrolment}/cancel")
def cancel(enrolment: str, here: Here, who: Owner) -> EnrolmentObject:
    """End an enrolment and erase its recording."""
    return EnrolmentObject.of(jobs.cancel(here.home, who.tenant, enrolment))


@router.post("/{enrolment}/resume")
def resume(enrolment: str, here: Here, who: Owner) -> EnrolmentObject:
    """Try an enrolment again whose worker failed."""
    return EnrolmentObject.of(jobs.resume(here.home, who.tenant, enrolment))


def _changes(here: Service, tenant: str, enrolment_id: str) -> Iterator[str]:
    last, told_s = None, time.monotonic()
    while True:
        found = EnrolmentObject.of(jobs.of(here.home, tenant, enrolment_id))
        if found != last:
            last, told_s = found, time.monotonic()
            yield f"data: {json.dumps(found.model_dump())}\n\n"
        elif time.monotonic() - told_s > TELL_EVERY_S:
            told_s = time.monotonic()
            yield ": still here\n\n"
        if found.state not in OPEN:
            return
        time.sleep(LOOK_EVERY_S)
