"""Any server with OpenAI's audio API: `POST /audio/speech`, and `POST /audio/voices` for a copy.

The text is sent to it, and, unless $STARGATE_VOICE_SERVER_VOICE names a voice that it has, the
sample as well. Deleting a voice here deletes it there. Redirects are not followed: they could
carry the key elsewhere.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from http.client import HTTPMessage, HTTPResponse
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import numpy as np
from typing_extensions import override

from stargate.voice.audio_files import FULL_SCALE, LONGEST_S, encode
from stargate.voice.brought.engine import RATE_HZ
from stargate.voice.engine import Capabilities, Sample, Utterance
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import MissingError
from stargate.voice.signal.spectrum import Signal
from stargate.voice.weights import (
    SERVER_CONSENT,
    SERVER_KEY,
    SERVER_MODEL,
    SERVER_VOICE,
    find,
    require,
)

NAME = "server"
TIMEOUT_S = 60
PIECE_BYTES = RATE_HZ  # half a second of 16-bit samples
LARGEST_BYTES = int(LONGEST_S * RATE_HZ) * 2
LARGEST_ANSWER_BYTES = 2**16


class Server:
    """Keeps the id of the voice on the server."""

    @property
    def capabilities(self) -> Capabilities:
        """As far as they are known from here: the server may speak any language."""
        cloning = "none" if os.environ.get(SERVER_VOICE) else "zero_shot"
        return Capabilities(NAME, cloning, ("*",), RATE_HZ, True, find(NAME).licence, False)

    def learn(self, sample: Sample) -> VoiceProfile:
        """The voice that was named, or one that the server makes of the sample."""
        if named := os.environ.get(SERVER_VOICE):
            require(NAME)
            return VoiceProfile(NAME, "stock", state=json.dumps(named).encode())
        fields = {"name": f"stargate-{secrets.token_hex(4)}"}
        if consent := os.environ.get(SERVER_CONSENT):
            fields["consent"] = consent
        content, body = _form(fields, encode(sample.signal, sample.rate_hz, "wav"))
        with _ask("POST", "/audio/voices", body, content) as answer:
            made = json.loads(answer.read(LARGEST_ANSWER_BYTES))
        return VoiceProfile(NAME, "zero_shot", state=json.dumps({"id": made["id"]}).encode())

    def say(self, clause: str, utterance: Utterance, profile: VoiceProfile) -> Iterator[Signal]:
        """As it comes: 16-bit samples at 24 kHz, which is what the API calls pcm."""
        wanted = {
            "model": os.environ.get(SERVER_MODEL, "tts-1"),
            "input": clause,
            "voice": json.loads(profile.state),
            "response_format": "pcm",
            "speed": utterance.speed,
        }
        body = json.dumps(wanted).encode()
        with _ask("POST", "/audio/speech", body, "application/json") as answer:
            yield from _pieces(answer)

    def forget(self, profile: VoiceProfile) -> None:
        """Delete the voice on the server, if it was made there; one already gone is fine."""
        if profile.level != "stock":
            voice = json.loads(profile.state)["id"]
            with _ask("DELETE", f"/audio/voices/{voice}", gone_is_fine=True):
                pass


def _pieces(answer: HTTPResponse) -> Iterator[Signal]:
    """The samples in an answer, half a second at a time, up to ten minutes."""
    odd, total = b"", 0
    while data := answer.read(PIECE_BYTES):
        total += len(data)
        if total > LARGEST_BYTES:
            raise MissingError(f"the server sent more than {LONGEST_S:.0f} s of sound")
        data = odd + data
        whole = len(data) // 2 * 2
        odd = data[whole:]
        yield (np.frombuffer(data[:whole], "<i2") / FULL_SCALE).astype(np.float32)


class _NoRedirect(HTTPRedirectHandler):
    @override
    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def _ask(
    method: str, path: str, body: bytes = b"", content: str = "", *, gone_is_fine: bool = False
) -> HTTPResponse:
    """The server's answer; any other than success is told in its own words, never with the key."""
    address = require(NAME).rstrip("/") + path
    headers = {"Content-Type": content} if content else {}
    if key := os.environ.get(SERVER_KEY):
        headers["Authorization"] = f"Bearer {key}"
    request = Request(address, body or None, headers, method=method)
    try:
        return build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S)
    except HTTPError as error:
        if gone_is_fine and error.code == 404:
            return error  # pyrefly: ignore
        said = error.read(LARGEST_ANSWER_BYTES).decode("utf-8", "replace")
        raise MissingError(f"{method} {address} answered {error.code}: {said[:300]}") from None
    except (URLError, TimeoutError, OSError) as error:
        raise MissingError(f"{method} {address} was not answered: {error}") from None


def _form(fields: Mapping[str, str], recording: bytes) -> tuple[str, bytes]:
    """(content type, body) of a form with the recording in it."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="audio_sample"; '
        'filename="sample.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    )
    body = b"".join([*parts, head.encode(), recording, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body
