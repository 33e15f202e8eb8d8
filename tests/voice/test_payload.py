"""The keyed payload: a clip is told from others by its sound alone, and by none without the key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stargate.voice.audio_files import decode, encode
from stargate.voice.detection import detect
from stargate.voice.engine import Sample, Utterance
from stargate.voice.payload import LEAST_CHANCE, KeyedPayload
from stargate.voice.signal.spectrum import resample

if TYPE_CHECKING:
    from conftest import House

RATE_HZ = 16_000
PAYLOAD = KeyedPayload(b"secret")
CLIPS = [f"clip_{i}" for i in range(40)]


def babble(seed: int, seconds: float = 8.0) -> Sample:
    """Noise whose bands swell and fade as speech does, at rates of a few hertz."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency_hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    sound = np.zeros(n)
    for low_hz, high_hz in zip(range(100, 4000, 300), range(400, 4300, 300), strict=True):
        band = np.fft.irfft(spectrum * ((frequency_hz > low_hz) & (frequency_hz <= high_hz)), n)
        swell = np.interp(np.arange(n), np.arange(0, n, 3000), rng.uniform(0, 1, -(-n // 3000)))
        sound += band * swell * 300 / low_hz**0.5
    return Sample((0.2 * sound / np.abs(sound).max()).astype(np.float32), RATE_HZ)


def laid(sample: Sample, clip: str = "clip_7") -> Sample:
    """The pattern laid on in two pieces, as a stream does it."""
    cut = 20_011
    parts = [(sample.signal[:cut], 0.0), (sample.signal[cut:], cut / RATE_HZ)]
    return Sample(
        np.concatenate([PAYLOAD.lay(part, RATE_HZ, clip, start_s) for part, start_s in parts]),
        RATE_HZ,
    )


@pytest.mark.parametrize("seconds", [4.0, 8.0])
def test_a_stretch_of_a_clip_leads_to_the_clip_and_to_no_other(seconds: float) -> None:
    whole = laid(babble(1, 12.0))
    start = 30_000
    crop = Sample(whole.signal[start:][: int(seconds * RATE_HZ)] * np.float32(0.3), RATE_HZ)
    match = PAYLOAD.find(crop, CLIPS)
    assert match is not None
    assert match.clip_id == "clip_7"
    assert match.chance < LEAST_CHANCE


def test_it_is_read_from_a_telephone_s_band_and_through_noise() -> None:
    narrow = resample(laid(babble(2, 12.0)).signal, RATE_HZ, 8_000)
    noise = np.random.default_rng(0).standard_normal(len(narrow)).astype(np.float32)
    noisy = narrow + noise * np.sqrt((narrow**2).mean() / 100)
    match = PAYLOAD.find(Sample(noisy.astype(np.float32), 8_000), CLIPS)
    assert match is not None
    assert match.clip_id == "clip_7"


@pytest.mark.parametrize("speed", [0.9, 1.08])
def test_it_is_read_at_another_speed_that_is_known_within_a_percent(speed: float) -> None:
    faster = resample(laid(babble(3)).signal, RATE_HZ * speed, RATE_HZ)
    match = PAYLOAD.find(Sample(faster, RATE_HZ), CLIPS, speed * 1.006)
    assert match is not None
    assert match.clip_id == "clip_7"


def test_without_the_key_or_the_pattern_nothing_is_found() -> None:
    marked = laid(babble(4))
    assert KeyedPayload(b"another").find(marked, CLIPS) is None
    assert PAYLOAD.find(marked, CLIPS[8:]) is None
    assert PAYLOAD.find(marked, []) is None
    for seed in range(5, 15):
        assert PAYLOAD.find(babble(seed), CLIPS) is None


def test_it_stays_well_below_the_speech() -> None:
    plain = babble(1)
    change = laid(plain).signal - plain.signal
    snr_db = 10 * np.log10((plain.signal**2).sum() / (change**2).sum())
    assert 15 < snr_db < 25


@pytest.mark.parametrize("n_samples", [1, 500, 5_000])
def test_a_sound_too_short_to_carry_it_is_left_whole(n_samples: int) -> None:
    short = Sample(babble(1).signal[:n_samples], RATE_HZ)
    assert len(PAYLOAD.lay(short.signal, RATE_HZ, "clip_7")) == n_samples
    assert PAYLOAD.find(short, CLIPS) is None


def test_a_clip_is_traced_without_its_fingerprint(house: House) -> None:
    speech = house.gate.speak("acme", house.voice(), Utterance("One sentence of many. " * 12))
    assert json.loads(speech.manifest)["claim"]["payload"] == "keyed"
    played = Sample(*decode(encode(speech.signal, speech.rate_hz, "wav")))
    payload = KeyedPayload(house.parts.vault.payload_key)
    forgotten = [replace(clip, fingerprint=b"") for clip in house.parts.voices.clips()]
    trace = detect(played, house.parts.marker, house.speech_s, forgotten, payload=payload).trace
    assert trace is not None
    assert (trace.clip_id, trace.tenant) == (speech.id, "acme")
    assert trace.payload_chance is not None
