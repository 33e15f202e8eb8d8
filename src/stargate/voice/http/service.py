"""What the endpoints work on, and who asks."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from stargate.voice.audited import audited
from stargate.voice.detection import Finding
from stargate.voice.enrolments import Rooms
from stargate.voice.keys import Holder, KeyRing, RateLimit
from stargate.voice.policy import Policy
from stargate.voice.refusals import RefusedError
from stargate.voice.speech import Speech

LARGEST_UPLOAD_BYTES = 10 * 2**20
LARGEST_BODY_BYTES = LARGEST_UPLOAD_BYTES + 2**16
"""An upload and the fields beside it."""
LONGEST_TEXT = 4096


class House(Rooms, Protocol):
    """What of a home the service needs; see `home.Home`."""

    def file(self, speech: Speech, audio_format: str) -> bytes: ...  # noqa: D102
    def detect(self, data: bytes, manifest: str | None = None) -> Finding: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the console."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Service:
    """What the endpoints work on. `busy` lets one synthesis run at a time: the machine is a CPU."""

    home: House
    ring: KeyRing
    limit: RateLimit
    engine: str
    policy: Policy = field(default_factory=Policy)
    console: Mapping[str, Page] = field(default_factory=dict)
    busy: threading.Lock = field(default_factory=threading.Lock)

    def audited(self, who: Holder, asked: str) -> AbstractContextManager[None]:
        """Write refusals to the audit that come from before the gate."""
        return audited(self.home.audit, who.tenant, asked)


def _service(request: Request) -> Service:
    return request.app.state.service


Here = Annotated[Service, Depends(_service)]

_bearer = HTTPBearer(auto_error=False, description="A key of `stargate voice key`.")


def _holder(request: Request, _shown: Annotated[object, Security(_bearer)]) -> Holder:
    """Whom the doorkeeper let in."""
    return request.state.holder


Anyone = Annotated[Holder, Depends(_holder)]


def _owner(found: Anyone, here: Here, request: Request) -> Holder:
    if found.role != "owner":
        asked = f"{request.method} {request.url.path}"
        with here.audited(found, asked):
            raise RefusedError("role", "this key may speak, list and detect, nothing else")
    return found


Owner = Annotated[Holder, Depends(_owner)]
