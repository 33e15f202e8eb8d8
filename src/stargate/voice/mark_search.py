"""Does a recording carry the watermark? Scored as it is and at speeds around, in speech alone.

A change of speed hides the mark from its own decoder, so the recording is read at others too; and
sounds with few overtones score high without a mark, so that what holds no speech is not judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stargate.voice.engine import Sample
from stargate.voice.marking import Marker
from stargate.voice.signal.spectrum import Signal

SPEEDS = tuple(np.round(1.02 ** np.arange(-12.0, 13.0), 4))
"""From 0.79 to 1.27, or four semitones each way. A mark is found within 1 % of its speed; a change
of pitch alone counts as one of speed, since the mark does not mind how long it takes."""
SCAN_S = 8.0  # the loudest stretch; the mark is everywhere, so more only costs time
FOUND = 0.75
"""Of 370 windows of unmarked speech the highest scored 0.72, and three above 0.5: so it was set.
Marked speech scores 0.99 or more after every attack but noise at 10 dB (0.66)."""
LEAST_SPEECH_S = 0.25
"""One second cut from speech holds 0.8 s and more; noise, chords and gliding tones none."""
SpeechMeter = Callable[[Signal, float], float]
"""Seconds of speech in a signal of a rate, Hz."""


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


def loudest(sample: Sample, seconds: float) -> Sample:
    """The stretch of the given length with the most energy."""
    length = int(seconds * sample.rate_hz)
    if len(sample.signal) <= length:
        return sample
    energy = np.concatenate([[0.0], np.cumsum(sample.signal.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return Sample(sample.signal[start : start + length], sample.rate_hz)
