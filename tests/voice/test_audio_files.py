"""Sound files: what is written reads back; what is not sound is refused, whatever it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stargate.voice import audio_files
from stargate.voice.audio_files import FORMATS, decode, encode, read_file, to_pcm16
from stargate.voice.refusals import RefusedError

TONE = (0.3 * np.sin(np.arange(24_000) * 2 * np.pi * 220 / 24_000)).astype(np.float32)
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def test_a_wave_file_reads_back_to_16_bits() -> None:
    signal, rate_hz = decode(encode(TONE, 24_000, "wav"))
    assert rate_hz == 24_000
    assert np.abs(signal - TONE).max() < 1 / 16_000


def test_a_loud_signal_keeps_its_16_bits_when_it_is_read_and_written_again() -> None:
    every = (np.arange(-32768, 32768) / 32768).astype(np.float32)
    loud = np.concatenate([every, every * np.float32(1.1)])
    once = to_pcm16(loud)
    signal, _ = decode(encode(loud, 24_000, "wav"))
    assert to_pcm16(signal) == once


@needs_ffmpeg
@pytest.mark.parametrize("audio_format", [name for name in FORMATS if name not in ("wav", "pcm")])
def test_every_format_carries_the_sound(audio_format: str) -> None:
    signal, rate_hz = decode(encode(TONE, 24_000, audio_format))
    assert len(signal) / rate_hz == pytest.approx(1.0, abs=0.15)
    assert float(np.sqrt((signal**2).mean())) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def outcome(data: bytes) -> str:
    """The rule that refuses the data, or `sound` for a signal that is fit to use."""
    try:
        signal, rate_hz = decode(data)
    except RefusedError as refusal:
        return refusal.rule
    fit = signal.size and rate_hz >= 4_000 and np.abs(signal).max() <= 1
    return "sound" if fit else "unfit"


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused_or_read_but_never_crash(data: bytes) -> None:
    assert outcome(data) in ("recording_unreadable", "sound")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 43), st.integers(0, 255), st.integers(0, 400))
def test_a_wave_header_with_any_byte_changed_never_crashes(at: int, value: int, cut: int) -> None:
    data = bytearray(encode(TONE[:200], 24_000, "wav"))
    data[at] = value
    assert outcome(bytes(data[: len(data) - cut])) in ("recording_unreadable", "sound")


def test_an_oversized_recording_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_files, "LARGEST_BYTES", 1000)
    file = tmp_path / "long.wav"
    file.write_bytes(encode(TONE, 24_000, "wav"))
    with pytest.raises(RefusedError, match="larger than"):
        read_file(file)
    with pytest.raises(RefusedError, match="larger than"):
        decode(file.read_bytes())


def test_an_hour_of_sound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_files, "LONGEST_S", 0.5)
    with pytest.raises(RefusedError, match="longer than"):
        decode(encode(TONE, 24_000, "wav"))


@needs_ffmpeg
def test_a_playlist_that_names_a_file_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encode(TONE, 24_000, "wav"))
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()
    with pytest.raises(RefusedError):
        decode(playlist)
