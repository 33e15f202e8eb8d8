"""Whom an evaluation listens to: people's recordings, each parted into two that never mix.

About two thirds of what a speaker said (at most 15 s) is enrolled from; the rest is held out. A
speaker is a sound file, or a folder of them; `take.txt` beside `take.wav` is what was said in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stargate.voice.audio_files import read_file
from stargate.voice.engine import Sample
from stargate.voice.refusals import MissingError

LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")
LIBRIVOX_ENROLLED, LIBRIVOX_HELD_OUT = ("0870", "0880", "0890"), ("0920", "0930")
ENROLLED_SHARE = 0.67
LONGEST_ENROLLED_S = 15.0
SUFFIXES = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"}
READING = (
    "The fruit peel was cut in thick slices.",
    "The source of the huge river is the clear spring.",
    "Kick the ball straight and follow through.",
    "Help the woman get back to her feet.",
    "A pot of tea helps to pass the evening.",
    "The soft cushion broke the man's fall.",
    "The salt breeze came across from the sea.",
    "The girl at the booth sold fifty bonds.",
)
"""What a recorded voice reads in the place of a person: Harvard sentences used nowhere else."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person's speech, parted into what is enrolled from and what is held out.

    `recorded_voice` names the recorded voice of the engine that this speaker is, if it is one: it
    is then left out of those that the engine may build on.
    """

    name: str
    enrolled: Sample
    held_out: Sample
    recorded_voice: str | None = None


def librivox_reader() -> Speaker:
    """The public-domain reader of Debian's pocketsphinx-testdata, 24.7 s in five files."""
    enrolled, held_out = (
        _joined(librivox_takes(t)) for t in (LIBRIVOX_ENROLLED, LIBRIVOX_HELD_OUT)
    )
    return Speaker("librivox", enrolled, held_out)


def librivox_takes(takes: Sequence[str] = LIBRIVOX_ENROLLED + LIBRIVOX_HELD_OUT) -> list[Sample]:
    """Takes of that reader, each a sentence."""
    if not LIBRIVOX.is_dir():
        raise MissingError(
            "the LibriVox reader of the Debian package pocketsphinx-testdata is not installed"
        )
    lines = (LIBRIVOX / "transcription").read_text("utf-8").splitlines()
    said = {line.rpartition("-")[2].rstrip(")"): line for line in lines}
    return [
        Sample(
            *read_file(next(LIBRIVOX.glob(f"*-{take}.wav"))),
            said[take].partition("<s>")[2].partition("</s>")[0].strip(),
        )
        for take in takes
    ]


def recorded_voice(name: str, say: Callable[[str], Sample]) -> Speaker:
    """One of the engine's recorded voices in the place of a person, who reads sentences."""
    takes = [replace(say(text), transcript=text) for text in READING]
    enrolled, held_out = _parted(takes)
    return Speaker(name, enrolled, held_out, name)


def speakers_in(folder: Path) -> list[Speaker]:
    """One speaker a file, or one a folder of files."""
    return [Speaker(path.stem, *_parted(_takes(path))) for path in _places(folder)]


def spoken_in(folder: Path) -> Iterator[tuple[str, Sample]]:
    """(name, everything that was said, one take after the other) of each speaker of a folder."""
    return ((path.stem, _joined(_takes(path))) for path in _places(folder))


def _places(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.iterdir()) if path.is_dir() or _is_sound(path)]
    if not found:
        raise MissingError(f"{folder} holds no sound files and no folders of them")
    return found


def _takes(path: Path) -> list[Sample]:
    files = sorted(filter(_is_sound, path.iterdir())) if path.is_dir() else [path]
    if not files:
        raise MissingError(f"{path} holds no sound files")
    return [Sample(*read_file(file), _transcript(file)) for file in files]


def _transcript(file: Path) -> str:
    beside = file.with_suffix(".txt")
    return beside.read_text("utf-8").strip() if beside.is_file() else ""


def _parted(takes: Sequence[Sample]) -> tuple[Sample, Sample]:
    """(enrolled, held out): by takes where there are several, else one take is cut."""
    if len(takes) == 1:
        (whole,) = takes
        cut = int(len(whole.signal) * ENROLLED_SHARE)
        parts = whole.signal[:cut], whole.signal[cut:]
        enrolled, held_out = (Sample(part, whole.rate_hz) for part in parts)
    else:
        ends_s = np.cumsum([take.duration_s for take in takes])
        n = int(np.clip(np.sum(ends_s <= ENROLLED_SHARE * ends_s[-1]), 1, len(takes) - 1))
        enrolled, held_out = _joined(takes[:n]), _joined(takes[n:])
    longest = int(LONGEST_ENROLLED_S * enrolled.rate_hz)
    return Sample(enrolled.signal[:longest], enrolled.rate_hz), held_out


def _joined(samples: Sequence[Sample]) -> Sample:
    """One after the other, at the first one's rate; what is said if all of them tell."""
    rate_hz = samples[0].rate_hz
    said = [sample.transcript for sample in samples]
    signal = np.concatenate([sample.at(rate_hz) for sample in samples])
    return Sample(signal, rate_hz, " ".join(said) if all(said) else "")


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES
