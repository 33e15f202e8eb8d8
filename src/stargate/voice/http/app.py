"""The application: the endpoints behind the doorkeeper, and their description."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

import stargate
from stargate.voice.http import (
    consents,
    console,
    detections,
    enrolments,
    faults,
    records,
    speech,
    voices,
)
from stargate.voice.http.doorkeeper import Doorkeeper
from stargate.voice.http.service import Service
from stargate.voice.http.shapes import FaultBody

ABOUT = (
    "Speak in a person's voice, with their consent, in clips that can be told from real ones. "
    "Shaped like OpenAI's audio API: its clients work unchanged."
)
FAULTS = {
    400: "malformed, or not to be read as sound",
    401: "no valid key",
    403: "a safeguard forbids it; `code` names the rule",
    404: "no such thing of this tenant's",
    409: "it is in another state",
    413: "larger than is read",
    429: "a quota or rate is used up; `Retry-After` says when to come back",
    503: "something is not installed; the message names it",
}


def make_app(service: Service) -> FastAPI:
    """The application over a home; voices are enrolled with the service's engine."""
    app = FastAPI(
        title="Stargate voice",
        version=stargate.__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.service = service
    app.include_router(_api())
    if service.console:
        app.include_router(console.router)
    faults.install(app)
    app.add_middleware(Doorkeeper, service=service)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Leave the framework's own shape of faults out: every fault has ours, with 400."""
    described = app.openapi()
    for path in described["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        described["components"]["schemas"].pop(name, None)


def _api() -> APIRouter:
    told = {status: {"model": FaultBody, "description": text} for status, text in FAULTS.items()}
    api = APIRouter(prefix="/v1/audio", responses=told)
    for part in (speech, voices, enrolments, consents, detections, records):
        api.include_router(part.router)
    return api
