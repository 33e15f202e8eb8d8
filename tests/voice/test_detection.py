"""Finding our own clips: mark, speed, manifest, fingerprint."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.voice import fingerprint
from stargate.voice.assets import Assets
from stargate.voice.audio_files import decode, encode
from stargate.voice.detection import detect
from stargate.voice.engine import Sample, Utterance
from stargate.voice.home import Home
from stargate.voice.manifest import judge_manifest
from stargate.voice.mark_search import (
    AS_PLAYED,
    AT_A_SPEED,
    LEAST_SPEECH_S,
    SCAN_S,
    SPEEDS,
    loudest,
    probability,
    scan,
)
from stargate.voice.signal.spectrum import Signal, resample

if TYPE_CHECKING:
    from conftest import House

    Speaker = Callable[..., Sample]

TEXT = Utterance("The hogs were fed chopped corn and garbage. Four hours of steady work faced us.")


def sung(seed: int, seconds: float = 6.0) -> Sample:
    """A melody no other seed has: random notes with random lengths."""
    rng = np.random.default_rng(seed)
    notes = []
    while sum(map(len, notes)) < seconds * 24_000:
        time = np.arange(int(rng.uniform(0.1, 0.4) * 24_000)) / 24_000
        pitch_hz = rng.uniform(90, 300)
        tone = sum(
            np.sin(2 * np.pi * pitch_hz * k * time) * rng.uniform(0.1, 1) for k in range(1, 20)
        )
        notes.append(tone * np.sin(np.linspace(0, np.pi, len(time))))
    signal = np.concatenate(notes) + 0.01 * rng.standard_normal(sum(map(len, notes)))
    return Sample((0.1 * signal).astype(np.float32), 24_000)


def bits(sample: Sample) -> fingerprint.Bits:
    return fingerprint.fingerprint(sample.signal, sample.rate_hz)


def test_a_clip_is_found_from_a_crop_at_another_rate_and_level() -> None:
    whole = sung(1)
    cut = Sample(resample(whole.signal[30_000:100_000], 24_000, 16_000) * 0.3, 16_000)
    assert fingerprint.error_rate(bits(cut), bits(whole))[0] < fingerprint.MATCH_ERROR_RATE


def test_other_sounds_differ_in_about_half_of_the_bits() -> None:
    rates = [fingerprint.error_rate(bits(sung(1)), bits(sung(seed)))[0] for seed in range(2, 8)]
    assert min(rates) > fingerprint.MATCH_ERROR_RATE


def test_too_short_a_sound_matches_nothing() -> None:
    short = Sample(sung(1).signal[:24_000], 24_000)
    assert fingerprint.error_rate(bits(short), bits(sung(1))) == (0.5, 0)


@settings(max_examples=20)
@given(st.binary(min_size=0, max_size=400).map(lambda b: b[: len(b) // 4 * 4]))
def test_fingerprints_read_back(data: bytes) -> None:
    assert fingerprint.to_bytes(fingerprint.from_bytes(data)) == data


def test_a_clip_of_ours_leads_to_its_voice_and_tenant(house: House) -> None:
    voice = house.voice()
    speech = house.gate.speak("acme", voice, TEXT)
    played = Sample(*decode(encode(speech.signal, speech.rate_hz, "wav")))
    verdict = judge_manifest(speech.manifest, played.signal, house.parts.vault)
    finding = detect(
        played, house.parts.marker, house.speech_s, house.parts.voices.clips(), verdict
    )
    assert finding.synthetic
    assert finding.manifest is not None
    assert finding.manifest.state == "valid"
    assert finding.trace is not None
    assert (finding.trace.clip_id, finding.trace.tenant) == (speech.id, "acme")


def test_speech_that_is_not_ours_is_not_claimed_and_the_limits_are_told(
    house: House, speaker: Speaker
) -> None:
    house.gate.speak("acme", house.voice(), TEXT)
    finding = detect(sung(9), house.parts.marker, house.speech_s, house.parts.voices.clips())
    assert not finding.synthetic
    assert finding.probability is not None
    assert finding.probability < 0.05
    assert "may still be synthetic" in " ".join(finding.limits)
    assert scan(speaker(110), house.parts.marker)[0] < 0.5


def test_a_score_is_no_mark_where_no_one_speaks(house: House) -> None:
    marker = house.parts.marker
    marked = Sample(marker.embed(sung(9).signal, 24_000), 24_000)
    silent = detect(marked, marker, lambda _signal, _rate_hz: LEAST_SPEECH_S - 0.01, [])
    assert silent.score > 0.9
    assert not silent.synthetic
    assert silent.probability is None
    heard = detect(marked, marker, lambda _signal, _rate_hz: LEAST_SPEECH_S, [])
    assert heard.synthetic
    assert heard.probability == probability(heard.score, heard.speed)


def test_speech_is_looked_for_at_the_speed_at_which_the_mark_was_found(
    house: House, speaker: Speaker
) -> None:
    marked = house.parts.marker.embed(speaker(110).signal, 24_000)
    faster = Sample(resample(marked, 24_000 * SPEEDS[-1], 24_000), 24_000)
    heard_hz: list[float] = []

    def meter(_signal: Signal, rate_hz: float) -> float:
        heard_hz.append(rate_hz)
        return 1.0

    assert detect(faster, house.parts.marker, meter, []).synthetic
    assert heard_hz == [pytest.approx(24_000 / SPEEDS[-1], rel=0.011)]


def test_a_clip_of_ours_without_speech_is_still_known_by_its_manifest(house: House) -> None:
    speech = house.gate.speak("acme", house.voice(), TEXT)
    played = Sample(speech.signal, speech.rate_hz)
    verdict = judge_manifest(speech.manifest, speech.signal, house.parts.vault)
    finding = detect(played, house.parts.marker, lambda _signal, _rate_hz: 0.0, [], verdict)
    assert finding.probability is None
    assert finding.synthetic


@pytest.mark.parametrize("speed", [SPEEDS[0], SPEEDS[6], SPEEDS[11], SPEEDS[-1]])
def test_the_scan_undoes_a_change_of_speed(house: House, speaker: Speaker, speed: float) -> None:
    marked = house.parts.marker.embed(speaker(110).signal, 24_000)
    faster = Sample(resample(marked, 24_000 * speed, 24_000), 24_000)
    assert house.parts.marker.score(faster.signal, 24_000) < 0.5
    score, found = scan(faster, house.parts.marker)
    assert score > 0.9
    assert found == pytest.approx(speed, rel=0.011)


def tampered(manifest: str, **changes: object) -> str:
    document = json.loads(manifest)
    document["claim"].update(changes)
    return json.dumps(document)


def test_a_forged_manifest_is_called_forged(house: House) -> None:
    speech = house.gate.speak("acme", house.voice(), TEXT)
    vault = house.parts.vault

    def state(text: str) -> str:
        return judge_manifest(text, speech.signal, vault).state

    assert state(speech.manifest) == "valid"
    assert state(tampered(speech.manifest, voice="voice_other")) == "forged"
    assert state("{}") == state("not json") == state('{"claim": 1}') == "unreadable"
    louder = judge_manifest(speech.manifest, speech.signal * 0.5, vault)
    assert louder.state == "other_audio"
    theirs = replace(vault, public_key="theirs")  # type: ignore[type-var]
    document = json.loads(speech.manifest)
    claim = json.dumps(document["claim"], sort_keys=True, separators=(",", ":")).encode()
    document.update(public_key="theirs", signature=theirs.sign(claim))
    assert state(json.dumps(document)) == "unknown_key"


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([1.0, *SPEEDS]))
def test_a_higher_score_is_never_less_likely_a_mark(one: float, other: float, speed: float) -> None:
    low, high = sorted((one, other))
    assert 0.0099 < probability(low, speed) <= probability(high, speed) < 0.9901


@pytest.mark.parametrize(("knots", "speed"), [(AS_PLAYED, 1.0), (AT_A_SPEED, SPEEDS[0])])
def test_chances_are_those_that_were_measured(
    knots: tuple[tuple[float, float], ...], speed: float
) -> None:
    for score, chance in knots:
        assert probability(score, speed) == pytest.approx(chance)


@given(st.floats(0, 1))
def test_what_is_found_at_another_speed_has_to_score_higher(score: float) -> None:
    assert probability(score, SPEEDS[0]) <= probability(score, 1.0)


@dataclass(frozen=True)
class PeakMarker:
    """Scores by the speed that a recording of 24 kHz is read at alone: full within a width."""

    middle: float
    width: float

    name = "peak"

    def embed(self, signal: Signal, rate_hz: int) -> Signal:  # noqa: ARG002
        return signal

    def score(self, signal: Signal, rate_hz: float) -> float:  # noqa: ARG002
        return float(abs(24_000 / rate_hz / self.middle - 1) <= self.width)


@given(st.floats(0.8, 1.25).filter(lambda speed: abs(speed - 1) > 0.02))
def test_a_score_that_holds_over_speeds_is_found_wherever_it_lies(speed: float) -> None:
    score, found = scan(sung(1, 1.0), PeakMarker(speed, 0.0165))
    assert score == 1.0
    assert found == pytest.approx(speed, rel=0.01)


def test_a_narrow_peak_at_another_speed_is_worth_nothing() -> None:
    assert scan(sung(1, 1.0), PeakMarker(SPEEDS[3], 0.004)) == (0.0, 1.0)


@dataclass(frozen=True)
class LoudMarker:
    """Scores full at one speed, and only where something is louder than the threshold."""

    speed: float

    name = "loud"

    def embed(self, signal: Signal, rate_hz: int) -> Signal:  # noqa: ARG002
        return signal

    def score(self, signal: Signal, rate_hz: float) -> float:
        near = abs(24_000 / rate_hz / self.speed - 1) <= 0.0165
        return float(near and np.abs(signal).max() > 0.5)


@pytest.mark.parametrize(("loud_parts", "expected"), [((0,), 0.0), ((0, 1), 1.0)])
def test_what_only_one_half_has_at_another_speed_is_worth_nothing(
    loud_parts: tuple[int, ...], expected: float
) -> None:
    halves = np.full((2, 12_000), 0.1, np.float32)
    halves[list(loud_parts)] = 0.9
    score, _ = scan(Sample(halves.ravel(), 24_000), LoudMarker(SPEEDS[3]))
    assert score == expected


def test_the_loudest_stretch_is_what_is_scanned() -> None:
    signal = np.full(24_000 * 20, 0.01, np.float32)
    signal[24_000 * 11 :][: 24_000 * 8] = 0.5
    part = loudest(Sample(signal, 24_000), SCAN_S)
    assert float(np.abs(part.signal).min()) == pytest.approx(0.5)


def test_of_two_clips_that_begin_alike_the_one_that_goes_on_alike_is_found(house: House) -> None:
    voice = house.voice()
    longer = house.gate.speak("acme", voice, Utterance(TEXT.text * 2))
    house.gate.speak("acme", voice, TEXT)
    played = Sample(longer.signal, longer.rate_hz)
    trace = detect(played, house.parts.marker, house.speech_s, house.parts.voices.clips()).trace
    assert trace is not None
    assert trace.clip_id == longer.id


def test_what_is_detected_stands_in_the_audit_a_forged_manifest_too(
    house: House, tmp_path: Path
) -> None:
    pytest.importorskip("cryptography", reason="needs the extra [voice]: cryptography")
    home = Home(tmp_path / "home", Assets(tmp_path))
    speech = house.gate.speak("acme", house.voice(), TEXT)
    vars(home).update(
        marker=house.parts.marker, speech_meter=house.speech_s, vault=house.parts.vault
    )
    data = encode(speech.signal, speech.rate_hz, "wav")
    for text in (speech.manifest, tampered(speech.manifest, voice="voice_other")):
        home.detect(data, text)
    states = [json.loads(entry.detail)["manifest"] for entry in home.audit.entries()]
    assert states == ["valid", "forged"]
    home.close()
