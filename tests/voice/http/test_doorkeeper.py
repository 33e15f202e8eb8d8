"""Who comes in, with how much, and what they are told: OpenAI's shapes, nothing read in vain."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

openai = pytest.importorskip("openai", reason="needs the package openai, the client under test")

from stargate.voice.keys import RateLimit, Standing  # noqa: E402

if TYPE_CHECKING:
    from conftest import Running

    Enrolled = Callable[[Any], str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MIB = 2**20


def sent(
    server: Running, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, JSON body and headers of a bare request."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, named)
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body), told


def multipart(data: bytes, **fields: str) -> tuple[bytes, str]:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n'
    return b"".join([*parts, head, data, b"\r\n--x--\r\n"]), "multipart/form-data; boundary=x"


def test_keys_roles_and_tenants_are_kept_apart(server: Running, enrolled: Enrolled) -> None:
    enrolled(server.client())
    stranger = server.client_with("sk-made-up")
    with pytest.raises(openai.AuthenticationError, match="valid key"):
        stranger.audio.speech.create(model="any", voice="ada", input="Hello.")
    with pytest.raises(openai.PermissionDeniedError, match="nothing else"):
        server.client("speaker").audio.voice_consents.list()
    assert ("GET /v1/audio/voice_consents", "role") in server.house.refusals()
    with pytest.raises(openai.NotFoundError):
        server.client(tenant="zeta").audio.speech.create(model="any", voice="ada", input="Hi.")
    server.client("speaker").audio.speech.create(model="any", voice="ada", input="Hi.")


@pytest.mark.parametrize("path", ["voices", "voice_consents", "enrolments", "audit", "account"])
def test_nothing_is_told_without_a_key(server: Running, path: str) -> None:
    status, body, headers = sent(server, "GET", f"/v1/audio/{path}")
    assert (status, body["error"]["code"]) == (401, "no_key")
    assert headers["www-authenticate"] == "Bearer"


def test_a_key_in_a_cookie_is_no_key(server: Running) -> None:
    status, _, _ = sent(server, "GET", "/v1/audio/voices", Cookie=f"key={server.key()}")
    assert status == 401


def test_what_is_malformed_is_a_400_with_a_reason(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)
    with pytest.raises(openai.BadRequestError, match="input"):
        client.audio.speech.create(model="any", voice="ada", input="x" * 5000)
    with pytest.raises(openai.BadRequestError, match="speed"):
        client.audio.speech.create(model="any", voice="ada", input="x", speed=9)
    with pytest.raises(openai.BadRequestError, match="no format that can be read"):
        client.audio.voices.create(
            name="b", consent="cons_1", audio_sample=io.BytesIO(b"junk"), type="audio_sample"
        )
    assert ("voice_enrolled", "recording_unreadable") in server.house.refusals()


def test_a_body_that_states_its_size_is_refused_before_it_is_read(server: Running) -> None:
    key = server.key()
    status, body, _ = sent(
        server,
        "POST",
        "/v1/audio/detections",
        Authorization=f"Bearer {key}",
        Content_Length=str(11 * MIB),
    )
    assert (status, body["error"]["code"]) == (413, "too_large")
    assert server.house.refusals() == [("POST /v1/audio/detections", "too_large")]


def test_a_body_that_states_no_size_is_cut_off(server: Running) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    data, kind = multipart(bytes(11 * MIB))
    headers = {"Authorization": f"Bearer {server.key()}", "Content-Type": kind}
    chunks = (data[i : i + MIB] for i in range(0, len(data), MIB))
    connection.request("POST", "/v1/audio/detections", chunks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "too_large")
    connection.close()
    assert server.house.refusals() == [("POST /v1/audio/detections", "too_large")]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=4000), header=st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS"]))
def test_whatever_is_dropped_the_answer_is_one_of_ours(
    server: Running, data: bytes, header: bytes
) -> None:
    body, kind = multipart(header + data)
    key = server.key()
    status, told, _ = sent(
        server,
        "POST",
        "/v1/audio/detections",
        body,
        Authorization=f"Bearer {key}",
        Content_Type=kind,
    )
    assert status in (200, 400)
    assert "error" in told or "synthetic" in told


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{", "application/json"), (b"--x\r\n", "multipart/form-data"), (b"--", "text/plain")],
)
def test_a_body_in_no_shape_at_all_is_a_400_that_the_audit_holds(
    server: Running, body: bytes, kind: str
) -> None:
    status, told, _ = sent(
        server,
        "POST",
        "/v1/audio/voices",
        body,
        Authorization=f"Bearer {server.key()}",
        Content_Type=kind,
    )
    assert (status, told["error"]["type"]) == (400, "invalid_request_error")
    assert server.house.refusals() == [("POST /v1/audio/voices", "malformed")]


def test_an_unknown_address_is_told_in_the_same_shape(server: Running) -> None:
    key = server.key()
    status, body, _ = sent(server, "GET", "/v1/audio/nowhere", Authorization=f"Bearer {key}")
    assert (status, body["error"]["code"]) == (404, "no_such_address")


def test_who_asks_too_often_is_told_when_to_come_back(start: Callable[..., Running]) -> None:
    server = start(n_per_minute=2)
    key = server.key()
    answers = [
        sent(server, "GET", "/v1/audio/account", Authorization=f"Bearer {key}") for _ in range(3)
    ]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert 0 < int(answers[-1][2]["retry-after"]) <= 30
    told = [
        (h["x-ratelimit-limit-requests"], h["x-ratelimit-remaining-requests"]) for *_, h in answers
    ]
    assert told == [("2", "1"), ("2", "0"), ("2", "0")]
    reset_s = int(answers[-1][2]["x-ratelimit-reset-requests"].removesuffix("s"))
    assert reset_s == int(answers[-1][2]["retry-after"]) + 30


def test_a_day_has_so_many_characters(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)
    client.audio.speech.create(model="any", voice="ada", input="Hello.")
    told = client.get("/audio/account", cast_to=object)
    assert (told["tenant"], told["role"], told["n_voices"]) == ("acme", "owner", 1)
    assert told["characters_used"] == 0  # the test's clock stands in 1970, the account's does not
    server.rooms.gate._policy = type(server.rooms.gate._policy)(n_characters_per_day=5)
    with pytest.raises(openai.RateLimitError, match="5 allowed"):
        client.audio.speech.create(model="any", voice="ada", input="Hello.")


def test_the_description_names_every_address_and_one_shape_of_faults(server: Running) -> None:
    status, described, _ = sent(server, "GET", "/v1/openapi.json")
    assert status == 200
    assert {"/v1/audio/speech", "/v1/audio/voices", "/v1/audio/voice_consents"} <= set(
        described["paths"]
    )
    for path in described["paths"].values():
        for operation in path.values():
            assert operation["summary"]
            assert operation["security"]
            assert "422" not in operation["responses"]
            assert operation["responses"]["400"]["content"]["application/json"]["schema"] == {
                "$ref": "#/components/schemas/FaultBody"
            }


def test_too_many_requests_are_told_when_to_come_back() -> None:
    clock = [0.0]
    limit = RateLimit(2, lambda: clock[0])
    assert [limit.take("a"), limit.take("a")] == [Standing(2, 1, 0, 30), Standing(2, 0, 0, 60)]
    assert limit.take("a") == Standing(2, 0, 30, 60)
    assert limit.take("b").wait_s == 0.0
    clock[0] = 30.0
    assert limit.take("a").wait_s == 0.0
