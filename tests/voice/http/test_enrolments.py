"""Enrolment in the background: followed, cancelled, resumed, and never lost."""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from stargate.voice.enrolments import MOST_OPEN, work_off_next
from stargate.voice.tone import ToneEngine

openai = pytest.importorskip("openai", reason="needs the package openai, the client under test")

if TYPE_CHECKING:
    from conftest import Running

    from stargate.voice.engine import Sample

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Submit = Callable[..., dict[str, Any]]
UPLOAD = {"headers": {"Content-Type": "multipart/form-data"}}


@pytest.fixture
def submit(
    consented: Callable[[Any], str],
    speaker: Callable[..., Sample],
    wav: Callable[[Sample], io.BytesIO],
) -> Submit:
    def ask(client: Any, name: str = "ada", pitch_hz: float = 110.0) -> dict[str, Any]:
        fields = {"name": name, "consent": consented(client)}
        return again(client, fields, pitch_hz)

    def again(client: Any, fields: dict[str, str], pitch_hz: float = 110.0) -> dict[str, Any]:
        files = {"audio_sample": ("a.wav", wav(speaker(pitch_hz)).read())}
        return client.post(
            "/audio/enrolments", body=fields, files=files, options=UPLOAD, cast_to=object
        )

    ask.again = again
    return ask


def now(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    return client.get(f"/audio/enrolments/{job['id']}", cast_to=object)


def test_an_enrolment_waits_is_worked_off_and_makes_the_voice(
    server: Running, submit: Submit
) -> None:
    client = server.client()
    job = submit(client)
    assert (job["state"], job["voice"]) == ("waiting", None)
    assert work_off_next(server.rooms, "w1") is not None
    done = now(client, job)
    assert (done["state"], done["share"]) == ("done", 1.0)
    assert done["peak_bytes"] > 1e7
    assert done["voice"] == server.rooms.voices.voice("ada", "acme").id
    assert server.rooms.enrolments.find(job["id"], "acme").sealed_sample is None
    assert work_off_next(server.rooms, "w1") is None


def test_its_events_are_told_until_it_ends(server: Running, submit: Submit) -> None:
    client = server.client()
    job = submit(client)
    worker = threading.Timer(0.4, work_off_next, (server.rooms, "w1"))
    worker.start()
    address = f"{server.url}/v1/audio/enrolments/{job['id']}/events"
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {client.api_key}"})
    with urllib.request.urlopen(asked, timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response if line.startswith(b"data: ")]
    worker.join()
    states = [json.loads(line[6:])["state"] for line in lines]
    assert (states[0], states[-1]) == ("waiting", "done")


def test_a_refusal_is_told_with_its_rule(server: Running, submit: Submit) -> None:
    client = server.client()
    job = submit(client, pitch_hz=220.0)  # an octave above the voice that agreed
    work_off_next(server.rooms, "w1")
    told = now(client, job)
    assert (told["state"], told["rule"]) == ("refused", "another_speaker")
    assert "at least" in told["message"]
    assert ("voice_enrolled", "another_speaker") in server.house.refusals()


def test_a_cancelled_one_stops_where_it_is(
    server: Running, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    job = submit(client)
    learn = ToneEngine.enroll

    def cancelled_meanwhile(self: ToneEngine, *arguments: Any) -> Any:
        client.post(f"/audio/enrolments/{job['id']}/cancel", cast_to=object)
        return learn(self, *arguments)

    monkeypatch.setattr(ToneEngine, "enroll", cancelled_meanwhile)
    work_off_next(server.rooms, "w1")
    assert now(client, job)["state"] == "cancelled"
    assert server.rooms.voices.voice("ada", "acme") is None
    assert ("voice_enrolled", "cancelled") in server.house.refusals()
    with pytest.raises(openai.ConflictError, match="cancelled already"):
        client.post(f"/audio/enrolments/{job['id']}/cancel", cast_to=object)


def test_what_an_engine_breaks_on_can_be_resumed(
    server: Running, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    job = submit(client)

    def broken(*_arguments: Any) -> Iterator[None]:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(ToneEngine, "enroll", broken)
        with pytest.raises(MemoryError):
            work_off_next(server.rooms, "w1")
    assert now(client, job)["state"] == "failed"
    assert "no room" in now(client, job)["message"]
    client.post(f"/audio/enrolments/{job['id']}/resume", cast_to=object)
    work_off_next(server.rooms, "w2")
    assert now(client, job)["state"] == "done"


def test_a_worker_that_died_after_the_voice_was_made_loses_nothing(
    server: Running, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, queue = server.client(), server.rooms.enrolments
    server.house.clock[0] = time.time()  # the queue's clock
    job = submit(client)
    server.house.clock[0] += 1
    with monkeypatch.context() as patch:
        patch.setattr(queue, "done", lambda *_: True)  # it dies before it says so
        work_off_next(server.rooms, "w1")
    assert now(client, job)["state"] == "running"
    queue.give_back_lost(job["created_at"] + 1e6)
    work_off_next(server.rooms, "w2")
    told = now(client, job)
    assert (told["state"], told["voice"]) == ("done", server.rooms.voices.voices("acme")[0].id)


def test_a_revoked_consent_ends_what_rests_on_it(server: Running, submit: Submit) -> None:
    client = server.client()
    job = submit(client)
    client.audio.voice_consents.delete(job["consent"])
    assert now(client, job)["state"] == "cancelled"
    assert work_off_next(server.rooms, "w1") is None


def test_a_tenant_has_a_few_at_once_and_sees_no_others(server: Running, submit: Submit) -> None:
    client = server.client()
    job = submit(client)
    fields = {"name": "bob", "consent": job["consent"]}
    for _ in range(MOST_OPEN - 1):
        submit.again(client, fields)
    with pytest.raises(openai.RateLimitError, match="wait or run already"):
        submit.again(client, fields)
    other = server.client(tenant="zeta")
    assert other.get("/audio/enrolments", cast_to=object)["data"] == []
    with pytest.raises(openai.NotFoundError, match="no enrolment"):
        now(other, job)
