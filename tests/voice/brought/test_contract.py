"""The contract that every engine keeps: tone, Kokoro where its weights are, all brought ones."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stargate.voice.assets import BLEND, Assets
from stargate.voice.audio_files import to_pcm16
from stargate.voice.brought import brought_engines
from stargate.voice.engine import Engine, Sample, Utterance
from stargate.voice.gate import Gate
from stargate.voice.permit import PermitOffice
from stargate.voice.policy import check_utterance
from stargate.voice.profile import VoiceProfile
from stargate.voice.refusals import RefusedError
from stargate.voice.signal.spectrum import Signal
from stargate.voice.tone import ToneEngine
from stargate.voice.weights import BROUGHT

if TYPE_CHECKING:
    from conftest import House

    Speaker = Callable[..., Sample]

pytestmark = pytest.mark.usefixtures("libraries", "server")
SHORT = "The birch canoe slid on the smooth planks."
TEXT = f"{SHORT} Glue the sheet to the dark blue background."
NAMES = ("tone", "kokoro-tuned", *(engine.name for engine in BROUGHT))
KOKORO = pytest.mark.skipif(bool(Assets().lacks(BLEND)), reason="Kokoro's weights are not here")


@dataclass(frozen=True)
class Bench:
    """An engine, the office whose permits it takes, and a voice learnt from the sample."""

    engine: Engine
    office: PermitOffice
    sample: Sample
    profile: VoiceProfile

    def say(self, text: str, profile: VoiceProfile | None = None, speed: float = 1.0) -> Signal:
        return np.concatenate(self.pieces(text, profile, speed))

    def pieces(
        self, text: str, profile: VoiceProfile | None = None, speed: float = 1.0
    ) -> list[Signal]:
        permit = self.office.issue("speak")
        voice = profile or self.profile
        return list(self.engine.speak(Utterance(text, "en-US", speed), voice, permit))


def engine_called(name: str, office: PermitOffice) -> Engine:
    if name == "tone":
        return ToneEngine(office.redeem)
    if name == "kokoro-tuned":
        from stargate.voice.kokoro.engine import KokoroEngine

        return KokoroEngine(Assets(), office.redeem)
    return brought_engines(office.redeem, lambda _sample: "said in the sample")[name]


@pytest.fixture(params=[pytest.param(n, marks=KOKORO if "kokoro" in n else ()) for n in NAMES])
def bench(
    request: pytest.FixtureRequest, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    name = request.param
    if name != "server":
        monkeypatch.setattr(socket.socket, "connect", _no_network)
    office = PermitOffice()
    engine, sample = engine_called(name, office), speaker(110.0)
    if name == "kokoro-tuned":  # a recorded voice: tuning one takes minutes
        return Bench(engine, office, sample, engine.stock("am_michael"))  # type: ignore[attr-defined]
    profile = engine.enroll(sample, office.issue("enroll"), lambda _what, _share: None)
    return Bench(engine, office, sample, profile)


def _no_network(*_args: object) -> None:
    raise AssertionError("no engine but the server's reaches for the network")


def test_it_says_what_it_can_do_and_its_profile_is_its_own(bench: Bench) -> None:
    able = bench.engine.capabilities
    assert able.cloning in ("none", "tuned", "zero_shot")
    assert able.languages
    assert able.speaks("en-US")
    assert able.rate_hz >= 16_000
    assert able.weights_licence
    assert bench.profile.engine == able.engine


@pytest.mark.parametrize("permit", [None, "used", "another action", "another office"])
def test_without_a_fresh_permit_of_its_office_it_does_nothing(
    bench: Bench, permit: str | None
) -> None:
    def made(action: str) -> object:
        if permit == "used":
            used = bench.office.issue(action)
            bench.office.redeem(used, action)
            return used
        other = {"another action": bench.office.issue("eat")}
        return other.get(str(permit)) or (permit and PermitOffice().issue(action))

    calls = {
        "enroll": lambda p: bench.engine.enroll(bench.sample, p, lambda _what, _share: None),
        "speak": lambda p: bench.engine.speak(Utterance(TEXT), bench.profile, p),
        "forget": lambda p: bench.engine.forget(bench.profile, p),
    }
    for action, call in calls.items():
        with pytest.raises(RefusedError, match="through the gate"):
            call(made(action))


def test_pieces_are_sound_at_its_rate_and_more_text_takes_longer(bench: Bench) -> None:
    pieces = bench.pieces(TEXT)
    assert len(pieces) >= 2  # the first is heard before the second sentence is made
    for piece in pieces:
        assert piece.dtype == np.float32
        assert piece.ndim == 1
        assert piece.size
        assert np.isfinite(piece).all()
        assert np.abs(piece).max() <= 1
    assert len(np.concatenate(pieces)) > 1.4 * len(bench.say(SHORT))
    assert 1 < len(bench.say(TEXT)) / bench.engine.capabilities.rate_hz < 20


def test_a_profile_read_back_from_bytes_is_the_same_voice(bench: Bench) -> None:
    again = VoiceProfile.from_bytes(bench.profile.to_bytes())
    assert (again.engine, again.level, again.state) == (
        bench.profile.engine,
        bench.profile.level,
        bench.profile.state,
    )
    assert len(bench.say(TEXT, again)) == pytest.approx(len(bench.say(TEXT)), rel=0.05)


def test_the_recording_is_in_the_profile_only_if_the_engine_says_so(bench: Bench) -> None:
    kept = bench.profile.to_bytes()
    middle = bench.sample.signal[20_000:20_100]
    assert (
        middle.tobytes() in kept or to_pcm16(middle) in kept
    ) == bench.engine.capabilities.keeps_sample


def test_twice_the_speed_takes_less_time_or_is_refused(bench: Bench) -> None:
    able = bench.engine.capabilities
    if able.any_speed:
        assert len(bench.say(TEXT, speed=2.0)) < 0.8 * len(bench.say(TEXT))
    else:
        with pytest.raises(RefusedError, match="own speed"):
            check_utterance(Utterance(TEXT, speed=2.0), able)


def test_a_language_that_it_does_not_speak_is_refused(bench: Bench) -> None:
    able = bench.engine.capabilities
    if "*" not in able.languages:
        with pytest.raises(RefusedError, match="does not speak tlh"):
            check_utterance(Utterance(TEXT, language="tlh"), able)


def test_it_writes_nothing_to_standard_output_and_leaves_no_file_behind(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    if bench.engine.capabilities.engine != "kokoro-tuned":
        bench.engine.enroll(bench.sample, bench.office.issue("enroll"), lambda _w, _s: None)
    bench.say(TEXT)
    bench.engine.forget(bench.profile, bench.office.issue("forget"))
    assert capsys.readouterr().out == ""
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["tone", *(engine.name for engine in BROUGHT)])
def test_behind_the_gate_a_person_is_copied_marked_and_forgotten(
    house: House, speaker: Speaker, name: str
) -> None:
    gate = Gate(replace(house.parts, engines=lambda office: {name: engine_called(name, office)}))
    voice = gate.enroll("acme", "ada", house.consent(), speaker(110.0), name)
    for piece in gate.stream("acme", voice.id, Utterance(TEXT)):
        assert house.parts.marker.score(piece, 24_000) >= 0.9
    assert gate.delete_voice("acme", voice.id) == voice.id
    assert house.parts.audit.verify() == []
