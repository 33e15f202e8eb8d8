"""What every engine is to the gate: it says what it can do, learns a voice, and speaks.

Engines are reached through the gate alone. Each call carries a permit that only a gate's office
issues and that works once; see `permit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from stargate.voice.draft import NO_DRAFT, Draft
from stargate.voice.permit import Permit
from stargate.voice.profile import VoiceProfile
from stargate.voice.signal.spectrum import Signal, resample

Progress = Callable[[str, float], None]
"""Called with what is being done and how far it is, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording of one person, mono; `transcript` is what is said in it, where that is known."""

    signal: Signal
    rate_hz: int
    transcript: str = ""

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self.signal) / self.rate_hz

    def at(self, rate_hz: int) -> Signal:
        """The signal at another sampling rate."""
        return resample(self.signal, self.rate_hz, rate_hz)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, and under which terms.

    `languages` are BCP 47 tags, or `*` where they are not known; one without a region stands for
    all of its regions. `keeps_sample`: its profiles hold the recording itself.
    """

    engine: str
    cloning: str  # none | tuned | zero_shot
    languages: tuple[str, ...]
    rate_hz: int
    streaming: bool
    weights_licence: str
    commercial_use: bool
    any_speed: bool = True
    keeps_sample: bool = False

    def speaks(self, language: str) -> bool:
        """Whether it speaks a language."""
        return bool({language.lower(), language.lower().split("-")[0], "*"} & self._known)

    @property
    def _known(self) -> set[str]:
        return {language.lower() for language in self.languages}


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is to be said, and how."""

    text: str
    language: str = "en-US"
    speed: float = 1.0


class Engine(Protocol):
    """A way to make a voice speak."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def enroll(
        self, sample: Sample, permit: Permit, progress: Progress, draft: Draft = NO_DRAFT
    ) -> VoiceProfile:
        """Learn the voice of a sample, going on from the draft where that takes long."""
        ...

    def comparisons(self, sample: Sample) -> Mapping[str, VoiceProfile]:
        """Voices that a copy of the sample is set beside; none if the engine copies nothing."""
        ...

    def speak(
        self, utterance: Utterance, profile: VoiceProfile, permit: Permit
    ) -> Iterator[Signal]:
        """Say the text piece by piece, so that the first sound comes early."""
        ...

    def rehearse(self, permit: Permit) -> Iterator[Signal]:
        """Load what speaking takes and say a word in no person's voice, if it has such a voice."""
        ...

    def forget(self, profile: VoiceProfile, permit: Permit) -> None:
        """Delete what is kept of the voice anywhere but in the profile."""
        ...
