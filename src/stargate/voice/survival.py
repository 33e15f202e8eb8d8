"""`stargate voice survival`: what the watermark survives, and how seldom it is seen in vain.

Each attack is done to marked and to unmarked speech; both are scored as `detect` does, with the
scan over speeds, and the payload is looked for. False alarms are counted on some hundred windows
of `unmarked` sound.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from stargate.voice import unmarked
from stargate.voice.assets import Assets
from stargate.voice.audio_files import decode, encode
from stargate.voice.engine import Sample
from stargate.voice.inference import calm_torch
from stargate.voice.mark_search import Mark, SpeechMeter, look_for_mark, scan
from stargate.voice.marking import Marker
from stargate.voice.payload import KeyedPayload
from stargate.voice.refusals import MissingError
from stargate.voice.signal.spectrum import Signal, resample

Attack = Callable[[Signal, int], Signal]
Progress = Callable[[str], None]
PAYLOAD = KeyedPayload(b"of the attacks alone")
CLIPS = tuple(f"clip {i}" for i in range(2000))
"""Among so many clips the payload has to tell which one it is."""
N_BETWEEN_LINES = 20  # windows from one line of progress to the next


def _ffmpeg(*codec: str, container: str) -> Attack:
    """Through a codec or a filter and back."""

    def attack(signal: Signal, rate_hz: int) -> Signal:
        if shutil.which("ffmpeg") is None:
            raise MissingError("the attacks need the program ffmpeg")
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


def _pitch(semitones: int) -> Attack:
    """Higher or lower, and as long as it was."""
    factor = 2 ** (semitones / 12)

    def attack(signal: Signal, rate_hz: int) -> Signal:
        stretched = _ffmpeg("-af", f"atempo={1 / factor}", container="wav")(signal, rate_hz)
        return resample(stretched, rate_hz * factor, rate_hz)

    return attack


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
    **{f"noise {snr_db} dB below": _noise(snr_db) for snr_db in (30, 20, 15, 12, 10, 5)},
    "stretched by 1.1": _ffmpeg("-af", "atempo=1.1", container="wav"),
    **{f"speed {factor}": _speed(factor) for factor in (0.88, 0.95, 1.05, 1.12)},
    "a semitone higher": _pitch(1),
    "two semitones lower": _pitch(-2),
}


def survival(
    speech: Sequence[Sample], marker: Marker, progress: Progress = lambda _line: None
) -> dict[str, object]:
    """The table of attacks on marked and unmarked speech."""
    clips = dict(zip(CLIPS, speech, strict=False))
    marked = {clip: _marked(sample, clip, marker) for clip, sample in clips.items()}
    rows: list[dict[str, object]] = []
    for name, attack in ATTACKS.items():
        seen = [_seen(clip, unmarked.attacked(m, attack), marker) for clip, m in marked.items()]
        plain = [scan(unmarked.attacked(sample, attack), marker)[0] for sample in speech]
        least = min(score for score, _ in seen)
        rows.append(
            {
                "attack": name,
                "marked_mean": float(np.mean([score for score, _ in seen])),
                "marked_least": least,
                "unmarked_most": max(plain),
                "payload_read": sum(read for _, read in seen),
            }
        )
        progress(f"{name}: {least:.2f} marked, {max(plain):.2f} unmarked")
    return {"n_takes": len(speech), "n_clips": len(CLIPS), "attacks": rows}


def _marked(sample: Sample, clip: str, marker: Marker) -> Sample:
    """The take as a clip leaves the gate: with its payload, and then the mark."""
    laid = PAYLOAD.lay(sample.signal, sample.rate_hz, clip)
    return Sample(marker.embed(laid, sample.rate_hz), sample.rate_hz)


def _seen(clip: str, sample: Sample, marker: Marker) -> tuple[float, bool]:
    """The mark's score, and whether the payload tells this clip from all others."""
    score, speed = scan(sample, marker)
    match = PAYLOAD.find(sample, CLIPS, speed)
    return score, match is not None and match.clip_id == clip


def false_alarms(
    assets: Assets,
    marker: Marker,
    speech_s: SpeechMeter,
    progress: Progress = lambda _line: None,
) -> dict[str, object]:
    """How many windows of speech without a mark are taken for marked, by source and in all.

    Sounds without speech stand apart (`not_speech`), so that they dilute no rate.
    """

    def look(source: tuple[str, Sample]) -> tuple[str, Mark]:
        return source[0], look_for_mark(source[1], marker, speech_s)

    def rows(sources: Iterable[tuple[str, Sample]]) -> dict[str, list[Mark]]:
        marks: dict[str, list[Mark]] = {}
        for kind, mark in pool.map(look, sources):
            marks.setdefault(kind, []).append(mark)
            if len(marks[kind]) % N_BETWEEN_LINES == 0:
                n_alarms = sum(mark.found for mark in marks[kind])
                progress(f"{kind}: {len(marks[kind])} windows, {n_alarms} taken for marked")
        return marks

    with ThreadPoolExecutor(os.cpu_count(), initializer=calm_torch) as pool:
        spoken, other = rows(unmarked.speech(assets, ATTACKS)), rows(unmarked.sounds())
    return {
        "sources": [counted(kind, marks) for kind, marks in spoken.items()],
        **counted("all speech", [mark for marks in spoken.values() for mark in marks]),
        "not_speech": [counted(kind, marks) for kind, marks in other.items()],
    }


def counted(source: str, marks: Sequence[Mark]) -> dict[str, object]:
    """Alarms among the windows in which speech was found; the others are not judged."""
    n_alarms, n_judged = sum(mark.found for mark in marks), sum(mark.judged for mark in marks)
    return {
        "source": source,
        "n_windows": len(marks),
        "n_judged": n_judged,
        "n_alarms": n_alarms,
        "rate_at_most": unmarked.upper_bound(n_alarms, n_judged),
        "highest": max((mark.score for mark in marks), default=0.0),
    }
