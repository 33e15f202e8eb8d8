"""Recordings as they are sent: read up to a limit, and refused, for the audit to see, beyond."""

from __future__ import annotations

from fastapi import UploadFile

from stargate.voice.audio_files import decode
from stargate.voice.engine import Sample
from stargate.voice.http.service import LARGEST_UPLOAD_BYTES, Service
from stargate.voice.keys import Holder
from stargate.voice.refusals import RefusedError


def sample_of(upload: UploadFile, here: Service, who: Holder, asked: str) -> Sample:
    """The recording in an upload."""
    with here.audited(who, asked):
        return Sample(*decode(_bytes(upload)))


def bytes_of(upload: UploadFile, here: Service, who: Holder, asked: str) -> bytes:
    """An upload as it came."""
    with here.audited(who, asked):
        return _bytes(upload)


def _bytes(upload: UploadFile) -> bytes:
    data = upload.file.read(LARGEST_UPLOAD_BYTES + 1)
    if len(data) > LARGEST_UPLOAD_BYTES:
        most = LARGEST_UPLOAD_BYTES >> 20
        raise RefusedError("too_large", f"a recording may have at most {most} MiB")
    return data
