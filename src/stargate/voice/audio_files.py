"""Sound in and out of files. Whatever cannot be read as sound is refused, never guessed at.

WAV with 16-bit samples needs the standard library alone; other formats go through soundfile, and
what that cannot read or write through the program ffmpeg.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np

from stargate.voice.refusals import MissingError, RefusedError
from stargate.voice.signal.spectrum import Signal

LARGEST_BYTES = 20 * 2**20
LONGEST_S = 600.0
DECODE_RATE_HZ = 24_000
TIMEOUT_S = 60
FULL_SCALE = 32768.0
FORMATS = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "pcm": "audio/pcm",
}
# Ogg holds back sound until a page is full: 0.1 s (in microseconds), not a whole second.
CODECS = {
    "flac": ("-f", "flac"),
    "mp3": ("-f", "mp3", "-b:a", "96k"),
    "opus": ("-c:a", "libopus", "-b:a", "48k", "-f", "ogg", "-page_duration", "100000"),
    "aac": ("-c:a", "aac", "-b:a", "96k", "-f", "adts"),
}


def read_file(path: Path) -> tuple[Signal, int]:
    """The signal (mono) in a file and its rate; see `decode`."""
    if path.stat().st_size > LARGEST_BYTES:
        raise _unreadable(f"{path.name} is larger than {LARGEST_BYTES >> 20} MiB")
    return decode(path.read_bytes())


def decode(data: bytes) -> tuple[Signal, int]:
    """The signal (mono, float32 in -1..1) in the bytes of a sound file, and its rate in Hz."""
    if len(data) > LARGEST_BYTES:
        raise _unreadable(f"the recording is larger than {LARGEST_BYTES >> 20} MiB")
    for decoder in (_decode_wave, _decode_soundfile, _decode_ffmpeg):
        decoded = decoder(data)
        if decoded is not None:
            return _checked(*decoded)
    raise _unreadable("the recording is in no format that can be read here")


def encode(signal: Signal, rate_hz: int, audio_format: str) -> bytes:
    """The signal as the bytes of a file in one of `FORMATS`."""
    samples = to_pcm16(signal)
    if audio_format == "pcm":
        return samples
    wav = _wave_bytes(samples, rate_hz)
    return wav if audio_format == "wav" else _transcoded(wav, CODECS[audio_format])


def require_encoder(audio_format: str) -> None:
    """Refuse a format that cannot be written here, before anything is said for it."""
    if audio_format in CODECS:
        ffmpeg()


def ffmpeg() -> str:
    """Where the program is that writes what is neither WAV nor bare samples."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingError("formats other than wav and pcm need the program ffmpeg")
    return program


def to_pcm16(signal: Signal) -> bytes:
    """Signed 16-bit samples, little-endian; reading them back and writing again changes nothing."""
    samples = np.round(np.asarray(signal, np.float64) * FULL_SCALE)
    return np.clip(samples, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()


def _decode_wave(data: bytes) -> tuple[Signal, int] | None:
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2 or file.getnchannels() not in (1, 2):
                return None
            channels, rate_hz = file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError, RuntimeError):
        return None
    samples = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], "<i2")
    mono = samples.reshape(-1, channels).mean(axis=1) / FULL_SCALE
    return mono.astype(np.float32), rate_hz


def _decode_soundfile(data: bytes) -> tuple[Signal, int] | None:
    try:
        import soundfile
    except ImportError:
        return None
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError):
        return None
    return np.asarray(samples.mean(axis=1), np.float32), int(rate_hz)


def _decode_ffmpeg(data: bytes) -> tuple[Signal, int] | None:
    """ffmpeg reads from a pipe alone: no file or address that the data names is opened."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    command = [
        *(program, "-v", "error", "-protocol_whitelist", "pipe", "-t", str(LONGEST_S + 1)),
        *("-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", str(DECODE_RATE_HZ), "pipe:1"),
    ]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=TIMEOUT_S, check=True
        )
    except (subprocess.SubprocessError, BrokenPipeError):
        return None
    samples = np.frombuffer(done.stdout[: len(done.stdout) // 2 * 2], "<i2")
    return (samples / FULL_SCALE).astype(np.float32), DECODE_RATE_HZ


def _checked(signal: Signal, rate_hz: int) -> tuple[Signal, int]:
    if not signal.size or not 4_000 <= rate_hz <= 192_000:
        raise _unreadable("the recording is empty, or its sampling rate is none that speech has")
    if signal.size > LONGEST_S * rate_hz:
        raise _unreadable(f"the recording is longer than {LONGEST_S:.0f} s")
    if not np.isfinite(signal).all():
        raise _unreadable("the recording holds values that are not numbers")
    return np.clip(signal, -1, 1), rate_hz


def _unreadable(message: str) -> RefusedError:
    return RefusedError("recording_unreadable", message)


def _wave_bytes(samples: bytes, rate_hz: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples)
    return buffer.getvalue()


def _transcoded(wav: bytes, codec: tuple[str, ...]) -> bytes:
    command = [ffmpeg(), "-v", "error", "-i", "pipe:0", *codec, "pipe:1"]
    return subprocess.run(
        command, input=wav, capture_output=True, timeout=TIMEOUT_S, check=True
    ).stdout
