"""Measures of sound, against signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.voice.kokoro.equaliser import (
    STRENGTH,
    correction,
    equalise,
    long_term_spectrum,
)
from stargate.voice.signal.loudness import gain_to_target, limited, loudness_lufs
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.signal.spectrum import (
    Signal,
    hz_to_mel,
    mel_filterbank,
    mel_to_hz,
    power_spectrum,
    resample,
)

RATE_HZ = 24_000


def voice_like(pitch_hz: float, seconds: float = 2.0, rate_hz: int = RATE_HZ) -> Signal:
    """Twenty harmonics that fall off as a voice's do."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    harmonics = [np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 21)]
    return (0.2 * np.sum(harmonics, axis=0)).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.floats(75, 350))
def test_the_pitch_of_a_harmonic_tone_is_found_without_octave_errors(pitch_hz: float) -> None:
    assert median_pitch_hz(voice_like(pitch_hz), RATE_HZ) == pytest.approx(pitch_hz, rel=0.02)


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    assert median_pitch_hz(noise, RATE_HZ, otherwise_hz=-1.0) == -1.0


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_a_full_scale_kilohertz_sine_is_3_lufs_below_zero(rate_hz: int) -> None:
    """ITU-R BS.1770-4: a 0 dBFS, 997 Hz sine on one front channel reads -3.01 LKFS."""
    time = np.arange(rate_hz * 3) / rate_hz
    sine = np.sin(2 * np.pi * 997 * time).astype(np.float32)
    assert loudness_lufs(sine, rate_hz) == pytest.approx(-3.01, abs=0.05)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 1.0), st.floats(-30, -12))
def test_the_gain_reaches_the_loudness_asked_for(level: float, target_lufs: float) -> None:
    signal = voice_like(120) * np.float32(level)
    louder = signal * np.float32(gain_to_target(signal, RATE_HZ, target_lufs))
    assert loudness_lufs(louder, RATE_HZ) == pytest.approx(target_lufs, abs=0.1)


def test_silence_has_no_loudness_and_is_left_alone() -> None:
    assert gain_to_target(np.zeros(RATE_HZ, np.float32), RATE_HZ) == 1.0


@given(st.floats(-30, 30, width=32))
def test_the_limiter_never_exceeds_full_scale_and_keeps_quiet_sound(sample: float) -> None:
    bent = float(limited(np.array([sample], np.float32))[0])
    assert abs(bent) <= 0.9701
    assert abs(sample) > 0.67 or bent == pytest.approx(sample)


@given(st.floats(0, 12_000))
def test_the_mel_scale_inverts(frequency_hz: float) -> None:
    there_and_back = mel_to_hz(hz_to_mel(np.array([frequency_hz])))
    assert there_and_back[0] == pytest.approx(frequency_hz, abs=1e-6)


def test_mel_filters_have_equal_area_and_cover_the_band() -> None:
    bank = mel_filterbank(16_000, 2048, 40)
    areas = bank.sum(axis=1) * 16_000 / 2048
    assert areas == pytest.approx(np.ones(40), rel=0.06)
    assert (bank.sum(axis=0)[1:-1] > 0).all()


def test_resampling_keeps_a_tone_where_it_was() -> None:
    tone = voice_like(200, rate_hz=16_000)
    assert median_pitch_hz(resample(tone, 16_000, 24_000), 24_000) == pytest.approx(200, rel=0.01)


def test_power_of_a_frame_is_conserved() -> None:
    """Parseval: the sum of |FFT|^2 over all bins is n_fft times the energy."""
    frame = np.random.default_rng(1).standard_normal(512).astype(np.float32)
    power = power_spectrum(frame, 512, 512, np.ones(512))[0]
    both_sides = power[0] + power[-1] + 2 * power[1:-1].sum()
    assert both_sides / 512 == pytest.approx(float((frame**2).sum()), rel=1e-5)


def test_the_equaliser_moves_a_dull_sound_towards_a_bright_one() -> None:
    rng = np.random.default_rng(2)
    bright = rng.standard_normal(RATE_HZ * 2).astype(np.float32) * 0.1
    dull = np.convolve(bright, np.ones(4) / 4, mode="same").astype(np.float32)
    target = long_term_spectrum(bright)
    gain = correction(long_term_spectrum(dull), target, RATE_HZ)
    equalised = equalise(dull, gain)

    def shape_error(signal: Signal) -> float:
        difference = (long_term_spectrum(signal) - target)[4:290]
        return float(np.abs(difference - difference.mean()).mean())

    assert shape_error(equalised) < (1.2 - STRENGTH) * shape_error(dull)
    assert len(equalised) == len(dull)
