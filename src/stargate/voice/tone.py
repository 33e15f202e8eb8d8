"""The engine `tone`: hums one note a syllable, at the pitch of the person. It has no weights.

It says nothing and imitates no one, but it takes the same way through the gate as a real voice:
for trials of consents, keys, quotas, players and pipelines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from stargate.voice.draft import NO_DRAFT, Draft
from stargate.voice.engine import Capabilities, Progress, Sample, Utterance
from stargate.voice.permit import Permit, Redeem
from stargate.voice.profile import VoiceProfile
from stargate.voice.signal.pitch import median_pitch_hz
from stargate.voice.signal.spectrum import Signal
from stargate.voice.text.clauses import clauses
from stargate.voice.text.normalise import normalise

RATE_HZ = 24_000
SYLLABLE_S = 0.2
HARMONICS = np.arange(1, 13)
BREATH = 0.04  # of noise: a watermark needs more to hide in than bare harmonics
STEPS = (0, 2, 4, 2, -1, 0, 3, 1)  # semitones: a tune, so that a listener hears it go on


class ToneEngine:
    """A hum in place of a voice."""

    def __init__(self, redeem: Redeem) -> None:
        self._redeem = redeem

    @property
    def capabilities(self) -> Capabilities:
        """It clones nothing and needs nothing."""
        return Capabilities("tone", "none", ("en-US",), RATE_HZ, True, "no weights", True)

    def enroll(
        self,
        sample: Sample,
        permit: Permit,
        progress: Progress,
        draft: Draft = NO_DRAFT,  # noqa: ARG002
    ) -> VoiceProfile:
        """Keep the pitch of the sample."""
        self._redeem(permit, "enroll")
        pitch_hz = np.array([median_pitch_hz(sample.at(RATE_HZ), RATE_HZ)], np.float32)
        progress("pitch measured", 1.0)
        return VoiceProfile("tone", "tone", {"pitch_hz": pitch_hz})

    def comparisons(self, sample: Sample) -> Mapping[str, VoiceProfile]:  # noqa: ARG002
        """None: a hum is a copy of no one."""
        return {}

    def speak(
        self, utterance: Utterance, profile: VoiceProfile, permit: Permit
    ) -> Iterator[Signal]:
        """One note a syllable, clause by clause."""
        self._redeem(permit, "speak")
        return self._hum(utterance, float(profile.arrays["pitch_hz"][0]))

    def rehearse(self, permit: Permit) -> Iterator[Signal]:
        """There is nothing to load."""
        self._redeem(permit, "rehearse")
        return iter(())

    def forget(self, profile: VoiceProfile, permit: Permit) -> None:  # noqa: ARG002
        """Nothing is kept but the profile."""
        self._redeem(permit, "forget")

    def _hum(self, utterance: Utterance, pitch_hz: float) -> Iterator[Signal]:
        for clause in clauses(utterance.text):
            n_syllables = max(1, len(re.findall(r"[aeiouy]+", normalise(clause).lower())))
            yield np.concatenate([_note(pitch_hz, i, utterance.speed) for i in range(n_syllables)])


def _note(pitch_hz: float, index: int, speed: float) -> Signal:
    """Twelve harmonics and some breath that swell and fade."""
    time = np.arange(int(SYLLABLE_S / speed * RATE_HZ)) / RATE_HZ
    frequency_hz = pitch_hz * 2 ** (STEPS[index % len(STEPS)] / 12)
    phase = 2 * np.pi * frequency_hz * time[:, None] * HARMONICS
    envelope = np.sin(np.linspace(0, np.pi, len(time)))
    hum = (np.sin(phase) / HARMONICS).sum(axis=1)
    breath = BREATH * np.random.default_rng(index).standard_normal(len(time))
    return (0.2 * (hum + breath) * envelope).astype(np.float32)
