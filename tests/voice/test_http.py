"""The HTTP API, spoken to by the real OpenAI client over a loopback socket."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra [voice]: fastapi")
uvicorn = pytest.importorskip("uvicorn", reason="needs the extra [voice]: uvicorn")
openai = pytest.importorskip("openai", reason="needs the package openai, the client under test")

from stargate.voice.audio_files import decode, encode  # noqa: E402
from stargate.voice.detection import detect  # noqa: E402
from stargate.voice.engine import Sample  # noqa: E402
from stargate.voice.http import Service, make_app  # noqa: E402
from stargate.voice.keys import KeyRing, RateLimit  # noqa: E402
from stargate.voice.speech import Speech  # noqa: E402

if TYPE_CHECKING:
    from conftest import House

    Speaker = Callable[..., Sample]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass
class Running:
    """A server on a loopback port, and clients for its keys."""

    url: str
    ring: KeyRing
    house: House
    opened: list[openai.OpenAI] = field(default_factory=list)

    def client(self, role: str = "owner", tenant: str = "acme") -> openai.OpenAI:
        return self.client_with(self.ring.issue(tenant, role))

    def client_with(self, key: str) -> openai.OpenAI:
        client = openai.OpenAI(base_url=self.url, api_key=key, max_retries=0)
        self.opened.append(client)
        return client


@pytest.fixture
def server(house: House, tmp_path: Path) -> Iterator[Running]:
    def look(data: bytes, _manifest: str | None) -> object:
        return detect(Sample(*decode(data)), house.parts.marker, house.parts.voices.clips())

    def file(speech: Speech, audio_format: str) -> bytes:
        return encode(speech.signal, speech.rate_hz, audio_format)

    home = SimpleNamespace(gate=house.gate, voices=house.parts.voices, detect=look, file=file)
    ring = KeyRing(tmp_path / "keys.json")
    limit = RateLimit(60, time.monotonic)
    app = make_app(Service(home, ring, limit, "tone"))  # type: ignore[arg-type]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        served = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=served.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not served.started:
            time.sleep(0.01)
        running = Running(f"http://127.0.0.1:{port}/v1", ring, house)
        yield running
        for client in running.opened:
            client.close()
        served.should_exit = True
        thread.join(timeout=10)


def wav(sample: Sample) -> io.BytesIO:
    file = io.BytesIO(encode(sample.signal, sample.rate_hz, "wav"))
    file.name = "sample.wav"
    return file


def enrolled(server: Running, speaker: Speaker, client: openai.OpenAI) -> str:
    body = {"speaker": "Ada Lovelace", "purpose": "reading"}
    asked = client.post("/audio/voice_consents/phrases", body=body, cast_to=object)
    server.house.recogniser.text = asked["phrase"]  # type: ignore[index]
    consent = client.audio.voice_consents.create(
        name="Ada",
        language="en-US",
        recording=wav(speaker(110, seed=1)),
        extra_body={"phrase": asked["id"]},  # type: ignore[index]
    )
    voice = client.audio.voices.create(
        name="ada", consent=consent.id, audio_sample=wav(speaker(110)), type="audio_sample"
    )
    assert (voice.object, voice.name) == ("audio.voice", "ada")
    return voice.id


def test_the_real_client_consents_enrols_speaks_and_revokes(
    server: Running, speaker: Speaker
) -> None:
    client = server.client()
    voice = enrolled(server, speaker, client)
    made = client.audio.speech.create(
        model="any", voice={"id": voice}, input="Hello there, world.", response_format="wav"
    )
    signal, rate_hz = decode(made.content)
    assert server.house.parts.marker.score(signal, rate_hz) > 0.9
    listed = client.audio.voice_consents.list()
    (consent,) = listed.data
    client.audio.voice_consents.delete(consent.id)
    with pytest.raises(openai.NotFoundError, match="no voice"):
        client.audio.speech.create(model="any", voice="ada", input="Hello.")


def test_samples_are_streamed_with_the_mark(server: Running, speaker: Speaker) -> None:
    client = server.client()
    enrolled(server, speaker, client)
    with client.audio.speech.with_streaming_response.create(
        model="any", voice="ada", input="One sentence here. " * 5, response_format="pcm"
    ) as response:
        data = b"".join(response.iter_bytes())
    signal = np.frombuffer(data, "<i2") / 32768
    assert len(signal) / 24_000 > 3
    first_second = signal[:24_000].astype(np.float32)
    assert server.house.parts.marker.score(first_second, 24_000) > 0.9


def test_keys_roles_and_tenants_are_kept_apart(server: Running, speaker: Speaker) -> None:
    enrolled(server, speaker, server.client())
    stranger = server.client_with("sk-made-up")
    with pytest.raises(openai.AuthenticationError, match="valid key"):
        stranger.audio.speech.create(model="any", voice="ada", input="Hello.")
    with pytest.raises(openai.PermissionDeniedError, match="nothing else"):
        server.client("speaker").audio.voice_consents.list()
    with pytest.raises(openai.NotFoundError):
        server.client(tenant="zeta").audio.speech.create(model="any", voice="ada", input="Hi.")
    server.client("speaker").audio.speech.create(model="any", voice="ada", input="Hi.")


def test_what_is_malformed_is_a_400_with_a_reason(server: Running, speaker: Speaker) -> None:
    client = server.client()
    enrolled(server, speaker, client)
    with pytest.raises(openai.BadRequestError, match="input"):
        client.audio.speech.create(model="any", voice="ada", input="x" * 5000)
    with pytest.raises(openai.BadRequestError, match="no format that can be read"):
        client.audio.voices.create(
            name="b", consent="cons_1", audio_sample=io.BytesIO(b"junk"), type="audio_sample"
        )


def test_a_recording_can_be_dropped_for_detection(server: Running, speaker: Speaker) -> None:
    client = server.client()
    enrolled(server, speaker, client)
    made = client.audio.speech.create(
        model="any",
        voice="ada",
        input="Four hours of steady work faced us, again and again.",
        response_format="wav",
    )

    def found(by: openai.OpenAI) -> dict:
        files = {"recording": ("clip.wav", made.content)}
        options = {"headers": {"Content-Type": "multipart/form-data"}}
        return by.post("/audio/detections", files=files, options=options, cast_to=object, body={})

    assert found(client)["synthetic"]
    assert found(client)["trace"]["tenant"] == "acme"
    assert found(server.client(tenant="zeta"))["trace"] is None


def test_too_many_requests_are_told_when_to_come_back() -> None:
    clock = [0.0]
    limit = RateLimit(2, lambda: clock[0])
    assert [limit.wait_s("a"), limit.wait_s("a")] == [0.0, 0.0]
    assert limit.wait_s("a") == pytest.approx(30)
    assert limit.wait_s("b") == 0.0
    clock[0] = 30.0
    assert limit.wait_s("a") == 0.0
