"""The console of the voices: static files that talk to the HTTP API, in the look of the reports."""

from __future__ import annotations

from importlib.resources import files

MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
SHARED = "page.css"
"""The reports' own style: one set of colours and type for both."""


def pages() -> dict[str, tuple[str, bytes]]:
    """Media type and content of every file, by its name."""
    here = files("stargate.view")
    found = {file.name: file for file in (*here.joinpath("console").iterdir(), here / SHARED)}
    return {name: (_media_type(name), found[name].read_bytes()) for name in sorted(found)}


def _media_type(name: str) -> str:
    return f"{MEDIA_TYPES[name.rpartition('.')[2]]}; charset=utf-8"
