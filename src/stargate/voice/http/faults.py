"""One shape for every error, that of OpenAI: `{"error": {message, type, code, param}}`."""

from __future__ import annotations

import math

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, StarletteHTTPException
from fastapi.responses import JSONResponse

from stargate.errors import StargateError
from stargate.voice.audited import note_refusal
from stargate.voice.keys import Holder
from stargate.voice.refusals import RefusedError

STATUS = {
    "malformed": 400,
    "recording_unreadable": 400,
    "nothing_to_say": 400,
    "text_too_long": 400,
    "bad_text": 400,
    "unknown_engine": 400,
    "no_phrase": 400,
    "no_key": 401,
    "no_such_voice": 404,
    "no_such_consent": 404,
    "no_such_clip": 404,
    "no_such_enrolment": 404,
    "name_taken": 409,
    "enrolment_over": 409,
    "enrolment_not_failed": 409,
    "too_large": 413,
    "quota": 429,
    "rate": 429,
    "too_many_enrolments": 429,
}
"""Of refusals by rule; every other refusal is 403."""


class RateError(RefusedError):
    """Too many requests; `wait_s` is when to come back."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__("rate", f"too many requests; try again in {math.ceil(wait_s)} s")


class TooLargeError(StarletteHTTPException):
    """The body is larger than any that is read; raised while it is being read."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(413, f"a request may have at most {limit_bytes >> 20} MiB")


def answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> object:
    """An error as a response."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    error = {"message": message, "type": kind, "code": code, "param": None}
    return JSONResponse({"error": error}, status, headers)


def answer_refusal(refusal: RefusedError) -> object:
    """A refusal as a response."""
    headers = {}
    if isinstance(refusal, RateError):
        headers["Retry-After"] = str(math.ceil(refusal.wait_s))
    status = STATUS.get(refusal.rule, 403)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return answer(status, refusal.rule, str(refusal), headers)


def install(app: FastAPI) -> None:
    """Let the application answer every error in this shape."""
    app.add_exception_handler(StargateError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(StarletteHTTPException, _other)
    app.add_exception_handler(Exception, _crashed)


def _refused(_request: Request, error: Exception) -> object:
    if isinstance(error, RefusedError):
        return answer_refusal(error)
    return answer(503, "unavailable", str(error))


def _malformed(request: Request, error: Exception) -> object:
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return _noted(request, 400, "malformed", told)


def _other(request: Request, error: Exception) -> object:
    assert isinstance(error, StarletteHTTPException)
    code = {400: "malformed", 413: "too_large"}.get(error.status_code, "no_such_address")
    return _noted(request, error.status_code, code, str(error.detail))


def _crashed(_request: Request, _error: Exception) -> object:
    return answer(500, "our_fault", "the service failed; its log says how")


def _noted(request: Request, status: int, code: str, message: str) -> object:
    """The answer, and a line in the audit where something was sent that could not be taken."""
    holder = getattr(request.state, "holder", None)
    if isinstance(holder, Holder) and request.method == "POST":
        asked, refusal = f"POST {request.url.path}", RefusedError(code, message)
        note_refusal(request.app.state.service.home.audit, holder.tenant, asked, "", refusal)
    return answer(status, code, message)
