"""The gate over HTTP, in the shape of OpenAI's audio API, so that its clients work unchanged.

`doorkeeper` lets in (key, rate, size) before anything is read; `speech`, `voices`, `enrolments`,
`consents`, `detections` and `records` are the endpoints, one subject each; `faults` is the one
shape of every error; `console` serves the pages; `app` puts them together.
"""

from stargate.voice.http.app import make_app
from stargate.voice.http.service import Page, Service

__all__ = ["Page", "Service", "make_app"]
