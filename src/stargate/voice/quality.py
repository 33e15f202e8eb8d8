"""How good a copy is: measured by an encoder the tuning never saw, on speech it never heard.

A copy is set beside a generic voice, the nearest recorded voice and the same person for real, and
put into words from a fixed scale. No word on it means identical.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stargate.voice.consent import Recogniser
from stargate.voice.engine import Sample
from stargate.voice.policy import Embedding, Hearing
from stargate.voice.recogniser import plain_words, word_errors
from stargate.voice.signal.spectrum import Signal

SENTENCES = (
    "The birch canoe slid on the smooth planks, and glue the sheet to the dark blue background.",
    "It is easy to tell the depth of a well, but these days a chicken leg is a rare dish.",
    "Rice is often served in round bowls. The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us. A large size in stockings is hard to sell.",
)
"""Harvard sentences (IEEE, 1969), none of which is used in tuning."""

# Encoder B on 68 real speakers, half a recording against the other half (about 3.5 s each):
# the cosine that this share of pairs stays below.
STRANGERS = ((0.344, 0.50), (0.642, 0.967), (0.696, 0.99), (0.779, 0.999))
SAME_SPEAKER = ((0.642, 0.033), (0.779, 0.26), (0.815, 0.50))
WORDS = (
    (0.50, "not similar"),
    (0.642, "a similar type of voice"),
    (0.779, "recognisable; a lenient voice check would accept it"),
    (1.01, "close; a strict voice check may accept it"),
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one voice was measured to be. `wer` and `opinion` are None where no tool was there.

    `rtf` is processor time over the length of the speech, so that other work on the machine does
    not count; `rtf_wall` is the time that passed.
    """

    cosine: float
    wer: float | None
    opinion: float | None
    rtf: float
    rtf_wall: float


@dataclass(frozen=True, slots=True)
class Tools:
    """What measures."""

    ears: Hearing
    recogniser: Recogniser | None
    opinion: Callable[[Signal, int], float] | None


def assess(
    speak: Callable[[str], Signal],
    rate_hz: int,
    held_out: Embedding,
    tools: Tools,
    sentences: Sequence[str] = SENTENCES,
) -> Spoken:
    """Let a voice say the sentences and measure what comes out."""
    started_s, cpu_s = time.perf_counter(), time.process_time()
    clips = [speak(sentence) for sentence in sentences]
    took_s, cpu_took_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    whole = np.concatenate(clips)
    duration_s = len(whole) / rate_hz
    return Spoken(
        cosine=float(tools.ears.embed(Sample(whole, rate_hz))["b"] @ held_out),
        wer=word_error_rate(clips, sentences, rate_hz, tools.recogniser),
        opinion=mean_opinion(clips, rate_hz, tools.opinion),
        rtf=cpu_took_s / duration_s,
        rtf_wall=took_s / duration_s,
    )


def word_error_rate(
    clips: Sequence[Signal], sentences: Sequence[str], rate_hz: int, recogniser: Recogniser | None
) -> float | None:
    """Word errors over all sentences as a share of their words."""
    if recogniser is None:
        return None
    wanted = [plain_words(sentence) for sentence in sentences]
    heard = [recogniser.words(clip, rate_hz) for clip in clips]
    errors = sum(word_errors(w, h) for w, h in zip(wanted, heard, strict=True))
    return errors / sum(map(len, wanted))


def mean_opinion(
    clips: Sequence[Signal], rate_hz: int, opinion: Callable[[Signal, int], float] | None
) -> float | None:
    """The mean predicted opinion of the clips."""
    return None if opinion is None else float(np.mean([opinion(clip, rate_hz) for clip in clips]))


def in_words(cosine: float) -> str:
    """The place of a cosine of encoder B on the fixed scale."""
    return next(words for limit, words in WORDS if cosine < limit)


def share_below(cosine: float, distribution: Sequence[tuple[float, float]]) -> float:
    """The share of pairs in a distribution that score lower, between its known points."""
    cosines, shares = zip((-0.3, 0.0), *distribution, (1.0, 1.0), strict=True)
    return float(np.interp(cosine, cosines, shares))


def summary(measured: Mapping[str, Spoken], copy: str, real: float) -> dict[str, object]:
    """The report that is kept with a voice: the copy, and what it is set beside."""
    best = measured[copy]
    return {
        "cosine": {**{name: spoken.cosine for name, spoken in measured.items()}, "real": real},
        "in_words": in_words(best.cosine),
        "above_share_of_strangers": share_below(best.cosine, STRANGERS),
        "above_share_of_same_speaker_pairs": share_below(best.cosine, SAME_SPEAKER),
        "wer": best.wer,
        "opinion": best.opinion,
        "rtf": best.rtf,
        "judge": "encoder B, which the tuning never sees, on speech that it never heard",
        "not_measured": "no person has listened; accent and manner of speaking are hardly copied",
    }
