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

SPEEDS = tuple(float(x) for x in np.round(1.03 ** np.arange(-8.0, 9.0), 4) if x != 1)
"""From 0.79 to 1.27, or four semitones each way. A mark is read whole within 1.5 % of its speed; a
change of pitch alone counts as one of speed, since the mark does not mind how long it takes."""
STEPS = tuple(1 + 0.01 * np.arange(-3, 4))
HELD = 3  # readings, over two per cent
WORTH_A_LOOK = 0.7
"""A mark holds its score over three per cent of speed. Speech without one is read at so many speeds
that some are high by chance, but these are peaks, which a step of one per cent lowers, or belong
to one sound of it, so that half of the recording does not have them."""
SCAN_S = 8.0  # the loudest stretch; the mark is everywhere, so more only costs time
AS_PLAYED = ((0.5, 0.01), (0.9, 0.5), (0.97, 0.99))
AT_A_SPEED = ((0.9, 0.01), (0.98, 0.5), (0.995, 0.99))
"""(score, chance): how likely a mark is at such a score, marked or not being alike likely. Between
them the log odds are linear; beyond them nothing is said, which so few windows cannot show."""
LEAST_SPEECH_S = 0.5
"""One second cut from speech holds 0.8 s and more; noise, chords and gliding tones none. One vowel,
held for less than this, may score like a mark."""
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
        """Whether the watermark is there, rather than not."""
        return self.judged and probability(self.score, self.speed) > 0.5

    @property
    def probability(self) -> float | None:
        """The chance that it is there, None where there is no speech to judge."""
        return probability(self.score, self.speed) if self.judged else None


def look_for_mark(sample: Sample, marker: Marker, speech_s: SpeechMeter) -> Mark:
    """Scan the loudest stretch, and hear it at the speed that was found: is it speech?"""
    excerpt = loudest(sample, SCAN_S)
    score, speed = scan(excerpt, marker)
    return Mark(score, speed, speech_s(excerpt.signal, excerpt.rate_hz / speed))


def scan(sample: Sample, marker: Marker) -> tuple[float, float]:
    """The watermark's score and the speed at which it is likeliest to be there.

    A recording played at speed s is undone by reading it as if its rate were rate / s. The other
    speeds are tried only if the recording as it is shows nothing; what is high at one is looked at
    again closely, and is worth what it holds there and in either half.
    """
    excerpt = loudest(sample, SCAN_S)

    def score(speed: float) -> float:
        return marker.score(excerpt.signal, excerpt.rate_hz / speed)

    plain = score(1.0)
    if probability(plain, 1.0) > 0.5:
        return plain, 1.0
    coarse = {speed: score(speed) for speed in SPEEDS}
    near = max(coarse, key=lambda speed: coarse[speed])
    if coarse[near] < WORTH_A_LOOK:
        return plain, 1.0
    held, speed = _held(score, near)
    held = min(held, _in_halves(excerpt, marker, speed))
    likelier = probability(held, speed) > probability(plain, 1.0)
    return (held, speed) if likelier else (plain, 1.0)


def _held(score: Callable[[float], float], near: float) -> tuple[float, float]:
    """The score that holds over some two per cent of speed, and the middle of these."""
    speeds = near * np.array(STEPS)
    scores = np.array([score(float(speed)) for speed in speeds])
    held = np.lib.stride_tricks.sliding_window_view(scores, HELD).min(axis=1)
    at = int(np.argmax(held))
    return float(held[at]), float(np.round(speeds[at + HELD // 2], 4))


def _in_halves(excerpt: Sample, marker: Marker, speed: float) -> float:
    """The score of the half that has less of the mark, which is everywhere."""
    halves = np.array_split(excerpt.signal, 2)
    return min(marker.score(half, excerpt.rate_hz / speed) for half in halves)


def probability(score: float, speed: float) -> float:
    """The chance that speech with this score carries the mark, marked or not alike likely.

    A score found at another speed is the highest of many, and so has to be higher.
    """
    scores, chances = zip(*(AS_PLAYED if speed == 1 else AT_A_SPEED), strict=True)
    log_odds = np.interp(score, scores, np.log(chances) - np.log1p(-np.array(chances)))
    return float(1 / (1 + np.exp(-log_odds)))


def loudest(sample: Sample, seconds: float) -> Sample:
    """The stretch of the given length with the most energy."""
    length = int(seconds * sample.rate_hz)
    if len(sample.signal) <= length:
        return sample
    energy = np.concatenate([[0.0], np.cumsum(sample.signal.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return Sample(sample.signal[start : start + length], sample.rate_hz)
