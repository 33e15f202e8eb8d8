"""Was this recording made here? Three looks, and a plain statement of what they cannot see.

The watermark is scored as it is and, since a change of speed hides it, at speeds around; it is
judged in speech alone, since sounds with few overtones score high without it. The
manifest is checked if one came along; the log of fingerprints is searched. Each look that finds
something says so; none proves that a recording is real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.store.voices import Clip
from stargate.voice import fingerprint
from stargate.voice.engine import Sample
from stargate.voice.manifest import Verdict
from stargate.voice.marking import Marker
from stargate.voice.payload import KeyedPayload
from stargate.voice.signal.spectrum import Signal

SPEEDS = tuple(np.round(1.02 ** np.arange(-12.0, 13.0), 4))
"""From 0.79 to 1.27, or four semitones each way. A mark is found within 1 % of its speed; a change
of pitch alone counts as one of speed, since the mark does not mind how long it takes."""
SCAN_S = 8.0  # the loudest stretch; the mark is everywhere, so more only costs time
READ_S = 30.0
FOUND = 0.75
"""Of 370 windows of unmarked speech the highest scored 0.72, and three above 0.5: so it was set.
Marked speech scores 0.99 or more after every attack but noise at 10 dB (0.66)."""
LEAST_SPEECH_S = 0.25
"""One second cut from speech holds 0.8 s and more; noise, chords and gliding tones none."""
SpeechMeter = Callable[[Signal, float], float]
"""Seconds of speech in a signal of a rate, Hz."""
LIMITS = (
    "Finds speech that this program marked, signed or logged; it does not tell real from synthetic "
    "speech in general.",
    "Strong noise (10 dB) removes the watermark from some clips; a change of speed or pitch beyond "
    "0.79 to 1.27 hides it.",
    "The watermark is judged in speech alone, in the loudest eight seconds: music, tones and noise "
    "that hold no speech are not judged, whatever they score.",
    "Transcoding removes the manifest. The fingerprint finds only clips logged by this "
    "installation, from about two seconds on.",
    "A recording in which nothing is found may still be synthetic.",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was seen of the watermark, at which speed, and how much speech there was to judge."""

    score: float
    speed: float
    speech_s: float

    @property
    def judged(self) -> bool:
        """Whether there is speech enough for the score to tell anything."""
        return self.speech_s >= LEAST_SPEECH_S

    @property
    def found(self) -> bool:
        """Whether the watermark is there."""
        return self.judged and self.score > FOUND

    @property
    def probability(self) -> float | None:
        """The chance that it is there, None where there is no speech to judge."""
        return probability(self.score) if self.judged else None


@dataclass(frozen=True, slots=True)
class Trace:
    """The clip that a recording is: it leads to the voice, the tenant, the request.

    `bit_error_rate` is that of the fingerprint (0.5 is chance, or no fingerprint in the log);
    `payload_chance` how likely chance alone would show the clip's payload, None if it did not.
    """

    clip_id: str
    voice_id: str
    tenant: str
    created_s: float
    bit_error_rate: float
    speed: float
    payload_chance: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What the looks found. `probability` is that of the watermark being there.

    It is None where no speech was found in what was looked at (`speech_s`): the score tells
    nothing then, and what is synthetic is so by manifest or trace alone. A content credential
    alone is no sign that a clip was made here: anyone may sign one.
    """

    synthetic: bool
    probability: float | None
    score: float
    speed: float
    speech_s: float
    manifest: Verdict | None
    content_credential: str | None
    trace: Trace | None
    limits: tuple[str, ...] = LIMITS


def detect(
    sample: Sample,
    marker: Marker,
    speech_s: SpeechMeter,
    clips: Iterable[Clip],
    manifest: Verdict | None = None,
    content_credential: str | None = None,
    payload: KeyedPayload | None = None,
) -> Finding:
    """Look for the watermark, judge the manifest, read the payload, search the log."""
    mark = look_for_mark(sample, marker, speech_s)
    known, played = list(clips), mark.speed if mark.score > FOUND else 1.0
    carried = read_payload(sample, known, payload, played) if payload else None
    trace = carried or find_clip(sample, known, played)
    vouched = manifest is not None and manifest.state == "valid"
    return Finding(
        synthetic=mark.found or vouched or trace is not None,
        probability=mark.probability,
        score=mark.score,
        speed=mark.speed,
        speech_s=mark.speech_s,
        manifest=manifest,
        content_credential=content_credential,
        trace=trace,
    )


def look_for_mark(sample: Sample, marker: Marker, speech_s: SpeechMeter) -> Mark:
    """Scan the loudest stretch, and hear it at the speed that was found: is it speech?"""
    score, speed = scan(sample, marker)
    excerpt = loudest(sample, SCAN_S)
    return Mark(score, speed, speech_s(excerpt.signal, excerpt.rate_hz / speed))


def scan(sample: Sample, marker: Marker) -> tuple[float, float]:
    """The highest score of the watermark over speeds, and the speed at which it was found.

    A recording played at speed s is undone by reading it as if its rate were rate / s. The other
    speeds are tried only if the recording as it is shows nothing.
    """
    excerpt = loudest(sample, SCAN_S)
    plain = marker.score(excerpt.signal, excerpt.rate_hz)
    if plain > FOUND:
        return plain, 1.0
    scores = {speed: marker.score(excerpt.signal, excerpt.rate_hz / speed) for speed in SPEEDS}
    best = max(scores, key=lambda speed: scores[speed])
    return (scores[best], float(best)) if scores[best] > plain else (plain, 1.0)


def probability(score: float) -> float:
    """The chance that speech with this score carries the mark, marked or not alike likely.

    Logistic in the score: one unmarked window in a hundred scores above 0.5 (chance 1 %), marked
    speech 0.95 and more (99 %). Never nearer to certainty, which so few windows cannot show.
    """
    low, high, odds = 0.5, 0.95, np.log(99)
    slope = 2 * odds / (high - low)
    within = np.clip(score, low, high)
    return float(1 / (1 + np.exp(-slope * (within - (low + high) / 2))))


def read_payload(
    sample: Sample, clips: Sequence[Clip], payload: KeyedPayload, speed: float
) -> Trace | None:
    """The clip whose payload the recording carries; its fingerprint is compared, not needed."""
    excerpt = loudest(sample, READ_S)
    match = payload.find(excerpt, [clip.id for clip in clips], speed)
    if match is None:
        return None
    clip = next(clip for clip in clips if clip.id == match.clip_id)
    heard = fingerprint.fingerprint(excerpt.signal, excerpt.rate_hz / speed)
    rate, _ = fingerprint.error_rate(heard, fingerprint.from_bytes(clip.fingerprint))
    return Trace(clip.id, clip.voice_id, clip.tenant, clip.created_s, rate, speed, match.chance)


def find_clip(sample: Sample, clips: Iterable[Clip], speed: float = 1.0) -> Trace | None:
    """The logged clip that is the same sound for the longest time, if there is one.

    Two clips may begin with the same words; bits that agree beyond chance are counted.
    """
    heard = fingerprint.fingerprint(sample.signal, sample.rate_hz / speed)
    best: Trace | None = None
    most = 0.0
    for clip in clips:
        rate, n_frames = fingerprint.error_rate(heard, fingerprint.from_bytes(clip.fingerprint))
        agreeing = (0.5 - rate) * n_frames
        if rate < fingerprint.MATCH_ERROR_RATE and agreeing > most:
            best = Trace(clip.id, clip.voice_id, clip.tenant, clip.created_s, rate, speed)
            most = agreeing
    return best


def loudest(sample: Sample, seconds: float) -> Sample:
    """The stretch of the given length with the most energy."""
    length = int(seconds * sample.rate_hz)
    if len(sample.signal) <= length:
        return sample
    energy = np.concatenate([[0.0], np.cumsum(sample.signal.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return Sample(sample.signal[start : start + length], sample.rate_hz)
