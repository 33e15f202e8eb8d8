"""Sound that carries no mark, many windows of it: how often is the detector wrong?

None of these windows had a part in setting the threshold, which was chosen on other sentences,
people and espeak-ng voices. People (pocketsphinx' test recordings) after every attack; the recorded
voices of Kokoro where its weights are there, and voices of espeak-ng, each window as it is and
once attacked (noise and codecs may look like a mark too); and sounds that are no speech at all.
What is not here: the many people, microphones and rooms of the world.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

from stargate.voice.assets import BLEND, Assets
from stargate.voice.audio_files import decode, read_file
from stargate.voice.engine import Sample, Utterance
from stargate.voice.signal.spectrum import Signal
from stargate.voice.speakers import LIBRIVOX

if TYPE_CHECKING:
    from stargate.voice.survival import Attack

WINDOW_S = 3.0
CONFIDENCE = 0.95
ESPEAK = tuple(
    f"{accent}+{variant}"
    for accent, variants in {
        "en-us": ("adam", "Alex", "Alicia", "Andy", "belinda", "david", "Gene", "linda", "m8"),
        "en-us-nyc": ("Annie", "benjamin", "edward", "Jacky"),
        "en-gb": ("Andrea", "boris", "Lee", "Michael", "rob", "steph", "klatt4"),
        "en-gb-x-gbclan": ("anika", "john", "victor", "grandma"),
        "en-gb-x-gbcwmd": ("aunty", "max", "shelby", "grandpa"),
        "en-029": ("Denis", "zac"),
    }.items()
    for variant in variants
)
SENTENCES = (
    "The young kid jumped the rusty gate.",
    "Guess the results from the first scores.",
    "A salt pickle tastes fine with ham.",
    "The just claim got the right verdict.",
    "These thistles bend in a high wind.",
    "Pure bred poodles have curls.",
    "The tree top waved in a graceful way.",
    "Mud was spattered on the front of his white shirt.",
    "The cigar burned a hole in the desk top.",
    "The empty flask stood on the tin tray.",
    "A speedy man can beat this track mark.",
)
"""Harvard sentences read nowhere else; three of them take six to eight seconds."""
PEOPLE = {"cards": ("cards/*.wav",), "numbers and commands": ("*.raw", "tidigits/*.raw")}
"""Other recordings of the Debian package pocketsphinx-testdata; the raw ones are 16 bit, 16 kHz."""
RAW_RATE_HZ = 16_000
EVERY = 3  # of the recorded voices, which take longer to speak than to be scored
RATE_HZ = 24_000
N_SOUNDS = 12  # windows of each kind of sound that is no speech


def windows(sample: Sample) -> Iterator[Sample]:
    """The sample in windows of three seconds that do not overlap; a short rest is left out."""
    length = int(WINDOW_S * sample.rate_hz)
    for start in range(0, len(sample.signal) - length + 1, length):
        yield Sample(sample.signal[start : start + length], sample.rate_hz)


def people() -> Iterator[tuple[str, Sample]]:
    """(whose, window) of recordings of people that are on this machine."""
    folder = LIBRIVOX.parent
    for kind, patterns in PEOPLE.items():
        files = [file for pattern in patterns for file in sorted(folder.glob(pattern))]
        if files:
            whole = np.concatenate([_read(file) for file in files])
            yield from ((kind, window) for window in windows(Sample(whole, RAW_RATE_HZ)))


def machines(assets: Assets) -> Iterator[tuple[str, Sample]]:
    """(whose, window) of every synthetic voice that can be heard on this machine."""
    for kind, spoken in (*_recorded(assets), *_espeak()):
        yield from ((kind, window) for window in windows(spoken))


def speech(assets: Assets, attacks: Mapping[str, Attack]) -> Iterator[tuple[str, Sample]]:
    """People after every attack; machines as they are, and once more after one, in turn."""
    spoken = list(machines(assets))
    for whose, window in people():
        for attack in attacks.values():
            yield whose, attacked(window, attack)
    yield from spoken
    for (whose, window), attack in zip(spoken, cycle(attacks.values()), strict=False):
        yield f"{whose}, attacked", attacked(window, attack)


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


def attacked(window: Sample, attack: Attack) -> Sample:
    """The window after an attack."""
    return Sample(attack(window.signal, window.rate_hz), window.rate_hz)


def _read(file: Path) -> Signal:
    """A recording at 16 kHz."""
    if file.suffix == ".raw":
        return np.fromfile(file, "<i2").astype(np.float32) / np.float32(2**15)
    return Sample(*read_file(file)).at(RAW_RATE_HZ)


def _recorded(assets: Assets) -> Iterator[tuple[str, Sample]]:
    if assets.lacks(BLEND):
        return
    from stargate.voice.kokoro.engine import KokoroEngine
    from stargate.voice.permit import PermitOffice

    office = PermitOffice()
    engine = KokoroEngine(assets, office.redeem)
    for i, name in enumerate(engine.voices[::EVERY]):
        said = _reading(i)
        pieces = engine.speak(Utterance(said), engine.stock(name), office.issue("speak"))
        yield "recorded voices", Sample(np.concatenate(list(pieces)), RATE_HZ)


def _reading(i: int) -> str:
    return " ".join(SENTENCES[(i + k) % len(SENTENCES)] for k in range(3))


def _espeak() -> Iterator[tuple[str, Sample]]:
    program = shutil.which("espeak-ng")
    if program is None:
        return
    for i, name in enumerate(ESPEAK):
        said = _reading(i)
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
