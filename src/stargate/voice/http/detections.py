"""`/v1/audio/detections`: was this recording made here?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from stargate.voice.http.service import Anyone, Here
from stargate.voice.http.shapes import FindingObject
from stargate.voice.http.uploads import bytes_of

router = APIRouter(tags=["detect"])


@router.post("/detections")
def detections(
    here: Here,
    who: Anyone,
    recording: Annotated[UploadFile, File()],
    manifest: Annotated[str | None, Form()] = None,
) -> FindingObject:
    """Look for signs that a recording was made here."""
    data = bytes_of(recording, here, who, "detected")
    with here.audited(who, "detected"):
        finding = asdict(here.home.detect(data, manifest))
    trace = finding["trace"]
    if trace is not None and trace["tenant"] != who.tenant:
        finding["trace"] = None  # whose clip it is, is told to its own tenant alone
    return FindingObject.model_validate(finding)
