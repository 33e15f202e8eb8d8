"""Who may come in, and with how much: decided from a request's head, before its body is read.

Keys are sent in the header `Authorization`, never as a cookie, so that no other page can act in
a reader's name (no cross-site request forgery). What is sent beyond the limit is not read.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi.concurrency import run_in_threadpool

from stargate.voice.http.faults import RateError, TooLargeError, answer_refusal
from stargate.voice.http.service import LARGEST_BODY_BYTES, Service
from stargate.voice.keys import Holder, Standing
from stargate.voice.refusals import RefusedError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = {"/v1/openapi.json"}
GUARDED = "/v1/"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


class Doorkeeper:
    """Stands before the application."""

    def __init__(self, app: App, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it at the door."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or not path.startswith(GUARDED) or path in OPEN:
            await self._app(scope, receive, send)
            return
        told = list(HEADERS)
        try:
            holder = await run_in_threadpool(self._admitted, scope, told)
        except RefusedError as refusal:
            response: Any = answer_refusal(refusal)
            await response(scope, receive, _with_headers(send, told))
            return
        scope.setdefault("state", {})["holder"] = holder
        await self._app(scope, _limited(receive), _with_headers(send, told))

    def _admitted(self, scope: Scope, told: list[tuple[bytes, bytes]]) -> Holder:
        headers = {name.lower(): value for name, value in scope["headers"]}
        given = headers.get(b"authorization", b"").decode("latin-1")
        found = self._service.ring.holder(given.removeprefix("Bearer ").strip())
        if found is None:
            raise RefusedError("no_key", "a valid key is needed: Authorization: Bearer sk-...")
        standing = self._service.limit.take(found.tenant)
        told.extend(_rate_headers(standing))
        if standing.wait_s:
            raise RateError(standing.wait_s)
        with self._service.audited(found, f"{scope['method']} {scope['path']}"):
            _check_length(headers.get(b"content-length", b"0"))
        return found


def _rate_headers(standing: Standing) -> list[tuple[bytes, bytes]]:
    """How the tenant stands, under the names that OpenAI's clients know."""
    told = {
        "limit": f"{standing.n_per_minute:g}",
        "remaining": f"{math.floor(standing.n_left)}",
        "reset": f"{math.ceil(standing.full_in_s)}s",
    }
    return [(f"x-ratelimit-{name}-requests".encode(), text.encode()) for name, text in told.items()]


def _check_length(stated: bytes) -> None:
    length = int(stated) if stated.isdigit() else 0
    if length > LARGEST_BODY_BYTES:
        most = LARGEST_BODY_BYTES >> 20
        message = f"the request has {length / 2**20:.1f} MiB; at most {most} MiB are taken"
        raise RefusedError("too_large", message)


def _limited(receive: Receive) -> Receive:
    """The body, as long as it keeps to the limit, whatever length was stated."""
    n_read = 0

    async def read() -> MutableMapping[str, Any]:
        nonlocal n_read
        message = await receive()
        n_read += len(message.get("body", b""))
        if n_read > LARGEST_BODY_BYTES:
            raise TooLargeError(LARGEST_BODY_BYTES)
        return message

    return read


def _with_headers(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *headers]}
        await send(message)

    return sent
