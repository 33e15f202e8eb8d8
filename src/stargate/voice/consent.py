"""Consent: a person says aloud that they agree, in words no recording of them can hold already.

A phrase names the speaker, the purpose and four random words. It is given out once, must be
answered within minutes, and is used up by one answer, right or wrong. Speech recognition checks
the words; the voice is later matched to the sample by two encoders, so that one person cannot
agree for another; a watermark in the answer betrays a voice of our own making.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Protocol

from stargate.voice.refusals import RefusedError
from stargate.voice.signal.spectrum import Signal

N_NONCE_WORDS = 4
LARGEST_WORD_ERROR_RATE = 0.15
SAME_WORD = 0.85  # of letters in order
SAME_NAME = 0.6  # of letters in order: recognition spells names in its own way
SENTENCE = (
    "I am {speaker}. I agree that a synthetic copy of my voice may be made and used for {purpose}. "
    "My words today are {nonce}."
)


class Recogniser(Protocol):
    """Speech to words."""

    def words(self, signal: Signal, rate_hz: int) -> list[str]:
        """Plain lower-case words of a recording."""
        ...


@cache
def nonce_words() -> tuple[str, ...]:
    """The words that a nonce is drawn from."""
    text = files("stargate.voice.data").joinpath("consent_words.json").read_text("utf-8")
    return tuple(json.loads(text)["words"])


def new_nonce() -> list[str]:
    """Four different words, one of some 180 million sequences."""
    return secrets.SystemRandom().sample(nonce_words(), N_NONCE_WORDS)


def phrase(speaker: str, purpose: str, nonce: Sequence[str]) -> str:
    """What the person has to say."""
    return SENTENCE.format(speaker=speaker, purpose=purpose, nonce=", ".join(nonce))


def check_words(expected: str, speaker: str, heard: list[str]) -> float:
    """Refuse an answer that is not the phrase; its word error rate otherwise.

    As a whole it may differ by 15 % (recognition errs, people stumble); the random words must
    all be there, in order, and the name must be recognisable.
    """
    from stargate.voice.recogniser import plain_words, word_errors

    wanted = plain_words(expected)
    rate = word_errors(wanted, heard) / len(wanted)
    said = " ".join(heard)
    if rate > LARGEST_WORD_ERROR_RATE:
        raise RefusedError("wrong_phrase", f"the phrase was not said: heard `{said}`")
    if not all(map(_alike, wanted[-N_NONCE_WORDS:], heard[-N_NONCE_WORDS:])):
        raise RefusedError("wrong_nonce", f"the random words were not said: heard `{said}`")
    if not _names(speaker, heard):
        raise RefusedError("wrong_name", f"the name {speaker} was not said: heard `{said}`")
    return rate


def _alike(word: str, heard: str) -> bool:
    """Whether a random word was recognised but for an ending, as `wagons` for `wagon`.

    No two words of the list are alike in this sense, so none passes for another.
    """
    return SequenceMatcher(None, word, heard).ratio() >= SAME_WORD


def _names(speaker: str, heard: list[str]) -> bool:
    """Whether the beginning holds the name, near enough in letters."""
    from stargate.voice.recogniser import plain_words

    name = "".join(plain_words(speaker))
    n_words = len(plain_words(speaker))
    starts = range(min(len(heard), n_words + 3))
    spans = ["".join(heard[i : i + n]) for i in starts for n in range(1, n_words + 2)]
    return any(SequenceMatcher(None, name, span).ratio() >= SAME_NAME for span in spans)
