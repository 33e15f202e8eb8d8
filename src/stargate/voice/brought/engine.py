"""What the gate sees of any brought engine: permits, languages, speed, clauses; the rest is theirs.

Libraries that were not written for this print to standard output, look for weights on the
network and leave files behind; `contained` keeps them from all three.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stargate.voice.audio_files import encode
from stargate.voice.draft import NO_DRAFT, Draft
from stargate.voice.engine import Capabilities, Progress, Sample, Utterance
from stargate.voice.permit import Permit, Redeem
from stargate.voice.profile import VoiceProfile
from stargate.voice.signal.spectrum import Signal
from stargate.voice.text.clauses import clauses

RATE_HZ = 24_000
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


class Speaks(Protocol):
    """One maker's engine, adapted."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; known without its package or weights."""
        ...

    def learn(self, sample: Sample) -> VoiceProfile:
        """What has to be kept of a sample."""
        ...

    def say(self, clause: str, utterance: Utterance, profile: VoiceProfile) -> Iterable[Signal]:
        """The clause at 24 kHz, in one piece or several."""
        ...

    def forget(self, profile: VoiceProfile) -> None:
        """Delete what is kept of the voice anywhere but in the profile."""
        ...


class BroughtEngine:
    """An engine of another maker behind the gate."""

    def __init__(self, speaks: Speaks, redeem: Redeem) -> None:
        self._speaks = speaks
        self._redeem = redeem

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self._speaks.capabilities

    def enroll(
        self,
        sample: Sample,
        permit: Permit,
        progress: Progress,
        draft: Draft = NO_DRAFT,  # noqa: ARG002
    ) -> VoiceProfile:
        """Let it listen to the sample."""
        self._redeem(permit, "enroll")
        with contained():
            profile = self._speaks.learn(sample)
        progress("sample heard", 1.0)
        return profile

    def comparisons(self, sample: Sample) -> Mapping[str, VoiceProfile]:  # noqa: ARG002
        """None: it has no recorded voices to set a copy beside."""
        return {}

    def speak(
        self, utterance: Utterance, profile: VoiceProfile, permit: Permit
    ) -> Iterator[Signal]:
        """Clause by clause, each piece as soon as it is made."""
        self._redeem(permit, "speak")
        return self._pieces(utterance, profile)

    def rehearse(self, permit: Permit) -> Iterator[Signal]:
        """It has no voice but those that it learnt; it is loaded when one of them first speaks."""
        self._redeem(permit, "rehearse")
        return iter(())

    def forget(self, profile: VoiceProfile, permit: Permit) -> None:
        """Delete what is kept of the voice elsewhere."""
        self._redeem(permit, "forget")
        self._speaks.forget(profile)

    def _pieces(self, utterance: Utterance, profile: VoiceProfile) -> Iterator[Signal]:
        for clause in clauses(utterance.text):
            with contained():
                pieces = iter(self._speaks.say(clause, utterance, profile))
            while (piece := _next(pieces)) is not None:
                if piece.size:
                    yield piece


def _next(pieces: Iterator[Signal]) -> Signal | None:
    """The next piece; the caller's own output is not touched between two of them."""
    with contained():
        return next(pieces, None)


@contextmanager
def contained() -> Iterator[None]:
    """Standard output is for answers alone, and no hub is asked for weights."""
    for variable in OFFLINE:
        os.environ.setdefault(variable, "1")
    with redirect_stdout(sys.stderr):
        yield


@contextmanager
def as_file(sample: Sample) -> Iterator[Path]:
    """The sample as a 16-bit WAV file that only this user can read, and that is gone afterwards."""
    with TemporaryDirectory(prefix="stargate-") as folder:
        file = Path(folder) / "sample.wav"
        file.write_bytes(encode(sample.signal, sample.rate_hz, "wav"))
        yield file


@contextmanager
def state_file(state: bytes, suffix: str) -> Iterator[Path]:
    """What a library keeps of a voice, as the file that it reads or (if empty) writes."""
    with TemporaryDirectory(prefix="stargate-") as folder:
        file = Path(folder) / f"voice{suffix}"
        if state:
            file.write_bytes(state)
        yield file


def learnt(
    engine: str, sample: Sample, suffix: str, learn: Callable[[Path, Path], object]
) -> VoiceProfile:
    """A profile that holds what a library writes: `learn` is given the recording and the file."""
    with as_file(sample) as recording, state_file(b"", suffix) as file:
        learn(recording, file)
        return VoiceProfile(engine, "zero_shot", state=file.read_bytes())


def flat(sound: object) -> Signal:
    """Whatever array or tensor a library answers with, as one channel of float32."""
    return np.asarray(sound, np.float32).reshape(-1)


def array(tensor: object) -> NDArray[np.float32]:
    """A tensor on any device as an array."""
    cpu = getattr(tensor, "cpu", None)
    return np.asarray(cpu() if callable(cpu) else tensor, np.float32)
