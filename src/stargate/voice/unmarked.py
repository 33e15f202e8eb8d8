"""Sound that carries no mark, many windows of it: how often is the detector wrong?

A person (the LibriVox reader), the recorded voices of Kokoro where its weights are there, the
voices of espeak-ng, each window as it is and once attacked (noise and codecs may look like a
mark too); and sounds that are no speech at all. What is not here: the many people, microphones
and rooms of the world.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

from stargate.voice.assets import BLEND, Assets
from stargate.voice.audio_files import decode
from stargate.voice.engine import Sample, Utterance
from stargate.voice.signal.spectrum import Signal
from stargate.voice.speakers import READING, librivox_takes

if TYPE_CHECKING:
    from stargate.voice.survival import Attack

WINDOW_S = 3.0
CONFIDENCE = 0.95
ESPEAK = tuple(
    f"{accent}+{variant}"
    for accent, variants in {
        "en-us": ("m1", "m2", "m3", "m5", "m7", "f1", "f2", "f3", "f4", "f5"),
        "en-gb": ("m4", "m6", "f2", "f4", "croak", "klatt2"),
        "en-gb-scotland": ("m2", "f3"),
        "en-gb-x-rp": ("m3", "f1"),
    }.items()
    for variant in variants
)
RATE_HZ = 24_000
N_SOUNDS = 12  # windows of each kind of sound that is no speech


def windows(sample: Sample) -> Iterator[Sample]:
    """The sample in windows of three seconds that do not overlap; a short rest is left out."""
    length = int(WINDOW_S * sample.rate_hz)
    for start in range(0, len(sample.signal) - length + 1, length):
        yield Sample(sample.signal[start : start + length], sample.rate_hz)


def speech(assets: Assets) -> Iterator[tuple[str, Sample]]:
    """(whose, window) of everyone who can be heard on this machine."""
    takes = librivox_takes()
    whole = Sample(np.concatenate([take.signal for take in takes]), takes[0].rate_hz)
    yield from (("LibriVox reader", window) for window in windows(whole))
    for kind, spoken in (*_recorded(assets), *_espeak()):
        yield from ((kind, window) for window in windows(spoken))


def attacked(
    sources: Sequence[tuple[str, Sample]], attacks: Mapping[str, Attack]
) -> Iterator[tuple[str, Sample]]:
    """Each window once more, after one of the attacks, in turn."""
    for (whose, window), attack in zip(sources, cycle(attacks.values()), strict=False):
        signal = attack(window.signal, window.rate_hz)
        yield f"{whose}, attacked", Sample(signal, window.rate_hz)


def sounds() -> Iterator[tuple[str, Sample]]:
    """White and brown noise, chords, and gliding tones."""
    rng = np.random.default_rng(0)
    time = np.arange(int(WINDOW_S * RATE_HZ)) / RATE_HZ
    makers: dict[str, Callable[[], np.ndarray]] = {
        "white noise": lambda: rng.standard_normal(len(time)),
        "brown noise": lambda: np.cumsum(rng.standard_normal(len(time))),
        "chords": lambda: _chords(rng, time),
        "glides": lambda: np.sin(2 * np.pi * np.cumsum(_glide(rng, time)) / RATE_HZ),
    }
    for kind, make in makers.items():
        for _ in range(N_SOUNDS):
            sound = make()
            yield kind, Sample(_level(sound), RATE_HZ)


def upper_bound(n_alarms: int, n_windows: int) -> float:
    """The largest rate of alarms that the count does not rule out (Clopper and Pearson, 1934).

    The one-sided bound at 95 %: the p at which so few alarms or fewer have a chance of 5 %.
    Windows count as independent, which those of one speaker are not quite.
    """
    if n_alarms >= n_windows:
        return 1.0
    return float(betaincinv(n_alarms + 1, n_windows - n_alarms, CONFIDENCE))


def _recorded(assets: Assets) -> Iterator[tuple[str, Sample]]:
    if assets.lacks(BLEND):
        return
    from stargate.voice.kokoro.engine import KokoroEngine
    from stargate.voice.permit import PermitOffice

    office = PermitOffice()
    engine = KokoroEngine(assets, office.redeem)
    for i, name in enumerate(engine.voices):
        said = " ".join(READING[(i + k) % len(READING)] for k in range(3))
        pieces = engine.speak(Utterance(said), engine.stock(name), office.issue("speak"))
        yield "recorded voices", Sample(np.concatenate(list(pieces)), RATE_HZ)


def _espeak() -> Iterator[tuple[str, Sample]]:
    program = shutil.which("espeak-ng")
    if program is None:
        return
    for i, name in enumerate(ESPEAK):
        said = " ".join(READING[(i + k) % len(READING)] for k in range(3))
        done = subprocess.run(
            [program, "--stdout", "-v", name, "--", said], capture_output=True, check=True
        )
        yield "espeak-ng", Sample(*decode(done.stdout))


def _chords(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Four chords of three notes with six harmonics each."""
    notes_hz = 110 * 2 ** (rng.integers(0, 36, (4, 3)) / 12)
    parts = zip(np.array_split(time, 4), notes_hz, strict=True)
    return np.concatenate(
        [
            sum(np.sin(2 * np.pi * hz * k * part) / k for hz in chord for k in range(1, 7))
            for part, chord in parts
        ]
    )


def _glide(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    low_hz, high_hz = np.sort(rng.uniform(80, 3000, 2))
    return low_hz + (high_hz - low_hz) * (
        0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.2, 2) * time)
    )


def _level(sound: np.ndarray) -> Signal:
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)
