"""What is particular to one brought engine, and what is said when something is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from stargate.cli import main
from stargate.voice.brought import brought_engines
from stargate.voice.brought.f5 import LONGEST_S, F5Tts
from stargate.voice.brought.pocket import local_configuration
from stargate.voice.brought.server import Server
from stargate.voice.engine import Sample, Utterance
from stargate.voice.gate import Gate
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import MissingError, RefusedError
from stargate.voice.weights import BROUGHT, SERVER_URL, SERVER_VOICE, find, lacks

if TYPE_CHECKING:
    from conftest import House

    Speaker = Callable[..., Sample]


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in BROUGHT:
        monkeypatch.delenv(engine.variable, raising=False)


@pytest.mark.usefixtures("nothing")
def test_what_is_missing_is_named_with_what_to_set(tmp_path: Path) -> None:
    for engine in BROUGHT:
        assert engine.variable in " ".join(lacks(engine))
    listed = CliRunner().invoke(main, ["voice", "--assets", str(tmp_path), "setup", "--json"])
    engines = {row["name"]: row["missing"] for row in json.loads(listed.stdout)["engines"]}
    assert set(engines) == {engine.name for engine in BROUGHT}
    assert "STARGATE_VOICE_XTTS to a folder that holds config.json" in " ".join(engines["xtts"])


@pytest.mark.usefixtures("nothing")
def test_an_engine_that_lacks_something_is_not_used(house: House, speaker: Speaker) -> None:
    gate = Gate(
        replace(house.parts, engines=lambda o: brought_engines(o.redeem, lambda _sample: ""))
    )
    with pytest.raises(MissingError, match="STARGATE_VOICE_CHATTERBOX"):
        gate.enroll("acme", "ada", house.consent(), speaker(110.0), "chatterbox")
    with pytest.raises(RefusedError, match="there are chatterbox, f5-tts, pocket-tts"):
        gate.enroll("acme", "ada", house.consent(seed=3), speaker(110.0), "kokoro")


def test_files_that_are_not_in_the_folder_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").touch()
    monkeypatch.setenv("STARGATE_VOICE_XTTS", str(tmp_path))
    assert f"model.pth, vocab.json in {tmp_path}" in " ".join(lacks(find("xtts")))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("weights_path: /w/model.safetensors  # hf://named in a remark", False),
        ("weights_path: hf://kyutai/pocket-tts/model.safetensors", True),
        ("flow_lm: {lookup_table: {tokenizer_path: 'https://example.org/t.json'}}", True),
        ("mimi: [{weights_path: 'http://example.org/m'}]", True),
    ],
)
def test_a_configuration_that_would_download_is_refused(
    tmp_path: Path, text: str, refused: bool
) -> None:
    file = tmp_path / "english.yaml"
    file.write_text(text)
    if refused:
        with pytest.raises(MissingError, match="nothing is downloaded"):
            local_configuration(tmp_path)
    else:
        assert local_configuration(tmp_path) == file


def test_f5_keeps_at_most_twelve_seconds_cut_in_a_pause_and_hears_those_alone(
    speaker: Speaker,
) -> None:
    heard: list[Sample] = []
    engine = F5Tts(lambda sample: heard.append(sample) or "their words")  # type: ignore[func-returns-value]
    long = Sample(speaker(110, 20.0).signal, 24_000, "words of all twenty seconds")
    kept = engine.learn(long)
    cut = kept.arrays["sample"]
    assert LONGEST_S - 4 <= len(cut) / 24_000 <= LONGEST_S
    assert float(np.abs(cut[-100:]).max()) < 0.01
    assert kept.state == b"their words. "
    short = replace(speaker(110, 6.0), transcript="Known words.")
    assert engine.learn(short).state == b"Known words. "
    assert len(heard) == 1


def test_a_key_is_not_sent_over_a_plain_line_to_another_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in ("http://example.org/v1", "http://127.0.0.1.example.org/v1", "ftp://x/v1"):
        monkeypatch.setenv(SERVER_URL, address)
        assert "plain http" in " ".join(lacks(find("server")))
    for address in ("https://example.org/v1", "http://127.0.0.1:8880/v1", "http://localhost/v1"):
        monkeypatch.setenv(SERVER_URL, address)
        assert lacks(find("server")) == []


def test_the_server_is_told_the_text_the_voice_and_the_key(
    server: ThreadingHTTPServer, speaker: Speaker
) -> None:
    engine = Server()
    profile = engine.learn(speaker(110.0))
    assert json.loads(profile.state) == {"id": "voice_there"}
    list(engine.say("Hello.", Utterance("Hello.", speed=1.5), profile))
    path, headers, body = server.asked[-1]  # type: ignore[attr-defined]
    asked = json.loads(body)
    assert (path, headers["Authorization"]) == ("/v1/audio/speech", "Bearer secret-key")
    assert (asked["input"], asked["voice"], asked["speed"]) == (
        "Hello.",
        {"id": "voice_there"},
        1.5,
    )


def test_with_a_voice_of_the_server_no_sample_is_sent_and_nothing_is_deleted(
    server: ThreadingHTTPServer, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVER_VOICE, "alloy")
    engine = Server()
    profile = engine.learn(speaker(110.0))
    engine.forget(profile)
    assert server.asked == []  # type: ignore[attr-defined]
    assert engine.capabilities.cloning == "none"
    assert json.loads(profile.state) == "alloy"


def test_a_wrong_key_and_a_redirect_are_told_without_the_key(
    server: ThreadingHTTPServer, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARGATE_VOICE_SERVER_KEY", "wrong-key")
    with pytest.raises(MissingError, match=r"answered 401: .*no such key") as told:
        Server().learn(speaker(110.0))
    assert "wrong-key" not in str(told.value)
    monkeypatch.setenv("STARGATE_VOICE_SERVER_KEY", "secret-key")
    monkeypatch.setenv(SERVER_URL, f"http://127.0.0.1:{server.server_port}/moved")
    with pytest.raises(MissingError, match="answered 302"):
        Server().learn(speaker(110.0))


def test_a_server_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, speaker: Speaker
) -> None:
    monkeypatch.setenv(SERVER_URL, "http://127.0.0.1:9/v1")
    with pytest.raises(MissingError, match=r"127\.0\.0\.1:9/v1/audio/voices was not answered"):
        Server().learn(speaker(110.0))


def test_a_copy_that_a_server_would_not_delete_is_told_and_written_down(
    server: ThreadingHTTPServer, house: House, speaker: Speaker
) -> None:
    gate = Gate(
        replace(house.parts, engines=lambda o: brought_engines(o.redeem, lambda _sample: ""))
    )
    consent = house.consent()
    gate.enroll("acme", "ada", consent, speaker(110.0), "server")
    server.deletes = 500  # type: ignore[attr-defined]
    with pytest.raises(MissingError, match="deleted here, but perhaps not elsewhere"):
        gate.revoke("acme", consent)
    assert house.parts.voices.voices("acme") == []
    last = house.parts.audit.entries()[-1]
    assert last.event == "consent_revoked"
    assert "answered 500" in last.detail


def test_a_copy_that_the_server_has_lost_already_counts_as_deleted(
    server: ThreadingHTTPServer,
) -> None:
    server.deletes = 404  # type: ignore[attr-defined]
    Server().forget(VoiceProfile("server", "zero_shot", state=b'{"id": "voice_gone"}'))
    assert server.asked[-1][0] == "/v1/audio/voices/voice_gone"  # type: ignore[attr-defined]
