"""A server on a loopback port over a gate without weights, and clients for its keys."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from stargate.store.enrolments import EnrolmentQueue
from stargate.voice.audio_files import decode, encode
from stargate.voice.detection import detect
from stargate.voice.engine import Sample
from stargate.voice.keys import KeyRing, RateLimit
from stargate.voice.manifest import judge_manifest
from stargate.voice.policy import Policy
from stargate.voice.recogniser import plain_words
from stargate.voice.signal.spectrum import Signal
from stargate.voice.speech import Speech

if TYPE_CHECKING:
    from conftest import House


@dataclass
class Running:
    """A server, and what it stands on."""

    url: str
    ring: KeyRing
    house: House
    rooms: SimpleNamespace
    opened: list[Any] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None

    def key(self, role: str = "owner", tenant: str = "acme") -> str:
        return self.ring.issue(tenant, role)

    def client(self, role: str = "owner", tenant: str = "acme") -> Any:
        return self.client_with(self.key(role, tenant))

    def client_with(self, key: str) -> Any:
        """The real OpenAI client."""
        openai = pytest.importorskip("openai", reason="needs openai, the client under test")
        client = openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0)
        self.opened.append(client)
        return client


def rooms_of(house: House, folder: Path) -> SimpleNamespace:
    """A home over the test's gate."""

    def look(data: bytes, manifest: str | None = None) -> object:
        sample = Sample(*decode(data))
        verdict = None
        if manifest is not None:
            verdict = judge_manifest(manifest, sample.signal, house.parts.vault)
        return detect(
            sample, house.parts.marker, house.speech_s, house.parts.voices.clips(), verdict
        )

    def file(speech: Speech, audio_format: str) -> bytes:
        return encode(speech.signal, speech.rate_hz, audio_format)

    return SimpleNamespace(
        gate=house.gate,
        voices=house.parts.voices,
        audit=house.parts.audit,
        vault=house.parts.vault,
        enrolments=EnrolmentQueue(folder / "voices.db"),
        detect=look,
        file=file,
    )


def attend(house: House) -> None:
    """Let recognition hear the phrase that was given out last, whatever is said."""

    def words(signal: Signal, rate_hz: int, *_language: str) -> list[str]:
        assert len(signal) > rate_hz
        return plain_words(house.parts.voices.consents("acme")[0].phrase)

    house.recogniser.words = words


@pytest.fixture
def rooms(house: House, tmp_path: Path) -> Iterator[SimpleNamespace]:
    rooms = rooms_of(house, tmp_path)
    yield rooms
    rooms.enrolments.close()


@pytest.fixture
def start(house: House, rooms: SimpleNamespace, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts servers; each may have another policy, rate or console."""
    pytest.importorskip("fastapi", reason="needs the extra [voice]: fastapi")
    uvicorn = pytest.importorskip("uvicorn", reason="needs the extra [voice]: uvicorn")
    from stargate.voice.http import Service, make_app

    attend(house)
    ends: list[Callable[[], object]] = []

    def begin(n_per_minute: float = 6000, **more: Any) -> Running:
        ring = KeyRing(tmp_path / "keys.json")
        limit = RateLimit(n_per_minute, time.monotonic)
        app = make_app(Service(rooms, ring, limit, "tone", Policy(), **more))
        listener = socket.create_server(("127.0.0.1", 0))
        served = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=served.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not served.started:
            time.sleep(0.01)
        running = Running(f"http://127.0.0.1:{listener.getsockname()[1]}", ring, house, rooms)

        def end() -> None:
            for client in running.opened:
                client.close()
            served.should_exit = True
            thread.join(timeout=10)
            listener.close()

        running.stop = end
        ends.append(end)
        return running

    yield begin
    for end in ends:
        end()


@pytest.fixture
def server(start: Callable[..., Running]) -> Running:
    return start()


@pytest.fixture
def wav() -> Callable[[Sample], io.BytesIO]:
    def file(sample: Sample) -> io.BytesIO:
        made = io.BytesIO(encode(sample.signal, sample.rate_hz, "wav"))
        made.name = "sample.wav"
        return made

    return file


@pytest.fixture
def consented(
    speaker: Callable[..., Sample], wav: Callable[[Sample], io.BytesIO]
) -> Callable[[Any], str]:
    """The id of a consent that a person gave by way of the client."""

    def give(client: Any) -> str:
        body = {"speaker": "Ada Lovelace", "purpose": "reading"}
        asked = client.post("/audio/voice_consents/phrases", body=body, cast_to=object)
        recording = wav(speaker(110, seed=1))
        more = {"phrase": asked["id"]}
        given = client.audio.voice_consents.create(
            name="Ada", language="en-US", recording=recording, extra_body=more
        )
        return given.id

    return give


@pytest.fixture
def enrolled(
    consented: Callable[[Any], str],
    speaker: Callable[..., Sample],
    wav: Callable[[Sample], io.BytesIO],
) -> Callable[[Any], str]:
    """The id of a voice, enrolled by way of the client."""

    def enrol(client: Any) -> str:
        consent = consented(client)
        sample = wav(speaker(110))
        voice = client.audio.voices.create(
            name="ada", consent=consent, audio_sample=sample, type="audio_sample"
        )
        return voice.id

    return enrol
