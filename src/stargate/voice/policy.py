"""What a sample must be, whose voice may not be made, and how much a tenant may have.

Every rule is a named check that refuses with the measured value and the limit. Thresholds on
encoder B come from 68 real speakers, half a recording against the other half: equal error 3.3 %
at 0.642; at 0.70 about one stranger in a hundred passes. It is a net, not a proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stargate.voice.engine import Capabilities, Sample, Utterance
from stargate.voice.mark_search import Mark
from stargate.voice.refusals import RefusedError
from stargate.voice.signal.activity import Recording, measure

Embedding = NDArray[np.float32]
DAY_S = 86_400.0
WINDOW_S = 3.0  # of speech, for telling speakers apart within one recording


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits. The defaults are for a person's own machine; a service sets tighter ones."""

    least_speech_s: float = 5.0
    longest_s: float = 60.0
    least_snr_db: float = 12.0
    most_clipped: float = 0.002
    least_self_similarity: float = 0.45
    same_speaker_a: float = 0.75
    same_speaker_b: float = 0.70
    no_go: float = 0.70
    least_mark: float = 0.9
    n_voices: int = 20
    n_characters_per_day: int = 200_000
    n_characters_per_request: int = 4096
    consent_s: float = 365 * DAY_S
    phrase_s: float = 600.0


class Hearing(Protocol):
    """Tells voices apart."""

    def embed(self, sample: Sample) -> Mapping[str, Embedding]:
        """How the voice sounds to each encoder, by the encoder's name: unit vectors."""
        ...


class Ears(Hearing, Protocol):
    """The measures that a policy rests on; `listening` has the real ones."""

    def speech(self, sample: Sample) -> Sample:
        """What of the sample is speech; music and noise are none."""
        ...

    def mark(self, sample: Sample) -> Mark:
        """What is seen of our watermark, as `detect` sees it."""
        ...


def check_sample(sample: Sample, ears: Ears, policy: Policy) -> Recording:
    """Refuse a sample that no voice should be learnt from; what it measures otherwise."""
    _at_most("sample_too_long", "the sample lasts", sample.duration_s, policy.longest_s, "s")
    speech = ears.speech(sample)
    speech_s = speech.duration_s
    _at_least("sample_too_short", "speech in it lasts", speech_s, policy.least_speech_s, "s")
    measured = replace(measure(sample.signal, sample.rate_hz), speech_s=speech_s)
    clipped = measured.clipped_fraction * 100
    _at_most("sample_clipped", "samples cut off make up", clipped, policy.most_clipped * 100, "%")
    _at_least(
        "sample_noisy", "speech is above the noise by", measured.snr_db, policy.least_snr_db, "dB"
    )
    check_no_mark("sample_synthetic", "the sample", ears.mark(sample))
    alike = self_similarity(speech, ears)
    _at_least("two_speakers", "its parts are alike by", alike, policy.least_self_similarity, "")
    return measured


def check_no_mark(rule: str, what: str, mark: Mark) -> None:
    """Refuse what this program made: speech in which its watermark is found, at any speed."""
    if mark.found:
        raise RefusedError(
            rule, f"{what} is synthetic: this program's watermark scores {mark.score:.2f} in it"
        )


def self_similarity(speech: Sample, ears: Hearing) -> float:
    """The least cosine (encoder B) between any two windows of the speech."""
    length = int(WINDOW_S * speech.rate_hz)
    starts = range(0, max(1, len(speech.signal) - length + 1), length)
    windows = [Sample(speech.signal[start : start + length], speech.rate_hz) for start in starts]
    vectors = np.stack([ears.embed(window)["b"] for window in windows])
    return float((vectors @ vectors.T).min())


def check_same_speaker(
    one: Mapping[str, Embedding], other: Mapping[str, Embedding], policy: Policy
) -> dict[str, float]:
    """Refuse unless both encoders hear one person; the two cosines otherwise."""
    cosines = {name: float(one[name] @ other[name]) for name in ("a", "b")}
    limits = {"a": policy.same_speaker_a, "b": policy.same_speaker_b}
    for name, cosine in cosines.items():
        _at_least("another_speaker", f"encoder {name.upper()} hears", cosine, limits[name], "")
    return cosines


def check_no_go(voice: Embedding, forbidden: Sequence[Embedding], policy: Policy) -> None:
    """Refuse a voice that is near one that must not be made, without saying which."""
    nearest = max((float(voice @ other) for other in forbidden), default=-1.0)
    if nearest >= policy.no_go:
        raise RefusedError("no_go_voice", "this voice is too like one that must not be made")


def check_utterance(utterance: Utterance, able: Capabilities) -> None:
    """Refuse what the engine cannot say, rather than let it say something else."""
    if not able.speaks(utterance.language):
        known = ", ".join(able.languages)
        raise RefusedError(
            "unknown_language",
            f"{able.engine} does not speak {utterance.language}; it speaks {known}",
        )
    if utterance.speed != 1 and not able.any_speed:
        raise RefusedError("own_speed_only", f"{able.engine} speaks at its own speed alone")


def check_allowance(rule: str, what: str, used: int, more: int, limit: int) -> None:
    """Refuse what would exceed a tenant's limit."""
    if used + more > limit:
        raise RefusedError(rule, f"{what}: {used} used, {more} asked, {limit} allowed")


def _at_least(rule: str, what: str, value: float, limit: float, unit: str) -> None:
    if not value >= limit:
        raise RefusedError(
            rule, f"{what} {_said(value, unit)}; at least {_said(limit, unit)} is needed"
        )


def _at_most(rule: str, what: str, value: float, limit: float, unit: str) -> None:
    if not value <= limit:
        raise RefusedError(
            rule, f"{what} {_said(value, unit)}; at most {_said(limit, unit)} is allowed"
        )


def _said(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".strip()
