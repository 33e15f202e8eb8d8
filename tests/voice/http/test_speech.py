"""Speaking over HTTP, spoken to by the real OpenAI client over a loopback socket."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

openai = pytest.importorskip("openai", reason="needs the package openai, the client under test")

from stargate.voice.audio_files import FORMATS, decode  # noqa: E402

if TYPE_CHECKING:
    from conftest import Running

    Enrolled = Callable[[Any], str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TEXT = "One sentence is here. Then another one follows it. "
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="the program ffmpeg is not installed"
)


def test_the_real_client_consents_enrols_speaks_and_revokes(
    server: Running, enrolled: Enrolled
) -> None:
    client = server.client()
    voice = enrolled(client)
    made = client.audio.speech.create(
        model="any", voice={"id": voice}, input="Hello there, world.", response_format="wav"
    )
    signal, rate_hz = decode(made.content)
    assert server.house.parts.marker.score(signal, rate_hz) > 0.9
    (consent,) = client.audio.voice_consents.list().data
    client.audio.voice_consents.delete(consent.id)
    with pytest.raises(openai.NotFoundError, match="no voice"):
        client.audio.speech.create(model="any", voice="ada", input="Hello.")


@needs_ffmpeg
@pytest.mark.parametrize("audio_format", FORMATS)
def test_every_format_is_streamed_with_the_mark_and_its_manifest_is_kept(
    server: Running, enrolled: Enrolled, audio_format: str
) -> None:
    client = server.client()
    voice = enrolled(client)
    with client.audio.speech.with_streaming_response.create(
        model="any", voice="ada", input=TEXT * 2, response_format=audio_format
    ) as response:
        assert response.headers["content-type"] == FORMATS[audio_format]
        clip_id = response.headers["x-clip-id"]
        data = b"".join(response.iter_bytes())
    if audio_format == "pcm":
        signal, rate_hz = np.frombuffer(data, "<i2").astype(np.float32) / 32768, 24_000
    else:
        signal, rate_hz = decode(data)
    clip = client.get(f"/audio/clips/{clip_id}", cast_to=object)
    assert clip["voice"] == voice
    assert len(signal) / rate_hz == pytest.approx(clip["duration_s"], abs=0.1)
    assert server.house.parts.marker.score(signal, rate_hz) > 0.6
    assert set(clip["manifest"]) == {"claim", "public_key", "signature"}


def test_speed_shortens_what_is_said(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)

    def n_bytes(speed: float) -> int:
        made = client.audio.speech.create(
            model="any", voice="ada", input=TEXT * 3, response_format="pcm", speed=speed
        )
        return len(made.content)

    assert n_bytes(2.0) == pytest.approx(n_bytes(1.0) / 2, rel=0.05)


def test_events_carry_the_sound(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)
    ask = {"model": "any", "voice": "ada", "input": TEXT, "response_format": "pcm"}
    plain = client.audio.speech.create(**ask).content
    told = client.audio.speech.create(**ask, stream_format="sse").text
    events = [json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: ")]
    *deltas, last = events
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert last["type"] == "speech.audio.done"
    sound = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    assert len(sound) == len(plain)  # each clip carries its own mark
    kept = server.house.parts.voices.clip(last["clip"], "acme")
    assert kept is not None
    assert kept.sha256 == hashlib.sha256(sound).hexdigest()  # to the bit what was signed


def test_a_format_that_cannot_be_written_here_is_refused_before_anything_is_said(
    server: Running, enrolled: Enrolled, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    enrolled(client)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(openai.APIStatusError, match="ffmpeg"):
        client.audio.speech.create(model="any", voice="ada", input=TEXT, response_format="mp3")
    assert server.house.parts.voices.clips() == []
    assert server.house.parts.voices.characters_since("acme", 0.0) == 0


@needs_ffmpeg
@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
def test_a_listener_who_hangs_up_is_logged_with_what_left(
    server: Running, enrolled: Enrolled, audio_format: str
) -> None:
    client = server.client()
    enrolled(client)
    with client.audio.speech.with_streaming_response.create(
        model="any", voice="ada", input=TEXT * 80, response_format=audio_format
    ) as response:
        clip_id = response.headers["x-clip-id"]
        next(response.iter_bytes(1000))
    whole_s = (
        len(
            client.audio.speech.create(
                model="any", voice="ada", input=TEXT, response_format="pcm"
            ).content
        )
        / 48_000
        * 80
    )
    for _ in range(200):
        if clip := server.house.parts.voices.clip(clip_id, "acme"):
            break
        time.sleep(0.05)
    assert clip is not None
    assert 0 < clip.duration_s < whole_s


def test_no_clip_is_told_to_another_tenant(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)
    made = client.audio.speech.with_raw_response.create(model="any", voice="ada", input="Hi.")
    assert made.content
    with pytest.raises(openai.NotFoundError, match="no clip"):
        server.client(tenant="zeta").get(
            f"/audio/clips/{made.headers['x-clip-id']}", cast_to=object
        )
