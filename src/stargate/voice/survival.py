"""`stargate voice survival`: what the watermark survives, and how seldom it is seen in vain.

Each attack is done to marked and to unmarked speech; both are scored as `detect` does, with the
scan over speeds. Unmarked speech is cut into windows so that false alarms can be counted.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence

import numpy as np

from stargate.voice.audio_files import decode, encode
from stargate.voice.detection import FOUND, scan
from stargate.voice.engine import Sample
from stargate.voice.marking import Marker
from stargate.voice.refusals import MissingError
from stargate.voice.signal.spectrum import Signal, resample

Attack = Callable[[Signal, int], Signal]
WINDOW_S, STEP_S = 3.0, 0.25


def _ffmpeg(*codec: str, container: str) -> Attack:
    """Through a codec or a filter and back."""

    def attack(signal: Signal, rate_hz: int) -> Signal:
        wav = encode(signal, rate_hz, "wav")
        command = ["ffmpeg", "-v", "error", "-i", "pipe:0", *codec, "-f", container, "pipe:1"]
        done = subprocess.run(command, input=wav, capture_output=True, timeout=60, check=True)
        result, result_rate_hz = decode(done.stdout)
        return resample(result, result_rate_hz, rate_hz)

    return attack


def _noise(snr_db: float) -> Attack:
    def attack(signal: Signal, _rate_hz: int) -> Signal:
        level = np.sqrt((signal**2).mean() / 10 ** (snr_db / 10))
        noise = np.random.default_rng(0).standard_normal(len(signal)).astype(np.float32)
        return (signal + level * noise).astype(np.float32)

    return attack


def _through(rate_hz: int) -> Attack:
    return lambda signal, rate: resample(resample(signal, rate, rate_hz), rate_hz, rate)


def _speed(factor: float) -> Attack:
    """Played faster: shorter and higher."""
    return lambda signal, rate: resample(signal, rate * factor, rate)


def _middle_second(signal: Signal, rate_hz: int) -> Signal:
    start = len(signal) // 3
    return signal[start : start + rate_hz]


ATTACKS: dict[str, Attack] = {
    "as it is": lambda signal, _: signal,
    "a quarter as loud": lambda signal, _: signal * np.float32(0.25),
    "mp3 at 64 kb/s": _ffmpeg("-b:a", "64k", container="mp3"),
    "mp3 at 32 kb/s": _ffmpeg("-b:a", "32k", container="mp3"),
    "AAC at 64 kb/s": _ffmpeg("-c:a", "aac", "-b:a", "64k", container="adts"),
    "Opus at 24 kb/s": _ffmpeg("-c:a", "libopus", "-b:a", "24k", container="ogg"),
    "8 kHz sampling": _through(8_000),
    "low-pass at 3.4 kHz": _ffmpeg("-af", "lowpass=f=3400", container="wav"),
    "one second of it": _middle_second,
    "noise 30 dB below": _noise(30),
    "noise 20 dB below": _noise(20),
    "noise 10 dB below": _noise(10),
    "stretched by 1.1": _ffmpeg("-af", "atempo=1.1", container="wav"),
    **{f"speed {factor}": _speed(factor) for factor in (0.88, 0.95, 1.05, 1.12)},
    "a semitone higher": _ffmpeg(
        "-af", "asetrate=24000*1.0595,aresample=24000,atempo=0.94387", container="wav"
    ),
}


def survival(
    speech: Sequence[Sample], marker: Marker, progress: Callable[[str], None] = lambda _line: None
) -> dict[str, object]:
    """The table of attacks, and the false alarms on windows of unmarked speech."""
    if shutil.which("ffmpeg") is None:
        raise MissingError("the attacks need the program ffmpeg")
    rows = []
    for name, attack in ATTACKS.items():
        marked = [_score(attack, marker.embed(s.signal, s.rate_hz), s, marker) for s in speech]
        unmarked = [_score(attack, s.signal, s, marker) for s in speech]
        rows.append(
            {
                "attack": name,
                "marked_mean": float(np.mean(marked)),
                "marked_least": min(marked),
                "unmarked_most": max(unmarked),
            }
        )
        progress(f"{name}: {min(marked):.2f} marked, {max(unmarked):.2f} unmarked")
    alarms = [scan(window, marker)[0] > FOUND for window in _windows(speech)]
    return {"attacks": rows, "n_windows": len(alarms), "false_alarms": float(np.mean(alarms))}


def _score(attack: Attack, signal: Signal, source: Sample, marker: Marker) -> float:
    return scan(Sample(attack(signal, source.rate_hz), source.rate_hz), marker)[0]


def _windows(speech: Sequence[Sample]) -> list[Sample]:
    windows: list[Sample] = []
    for sample in speech:
        length, step = (int(s * sample.rate_hz) for s in (WINDOW_S, STEP_S))
        starts = range(0, max(1, len(sample.signal) - length + 1), step)
        windows += [Sample(sample.signal[at : at + length], sample.rate_hz) for at in starts]
    return windows
