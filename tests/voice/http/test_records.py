"""Consents, findings and the audit over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

openai = pytest.importorskip("openai", reason="needs the package openai, the client under test")

if TYPE_CHECKING:
    from conftest import Running

    Enrolled = Callable[[Any], str]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_recording_can_be_dropped_for_detection(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)
    made = client.audio.speech.with_raw_response.create(
        model="any",
        voice="ada",
        input="Four hours of steady work faced us, again and again.",
        response_format="wav",
    )

    def found(by: Any, manifest: str = "") -> dict[str, Any]:
        files = {"recording": ("clip.wav", made.content)}
        options = {"headers": {"Content-Type": "multipart/form-data"}}
        body = {"manifest": manifest} if manifest else {}
        return by.post("/audio/detections", files=files, options=options, cast_to=object, body=body)

    assert found(client)["synthetic"]
    assert found(client)["trace"]["clip_id"] == made.headers["x-clip-id"]
    assert found(client, made.headers["x-manifest"])["manifest"]["state"] == "valid"
    assert found(client, "{}")["manifest"]["state"] == "unreadable"
    assert found(server.client(tenant="zeta"))["trace"] is None


def test_the_audit_is_told_by_page_and_to_its_tenant_alone(
    server: Running, enrolled: Enrolled
) -> None:
    client = server.client()
    enrolled(client)
    first = client.get("/audio/audit", cast_to=object, options={"params": {"limit": 2}})
    assert [entry["event"] for entry in first["data"]] == ["voice_enrolled", "consent_given"]
    assert first["has_more"]
    params = {"before": first["data"][-1]["sequence"]}
    rest = client.get("/audio/audit", cast_to=object, options={"params": params})
    assert [entry["event"] for entry in rest["data"]] == ["consent_asked"]
    assert not rest["has_more"]
    other = server.client(tenant="zeta").get("/audio/audit", cast_to=object)
    assert other["data"] == []


def test_an_edited_audit_is_told(server: Running, enrolled: Enrolled) -> None:
    client = server.client()
    enrolled(client)
    good = client.get("/audio/audit/verification", cast_to=object)
    assert (good["ok"], good["n_entries"]) == (True, 3)
    log = server.house.parts.audit
    log._database._connection.executescript(
        "DROP TRIGGER audit_never_changes; UPDATE audit SET subject = 'x' WHERE sequence = 2"
    )
    bad = client.get("/audio/audit/verification", cast_to=object)
    assert (bad["ok"], bad["faults"]) == (False, ["entry 2 is not what was written"])


def test_a_voice_tells_its_quality_and_can_be_forgotten(
    server: Running, enrolled: Enrolled
) -> None:
    client = server.client()
    voice = enrolled(client)
    told = client.get(f"/audio/voices/{voice}", cast_to=object)
    assert (told["name"], told["level"]) == ("ada", "tone")
    assert told["report"]["sample"]["speech_s"] > 4
    assert client.delete(f"/audio/voices/{voice}", cast_to=object)["deleted"]
    assert client.get("/audio/voices", cast_to=object)["voices"] == []
