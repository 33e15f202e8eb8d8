"""The console's files, under a policy that lets them load and ask for nothing from elsewhere."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from stargate.voice.http.service import Here

router = APIRouter(include_in_schema=False)
START = "index.html"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "media-src": "blob:",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in POLICY.items()),
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@router.get("/")
@router.get("/console")
def start() -> Response:
    """To the console."""
    return RedirectResponse("/console/")


@router.get("/console/")
@router.get("/console/{name}")
def page(here: Here, name: str = START) -> Response:
    """One of its files."""
    found = here.console.get(name)
    if found is None:
        return Response(f"no page {name}", 404, media_type="text/plain", headers=HEADERS)
    return Response(found.data, media_type=found.media_type, headers=HEADERS)
